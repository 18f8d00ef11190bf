package checker

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
	if d := cmp.Diff(f.content(), m.text()); d != "" {
		t.Errorf("(-file +memory):\n%s", d)
	}
}
