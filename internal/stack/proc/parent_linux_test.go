package proc_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/stack/proc"
)

// kill -9 of a parent also kills its children.
func TestChildrenDieWithParent(t *testing.T) {
	t.Parallel()
	child, own := reserve(t).Addr(), reserve(t).Addr()
	spec := program(t, "parent", child, own, filepath.Join(t.TempDir(), "child.log"))
	spec.Ready = proc.TCP(own)
	p := start(t, spec)
	answers := proc.TCP(child)
	if err := answers(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	for pause := time.Millisecond; ; pause *= 2 {
		err := answers(t.Context())
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if pause > 10*time.Second {
			t.Fatalf("the child outlives its parent: %v", err)
		}
		<-time.After(pause)
	}
}
