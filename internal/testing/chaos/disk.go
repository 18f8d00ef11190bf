package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// fullDisk fills the disk of the spool: a tmpfs, which only root can mount. While
// it is full, the webhook must refuse notifications and not be ready. When it has
// space again, the webhook must go on by itself.
func (r *run) fullDisk(ctx context.Context) error {
	p := r.replicas[0]
	mounted, err := r.mount(ctx, p.dir)
	if err != nil {
		return err
	}
	if err := p.start(ctx); err != nil {
		return err
	}
	for n := range r.Rounds {
		a := &oneAlert{name: fmt.Sprintf("t%05d", n+1), group: "disk", priority: "P0", starts: time.Now().UTC()}
		if mounted && n > 0 {
			if err := r.whileFull(ctx, p, a); err != nil {
				return err
			}
		}
		if err := r.deliverOne(ctx, p, a); err != nil {
			return err
		}
		if err := r.expectWritable(ctx, p, true); err != nil {
			return err
		}
	}
	return nil
}

// mount mounts a small tmpfs, if this is permitted.
func (r *run) mount(ctx context.Context, dir string) (mounted bool, err error) {
	out, err := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", "size=4m,mode=755", "none", dir).CombinedOutput()
	if err != nil {
		r.outage("not played: a tmpfs cannot be mounted here (" + strings.TrimSpace(string(out)) + ")")
		return false, ctx.Err()
	}
	r.atEnd = append(r.atEnd, func() error { return exec.Command("umount", dir).Run() })
	return true, nil
}

// whileFull fills the disk, and posts an alert.
func (r *run) whileFull(ctx context.Context, p *replica, a *oneAlert) (err error) {
	r.outage("the disk is full")
	fill := filepath.Join(p.dir, "fill")
	defer func() { err = errors.Join(err, os.Remove(fill)) }()
	if err := fillDisk(fill); err != nil {
		return err
	}
	if err := r.expectWritable(ctx, p, false); err != nil {
		return err
	}
	body, err := a.notification()
	if err != nil {
		return err
	}
	status, err := p.postRaw(ctx, body)
	r.ledger.note(body, "loud", status)
	if err == nil && status != http.StatusServiceUnavailable && status != http.StatusOK {
		r.report.problem("on a full disk, %s was answered %d", a.name, status)
	}
	return err
}

func fillDisk(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for _, size := range []int{64 << 10, 1} {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return err
		}
		err = nil
	}
	return nil
}

// expectWritable requires that readiness and metric show whether the spool can
// be written.
func (r *run) expectWritable(ctx context.Context, p *replica, writable bool) error {
	text, err := p.metrics(ctx)
	if err != nil {
		return err
	}
	want, sample := http.StatusServiceUnavailable, "\n"+api.NewFamilies().SpoolWritable.Name+" 0\n"
	if writable {
		want, sample = http.StatusOK, "\n"+api.NewFamilies().SpoolWritable.Name+" 1\n"
	}
	if !bytes.Contains([]byte(text), []byte(sample)) {
		r.report.problem("writable is %t, and the metric differs", writable)
	}
	for end := time.Now().Add(5 * time.Second); ; { // the answer can be a second old
		status, err := p.ready(ctx)
		if err != nil {
			return err
		}
		if status == want {
			return nil
		}
		if time.Now().After(end) {
			r.report.problem("writable is %t, and /-/ready answers %d", writable, status)
			return nil
		}
		if err := sleep(ctx, loadTick); err != nil {
			return err
		}
	}
}

// ready returns the status of /-/ready.
func (p *replica) ready(ctx context.Context) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.port.Addr()+"/-/ready", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
