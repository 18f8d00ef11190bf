package checker

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"

	"github.com/alertnative/preflight/checker/spec"
)

// written returns a file of two environments.
func written(tb testing.TB) []byte {
	tb.Helper()
	specs := []spec.Spec{{Name: "A \"quoted\" \\ name", Reasons: []spec.Reason{{Name: "broken"}}}}
	file := Textfile{Path: filepath.Join(tb.TempDir(), "p.prom"), Namespace: "app", Specs: specs}
	for _, env := range []string{"paper", "live"} {
		report := Report{Started: start, Duration: time.Second / 3, Real: true, Results: []Result{result("A \"quoted\" \\ name", time.Millisecond, "a1=fail:broken")}}
		if _, err := file.Write(tb.Context(), env, report); err != nil {
			tb.Fatal(err)
		}
	}
	data, err := os.ReadFile(file.Path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// same fails if the plain parser reads a text in another way than the library.
func same(t *testing.T, data []byte) (known bool) {
	t.Helper()
	got, ok := parsePlain(data)
	if !ok {
		return false
	}
	want, err := parseAny(data)
	if err != nil {
		t.Fatalf("%q is accepted, and the library refuses it: %v", data, err)
	}
	if len(got) != len(want) {
		t.Errorf("%d families, want %d, in %q", len(got), len(want), data)
	}
	for name, family := range want {
		if !proto.Equal(got[name], family) {
			t.Errorf("%s: %v, want %v, in %q", name, got[name], family, data)
		}
	}
	return true
}

func TestPlainReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	data := written(t)
	if !same(t, data) {
		t.Errorf("the plain parser does not know the file:\n%s", data)
	}
	families, _ := parsePlain(data)
	var again bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&again, f); err != nil {
			t.Fatal(err)
		}
	}
	if again.Len() != len(data) {
		t.Errorf("written again, the file has %d bytes, not %d", again.Len(), len(data))
	}
}

func FuzzPlain(f *testing.F) {
	f.Add(written(f))
	for _, seed := range []string{
		"# HELP a b\n# TYPE a counter\na 1\n", "# TYPE a gauge\na{b=\"c\"} -1e+06\n", "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 3\na_count 2\n",
		"# TYPE a histogram\na_bucket{le=\"NaN\"} 1\n", "# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n", "# TYPE a gauge\na{b=\"c\"} 1 2\n", "# TYPE a gauge\na{b=\"c\",} 1\n",
		"# TYPE a gauge\n", "# TYPE a gauge\na NaN\n", "# HELP a \\\\ \\n\n# TYPE a gauge\na 1\n", "# TYPE a_count gauge\na_count 1\n# TYPE a histogram\na_count 1\n",
		"# TYPE a gauge\na 1\n# TYPE a gauge\na 1\n", "# TYPE a histogram\na_count{x=\"1\"} 1\na_count{x=\"1\"} 2\n", "# TYPE a gauge\na 0x1p4\n", "# TYPE a gauge\na{__name__=\"b\"} 1\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { same(t, data) })
}

func BenchmarkParse(b *testing.B) {
	data := written(b)
	for name, parse := range map[string]func([]byte) bool{
		"plain":   func(data []byte) bool { _, ok := parsePlain(data); return ok },
		"library": func(data []byte) bool { _, err := parseAny(data); return err == nil },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if !parse(data) {
					b.Fatal("not parsed")
				}
			}
		})
	}
}
