package checker

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// A file and the memory must have the same metrics after the same runs.
func TestMemoryMatchesFile(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	m := memory{namespace: f.Namespace}
	for _, r := range [][]Result{
		{result("A", time.Second, "a1=fail:broken"), result("B", 0, "b1=pass")},
		{result("A", 0, "a1=pass"), result("B", 0, "b1=skip")},
		{result("A", 0, "a1=pass"), result("B", 0, "b1=warn:broken")},
	} {
		f.write("paper", r...)
		if _, err := m.add("paper", f.Specs, Report{Started: start, Duration: 20 * time.Millisecond, Real: true, Results: r}); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	families, err := prometheus.Gatherers{&m}.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&b, family); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	sorted := func(text []byte) []string { return slices.Sorted(strings.Lines(string(text))) }
	if d := cmp.Diff(sorted(file), sorted(b.Bytes())); d != "" {
		t.Errorf("(-file +memory):\n%s", d)
	}
}
