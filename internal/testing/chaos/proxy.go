package chaos

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/state"
)

// ledger records the acknowledgements that the proxies saw.
type ledger struct {
	mu        sync.Mutex
	alerts    map[string]*acknowledged // by name
	posted    map[string]bool          // acknowledged or not: a kill may prevent the answer
	groups    map[string]time.Time     // first acknowledgement of each group
	reminding int                      // acknowledgements that may be reminders, or make an alert louder
	posts     int                      // acknowledged
	refused   int                      // posts with another answer or none
	wrong     map[int]int              // by status: answers after which Alertmanager does not retry
	last      time.Time                // the last post
}

// acknowledged is an alert that the webhook answered with 200.
type acknowledged struct {
	priority        string
	groups          []string // the keys of the groups that it came by
	fingerprint     string
	startsAt        time.Time
	fired, resolved bool
	loud            bool
}

func newLedger() *ledger {
	return &ledger{alerts: map[string]*acknowledged{}, posted: map[string]bool{}, groups: map[string]time.Time{}, wrong: map[int]int{}}
}

// reminderAfter is the age of a group after which an unchanged notification is
// a reminder.
const reminderAfter = time.Minute

// note records the answer to a post with a sound, 0 for no answer.
func (l *ledger) note(body []byte, notify string, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = time.Now()
	p, err := state.ParsePayload(body)
	for _, a := range p.Alerts {
		l.posted[a.Labels["target"]] = true
	}
	if status != http.StatusOK {
		l.refused++
		if status != 0 && status/100 != 5 {
			l.wrong[status]++
		}
		return
	}
	l.posts++
	if err != nil {
		l.wrong[status]++ // the body is not a notification
		return
	}
	if first, ok := l.groups[p.GroupKey]; !ok {
		l.groups[p.GroupKey] = l.last
	} else if l.last.Sub(first) >= reminderAfter {
		l.reminding++
	}
	for _, a := range p.Alerts {
		name := a.Labels["target"]
		k := l.alerts[name]
		if k == nil {
			k = &acknowledged{priority: a.Labels["priority"], fingerprint: a.Fingerprint, startsAt: a.StartsAt}
			l.alerts[name] = k
		}
		if notify == "loud" && !k.loud {
			if k.loud = true; k.fired {
				l.reminding++
			}
		}
		if !slices.Contains(k.groups, p.GroupKey) {
			k.groups = append(k.groups, p.GroupKey)
		}
		k.fired = k.fired || a.Status == "firing"
		k.resolved = k.resolved || a.Status == "resolved"
	}
}

// allow makes an alert known that the stage itself posts.
func (l *ledger) allow(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.posted[name] = true
}

// count returns the number of acknowledged alerts.
func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.alerts)
}

// get returns a copy of the record of an alert.
func (l *ledger) get(name string) (acknowledged, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.alerts[name]; k != nil {
		return *k, true
	}
	return acknowledged{}, false
}

// quiet reports whether the last post is older than d.
func (l *ledger) quiet(d time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.last) >= d
}

// proxy forwards posts to a webhook and records the answers.
type proxy struct {
	ledger   *ledger
	upstream string // host:port
	client   *http.Client
	server   *http.Server
	listener net.Listener
}

func startProxy(l *ledger, upstream string) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{ledger: l, upstream: upstream, listener: listener, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
	p.server = &http.Server{Handler: p}
	go func() { _ = p.server.Serve(listener) }() // close stops it
	return p, nil
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

func (p *proxy) close() { _ = p.server.Close() }

// ServeHTTP counts a complete answer as acknowledged, whether or not
// Alertmanager still waits for it.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	status := p.forward(r, body)
	sound := r.URL.Query().Get(api.NotifyParam)
	if receiver, ok := api.ReceiverOf(r.URL.EscapedPath()); ok {
		sound = receiver
	}
	p.ledger.note(body, sound, status)
	if status == 0 {
		panic(http.ErrAbortHandler) // the webhook closed the connection too
	}
	w.WriteHeader(status)
}

func (p *proxy) forward(r *http.Request, body []byte) (status int) {
	// Alertmanager may give up meanwhile. The answer still counts.
	out, err := http.NewRequest(r.Method, "http://"+p.upstream+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return 0
	}
	out.Header = r.Header.Clone()
	resp, err := p.client.Do(out)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}
