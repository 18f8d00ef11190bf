package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	// flipShown is the longest time from the acknowledgement of an alert to its
	// message.
	flipShown = 10 * time.Second
	// flipAccepted is the longest time without an acknowledgement. A second
	// damage within a minute is answered 503.
	flipAccepted = 90 * time.Second
)

// flips changes bytes of the spool, of a webhook that is killed or that runs.
// After each, a new alert must be shown in time, and the one before must end.
func (r *run) flips(ctx context.Context) error {
	p := r.replicas[0]
	if err := p.start(ctx); err != nil {
		return err
	}
	var before *oneAlert
	for n := range r.Rounds {
		if err := r.flip(ctx, p); err != nil {
			return err
		}
		a := &oneAlert{name: fmt.Sprintf("t%05d", n+1), group: "flips", priority: "P0", starts: time.Now().UTC()}
		if err := r.deliverOne(ctx, p, a); err != nil {
			return err
		}
		if before != nil {
			before.ends = time.Now().UTC()
			if err := r.deliverOne(ctx, p, before); err != nil {
				return err
			}
		}
		before = a
	}
	for _, text := range r.chats.texts() {
		if strings.Contains(text, "The spool was damaged") {
			r.outage("the webhook began a new spool")
		}
	}
	return nil
}

// flip changes up to twenty bytes of a file of the spool.
func (r *run) flip(ctx context.Context, p *replica) error {
	running, suffix := r.rng.IntN(2) == 0, []string{"", "", "-wal"}[r.rng.IntN(3)]
	if !running {
		if err := p.killDamaged(); err != nil {
			return err
		}
	}
	r.outage(map[bool]string{true: "bytes flipped under a running webhook", false: "bytes flipped under a stopped webhook"}[running])
	if err := r.flipBytes(p.spool() + suffix); err != nil || running {
		return err
	}
	return p.start(ctx)
}

// killDamaged kills the webhook. If its damaged spool cannot be read, the kill
// counts as one without work in flight.
func (p *replica) killDamaged() error {
	select {
	case <-p.process.Done():
		return p.process.Err()
	default:
	}
	p.process.Kill()
	f, err := p.inspect()
	if err != nil {
		f = flight{}
	}
	p.run.report.killed(f)
	return nil
}

func (r *run) flipBytes(path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	for range 1 + r.rng.IntN(20) {
		var b [1]byte
		at := r.rng.Int64N(info.Size())
		if _, err := f.ReadAt(b[:], at); err != nil {
			return err
		}
		b[0] ^= 1 << r.rng.IntN(8)
		if _, err := f.WriteAt(b[:], at); err != nil {
			return err
		}
	}
	return nil
}

// deliverOne posts an alert, as Alertmanager does, until it is accepted. Then the
// chat must show it in time.
func (r *run) deliverOne(ctx context.Context, p *replica, a *oneAlert) error {
	body, err := a.notification()
	if err != nil {
		return err
	}
	what := a.name + " fires"
	if !a.ends.IsZero() {
		what = a.name + " ends"
	}
	for begin := time.Now(); ; {
		select {
		case <-p.process.Done():
			return p.process.Err()
		default:
		}
		status, err := p.postRaw(ctx, body)
		r.ledger.note(body, "loud", status)
		if err == nil && status == http.StatusOK {
			break
		}
		if time.Since(begin) > flipAccepted {
			r.report.problem("%s: not accepted within %v: %d %v", what, flipAccepted, status, err)
			return nil
		}
		if err := sleep(ctx, loadTick); err != nil {
			return err
		}
	}
	deadline, cancel := context.WithTimeout(ctx, flipShown)
	defer cancel()
	if err := r.chats.wait(deadline, func() bool { return r.chats.shows(a.name, !a.ends.IsZero()) }); err != nil && ctx.Err() == nil {
		r.report.problem("%s: not shown within %v", what, flipShown)
	}
	return ctx.Err()
}

// notification returns the alert as Alertmanager posts it.
func (a *oneAlert) notification() ([]byte, error) {
	status, ends := "firing", time.Time{}
	if !a.ends.IsZero() {
		status, ends = "resolved", a.ends
	}
	alert := a.payload(time.Now()).(map[string]any)
	alert["status"], alert["endsAt"] = status, ends
	return json.Marshal(object{
		"version": "4", "groupKey": a.group + "/" + a.name, "receiver": "loud", "status": status, "externalURL": "http://alertmanager-1.example:9093",
		"alerts": []any{alert},
	})
}
