package proc_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/alertnative/preflight/internal/stack/proc"
)

func ignore(s os.Signal) { signal.Ignore(s) }

// parent starts "serve" on the address in its first argument. It reports the
// start on the address in its second argument, and waits to be killed.
func parent(args []string) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	_, err = proc.Start(context.Background(), proc.Spec{
		Name: "child", Path: self, Args: args[:1], Env: []string{programVar + "=serve"},
		Log: args[2], Ready: proc.TCP(args[0]),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	serve(args[1])
}
