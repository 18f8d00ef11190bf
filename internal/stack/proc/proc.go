// Package proc runs other programs as parts of this one: it starts them, waits
// until they are ready, writes their output to a log file, and stops them.
//
// If a part exits or does not become ready, the [*Error] names it and quotes
// the last lines of its log. Parts do not outlive their parent. Each is the
// leader of its own process group, so Ctrl-C in a terminal reaches only the
// parent, which stops its parts in order. On Linux the kernel kills them when
// the parent dies, even by kill -9.
//
// The package needs Unix.
package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// Defaults of a [Spec].
const (
	DefaultReadyTimeout = 30 * time.Second
	DefaultStopTimeout  = 10 * time.Second
)

// Spec describes a program and when it is ready.
type Spec struct {
	Name string              // name in errors
	Path string              // path, or name in PATH if it has no slash
	Args []string            // arguments without the program
	Env  []string            // environment; nil: this process's own
	Dir  string              // working directory; "": this process's own
	User *syscall.Credential // user; nil: the user of this process

	// Log is the file to which standard output and standard error are appended.
	// It is required, because errors quote it.
	Log string
	// Stdout gets the standard output instead of the log, for a program whose
	// output is its result. Only one goroutine writes to it.
	Stdout io.Writer

	// Ready returns nil when the program can be used: [Start] calls it
	// repeatedly. A nil Ready means that the program is ready once started.
	Ready        func(context.Context) error
	ReadyTimeout time.Duration // timeout for Ready; 0: DefaultReadyTimeout

	StopSignal  syscall.Signal // first signal of Stop; 0: SIGTERM
	StopTimeout time.Duration  // time from StopSignal to SIGKILL; 0: DefaultStopTimeout
}

// Process is a started program. Its methods may be called concurrently.
type Process struct {
	spec     Spec
	cmd      *exec.Cmd
	logStart int64       // size of the log before this start
	stopping atomic.Bool // Stop or Kill was called
	done     chan struct{}
	exit     error // cause of an unexpected exit; read after done
}

// Start runs the program and returns when it is ready. The error is an
// [*Error]: the program did not start, exited, or was not ready in time or
// before ctx was done. Then no process is left. After Start, ctx has no effect:
// the program runs until [Process.Stop] or [Process.Kill].
func Start(ctx context.Context, spec Spec) (*Process, error) {
	spec = spec.withDefaults()
	p, err := launch(spec)
	if err != nil {
		return nil, &Error{Name: spec.Name, Err: err}
	}
	if err := p.awaitReady(ctx); err != nil {
		p.Kill()
		return nil, p.failure(err)
	}
	return p, nil
}

func (s Spec) withDefaults() Spec {
	if s.ReadyTimeout == 0 {
		s.ReadyTimeout = DefaultReadyTimeout
	}
	if s.StopTimeout == 0 {
		s.StopTimeout = DefaultStopTimeout
	}
	if s.StopSignal == 0 {
		s.StopSignal = syscall.SIGTERM
	}
	return s
}

func launch(spec Spec) (*Process, error) {
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("its log: %w", err)
	}
	info, err := log.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("its log: %w", err), log.Close())
	}

	cmd := exec.Command(spec.Path, spec.Args...)
	cmd.Env, cmd.Dir = spec.Env, spec.Dir
	cmd.Stdout, cmd.Stderr = log, log
	if spec.Stdout != nil {
		cmd.Stdout = spec.Stdout
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: spec.User}
	dieWithParent(cmd.SysProcAttr)
	// A grandchild that keeps the output open must not block Wait.
	cmd.WaitDelay = time.Second

	p := &Process{spec: spec, cmd: cmd, logStart: info.Size(), done: make(chan struct{})}
	started := make(chan error)
	go p.run(log, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// run starts the program and waits for its exit. The kernel treats the exit of
// the thread that started a child as the parent's death, so the goroutine keeps
// its thread until the child has exited.
func (p *Process) run(log *os.File, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer log.Close()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = p.cmd.Wait() // ProcessState has the result
	_ = p.signalGroup(syscall.SIGKILL)
	if !p.stopping.Load() {
		p.exit = fmt.Errorf("exited unexpectedly (%s)", p.cmd.ProcessState)
	}
	close(p.done)
}

// Pid returns the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the program has exited.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns nil while the program runs and after [Process.Stop] or
// [Process.Kill]. After another exit it returns an [*Error].
func (p *Process) Err() error {
	select {
	case <-p.done:
		if p.exit != nil {
			return p.failure(p.exit)
		}
	default:
	}
	return nil
}

// Stop stops the program by its stop signal, and by SIGKILL after its
// StopTimeout, which is an error. If the program had already exited, Stop
// returns [Process.Err]. After Stop no process of it is running.
func (p *Process) Stop() error {
	if p.ended() {
		return p.Err()
	}
	p.stopping.Store(true)
	_ = p.Signal(p.spec.StopSignal)
	_ = p.Signal(syscall.SIGCONT) // a paused program would not receive the first
	timeout := time.NewTimer(p.spec.StopTimeout)
	defer timeout.Stop()
	select {
	case <-p.done:
		return p.Err()
	case <-timeout.C:
		p.Kill()
		return p.failure(fmt.Errorf("did not stop within %s of %s and was killed", p.spec.StopTimeout, p.spec.StopSignal))
	}
}

// Kill kills the program and its process group by SIGKILL and waits for the
// exit.
func (p *Process) Kill() {
	if p.ended() {
		return
	}
	p.stopping.Store(true)
	_ = p.signalGroup(syscall.SIGKILL)
	<-p.done
}

// Signal sends a signal to the program: SIGHUP to reload, SIGSTOP and SIGCONT
// to pause and resume. The error is [os.ErrProcessDone] if it has exited.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

func (p *Process) signalGroup(s syscall.Signal) error { return syscall.Kill(-p.Pid(), s) }

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
