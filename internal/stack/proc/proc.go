// Package proc runs other programs as parts of this one: it starts them, waits
// until they are ready, keeps what they say in a log file, and stops them.
//
// A part that dies, or does not become ready, gives an [*Error] that names it
// and quotes the last lines of its log, so whoever started ten programs
// sees at once which one failed and why. Parts do not outlive their parent:
// each is the leader of a process group of its own, so that Ctrl-C in a
// terminal reaches the parent alone, which stops its parts in its own order;
// and on Linux the kernel kills them when the parent dies, kill -9 included.
//
// The package is for Unix.
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

// The bounds that a [Spec] has when it sets none.
const (
	DefaultReadyTimeout = 30 * time.Second
	DefaultStopTimeout  = 10 * time.Second
)

// Spec says which program to run and how to tell that it is ready.
type Spec struct {
	Name string              // what errors call it
	Path string              // the program, looked up in PATH when it has no slash
	Args []string            // its arguments, without the program itself
	Env  []string            // its environment; nil: this process's own
	Dir  string              // its working directory; empty: this process's own
	User *syscall.Credential // who it runs as; nil: as this process

	// Log is the file that standard output and standard error are appended
	// to. Needed: without it there is nothing to quote when things go wrong.
	Log string
	// Stdout gets the standard output instead of the log, for a program whose
	// output is its result. It is written from one goroutine.
	Stdout io.Writer

	// Ready tells whether the program can be used: [Start] calls it again and
	// again until it returns nil. Nil means ready once started.
	Ready        func(context.Context) error
	ReadyTimeout time.Duration // how long to wait for it; 0: DefaultReadyTimeout

	StopSignal  syscall.Signal // what Stop sends first; 0: SIGTERM
	StopTimeout time.Duration  // how long Stop waits before it kills; 0: DefaultStopTimeout
}

// Process is a started program. Its methods may be called from several
// goroutines.
type Process struct {
	spec     Spec
	cmd      *exec.Cmd
	logStart int64       // size of the log before this start
	stopping atomic.Bool // someone asked for the end
	done     chan struct{}
	exit     error // why it ended when nobody asked; read after done
}

// Start runs the program and returns when it is ready. Its error, an [*Error],
// says that the program could not be started, ended, or was not ready in time
// or before ctx was done; nothing is left running then. Later ctx has no
// effect: the program runs until [Process.Stop] or [Process.Kill].
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
	// A grandchild that keeps the output open must not keep Wait from returning.
	cmd.WaitDelay = time.Second

	p := &Process{spec: spec, cmd: cmd, logStart: info.Size(), done: make(chan struct{})}
	started := make(chan error)
	go p.run(log, started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// run starts the program and waits for its end. The kernel takes the end of
// the thread that started a child for the parent's death, so the goroutine
// keeps its thread for as long as the child lives.
func (p *Process) run(log *os.File, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer log.Close()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = p.cmd.Wait() // how it ended is in ProcessState
	_ = p.signalGroup(syscall.SIGKILL)
	if !p.stopping.Load() {
		p.exit = fmt.Errorf("ended by itself (%s)", p.cmd.ProcessState)
	}
	close(p.done)
}

// Pid returns the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns nil while the program runs and after an end that was asked for
// by [Process.Stop] or [Process.Kill], and an [*Error] when it ended otherwise.
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

// Stop ends the program: by its stop signal, and by SIGKILL when it takes
// longer than its StopTimeout, which is an error. A program that ended by
// itself before gives [Process.Err]. After Stop nothing of it is running.
func (p *Process) Stop() error {
	if p.ended() {
		return p.Err()
	}
	p.stopping.Store(true)
	_ = p.Signal(p.spec.StopSignal)
	_ = p.Signal(syscall.SIGCONT) // a paused program would not see the first
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

// Kill ends the program and its process group by SIGKILL, and returns when it
// is gone.
func (p *Process) Kill() {
	if p.ended() {
		return
	}
	p.stopping.Store(true)
	_ = p.signalGroup(syscall.SIGKILL)
	<-p.done
}

// Signal sends a signal to the program: SIGHUP to reload, SIGSTOP and SIGCONT
// to hang it for a while. The error is [os.ErrProcessDone] when it has ended.
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
