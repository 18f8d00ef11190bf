package ruletest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/model/rulefmt"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

// proof is a test file with the groups that it loads.
type proof struct {
	file   testfile.File
	groups []rulefmt.RuleGroup
}

// shipped reads the tests that the site in this repository generates.
func shipped(tb testing.TB) []proof {
	tb.Helper()
	paths, err := filepath.Glob("../../../generated/prometheus/tests/*.yml")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no generated tests: %v", err)
	}
	var out []proof
	for _, path := range paths {
		file, err := testfile.Read(path)
		if err != nil {
			tb.Fatal(err)
		}
		p := proof{file: file}
		loads, err := file.Loads()
		if err != nil {
			tb.Fatal(err)
		}
		for _, load := range loads {
			data, err := os.ReadFile(load)
			if err != nil {
				tb.Fatal(err)
			}
			var parsed rulefmt.RuleGroups
			if err := yaml.Unmarshal(data, &parsed); err != nil {
				tb.Fatal(err)
			}
			p.groups = append(p.groups, parsed.Groups...)
		}
		out = append(out, p)
	}
	return out
}

// BenchmarkShipped loads and runs every shipped test once.
func BenchmarkShipped(b *testing.B) {
	proofs := shipped(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range proofs {
			suites, err := ruletest.Load(p.file)
			if err != nil {
				b.Fatal(err)
			}
			for _, s := range suites {
				if f := s.Run(p.groups, nil); f != nil {
					b.Fatal(f)
				}
			}
		}
	}
}
