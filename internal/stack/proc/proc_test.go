package proc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/stack/proc"
)

// The test binary acts as the programs that the tests start. The variable
// programVar names the program.
const programVar = "PROC_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if name := os.Getenv(programVar); name != "" {
		programs[name](os.Args[1:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var programs = map[string]func(args []string){
	"serve": func(args []string) {
		fmt.Fprintln(os.Stderr, "listening on", args[0])
		fmt.Fprintln(os.Stderr, http.ListenAndServe(args[0], http.NotFoundHandler()))
		os.Exit(1)
	},
	"fail": func([]string) {
		for i := range 20 {
			fmt.Println("line", i+1)
		}
		os.Exit(3)
	},
	"report": func([]string) {
		fmt.Println("a result")
		fmt.Fprintln(os.Stderr, "a remark")
	},
	"stubborn": func(args []string) {
		ignore(syscall.SIGTERM)
		serve(args[0])
	},
	"parent": parent,
}

// serve answers 200 on an address.
func serve(addr string) {
	err := http.ListenAndServe(addr, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// program is the Spec that starts one of the programs.
func program(t *testing.T, name string, args ...string) proc.Spec {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return proc.Spec{
		Name: name, Path: self, Args: args,
		Env: append(os.Environ(), programVar+"="+name),
		Log: filepath.Join(t.TempDir(), name+".log"),
	}
}

func start(t *testing.T, spec proc.Spec) *proc.Process {
	t.Helper()
	p, err := proc.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func reserve(t *testing.T) *proc.Port {
	t.Helper()
	port, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Release)
	return port
}

func TestStopAndStartAgain(t *testing.T) {
	t.Parallel()
	addr := reserve(t).Addr()
	spec := program(t, "serve", addr)
	spec.Ready = proc.TCP(addr)
	for range 2 {
		p := start(t, spec)
		if err := spec.Ready(t.Context()); err != nil {
			t.Errorf("not ready after Start: %v", err)
		}
		if got, want := p.Tail(5), []string{"listening on " + addr}; !slices.Equal(got, want) {
			t.Errorf("Tail is %q, want %q: what this start wrote", got, want)
		}
		if err := p.Err(); err != nil {
			t.Errorf("Err while it runs: %v", err)
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		<-p.Done()
		if err := errors.Join(p.Err(), p.Stop()); err != nil {
			t.Errorf("after Stop: %v", err)
		}
		if err := spec.Ready(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("after Stop: %v, want connection refused", err)
		}
	}
}

func TestReadyByHTTP(t *testing.T) {
	t.Parallel()
	addr := reserve(t).Addr()
	spec := program(t, "stubborn", addr)
	spec.Ready = proc.HTTP("http://" + addr + "/-/ready")
	start(t, spec)
}

func TestFailures(t *testing.T) {
	t.Parallel()
	never := func(context.Context) error { return errors.New("no answer from me") }
	tests := map[string]struct {
		spec func(t *testing.T) proc.Spec
		want []string
	}{
		"dies before it is ready": {
			func(t *testing.T) proc.Spec { s := program(t, "fail"); s.Ready = never; return s },
			[]string{"fail: was not ready yet when it exited unexpectedly (exit status 3); the end of ", "fail.log:", "\n    line 6\n", "\n    line 20"},
		},
		"never ready": {
			func(t *testing.T) proc.Spec {
				s := program(t, "serve", reserve(t).Addr())
				s.Ready, s.ReadyTimeout = never, 200*time.Millisecond
				return s
			},
			[]string{"serve: was not ready within 200ms: no answer from me"},
		},
		"not found": {
			func(t *testing.T) proc.Spec {
				return proc.Spec{Name: "redis", Path: "no-such-program", Log: filepath.Join(t.TempDir(), "log")}
			},
			[]string{`redis: exec: "no-such-program": executable file not found in $PATH`},
		},
		"no log": {
			func(t *testing.T) proc.Spec { s := program(t, "serve"); s.Log = ""; return s },
			[]string{"serve: its log: "},
		},
		"answers with an error status": {
			func(t *testing.T) proc.Spec {
				addr := reserve(t).Addr()
				s := program(t, "serve", addr)
				s.Ready, s.ReadyTimeout = proc.HTTP("http://"+addr), time.Second
				return s
			},
			[]string{"serve: was not ready within 1s: GET http://127.0.0.1:", "404 Not Found; the end of ", "listening on"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := proc.Start(t.Context(), test.spec(t))
			var failure *proc.Error
			if !errors.As(err, &failure) {
				t.Fatalf("got %v, want a *proc.Error", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "line 5\n") {
				t.Errorf("the error quotes more than the last lines:\n%v", err)
			}
		})
	}
}

func TestStartIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	addr := reserve(t).Addr()
	spec := program(t, "serve", addr)
	spec.Ready = func(context.Context) error {
		if proc.TCP(addr)(t.Context()) == nil {
			cancel()
		}
		return errors.New("not yet")
	}
	if _, err := proc.Start(ctx, spec); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := proc.TCP(addr)(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the program was left running: %v", err)
	}
}

func TestUnexpectedExit(t *testing.T) {
	t.Parallel()
	p := start(t, program(t, "fail"))
	<-p.Done()
	for _, err := range []error{p.Err(), p.Stop()} {
		if err == nil || !strings.HasPrefix(err.Error(), "fail: exited unexpectedly (exit status 3)") {
			t.Errorf("got %v", err)
		}
	}
	p.Kill()
}

func TestStdout(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	spec := program(t, "report")
	spec.Stdout = &stdout
	p := start(t, spec)
	<-p.Done()
	if got := stdout.String(); got != "a result\n" {
		t.Errorf("standard output is %q", got)
	}
	if got, want := p.Tail(5), []string{"a remark"}; !slices.Equal(got, want) {
		t.Errorf("Tail is %q, want %q", got, want)
	}
}

func TestStopKillsStubbornProgram(t *testing.T) {
	t.Parallel()
	addr := reserve(t).Addr()
	spec := program(t, "stubborn", addr)
	spec.Ready, spec.StopTimeout = proc.TCP(addr), 50*time.Millisecond
	p := start(t, spec)
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "stubborn: did not stop within 50ms of terminated and was killed") {
		t.Errorf("got %v", err)
	}
	<-p.Done()
}

func TestStopPaused(t *testing.T) {
	t.Parallel()
	addr := reserve(t).Addr()
	spec := program(t, "serve", addr)
	spec.Ready = proc.TCP(addr)
	p := start(t, spec)
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

func TestPortsAreReserved(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 200 {
		port := reserve(t)
		if seen[port.Number()] {
			t.Fatalf("port %d is reserved twice", port.Number())
		}
		seen[port.Number()] = true
		l, err := net.Listen("tcp", port.Addr())
		if err == nil {
			l.Close()
			continue
		}
		// A program that ignores reservations may have taken the port since.
		other, dialed := net.Dial("tcp", port.Addr())
		if dialed != nil {
			t.Fatalf("a reserved port can't be used: %v", err)
		}
		other.Close()
	}
}
