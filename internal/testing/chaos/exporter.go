package chaos

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// episode is one period in which an alert fires. A zero end means that it does.
type episode struct{ fires, ends time.Time }

// target is one series, whose value 1 is an alert.
type target struct {
	name, group, priority string
	value                 int
	episodes              []episode
}

// exporter serves the series of the targets to two Prometheus servers. It has
// the truth about each alert.
type exporter struct {
	listener net.Listener
	server   *http.Server

	mu      sync.Mutex
	targets []*target
	without [2]bool // the servers that get no data
	twice   bool    // a series is there twice, so that the rule fails
	removed bool    // there is no rule
}

func startExporter() (*exporter, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &exporter{listener: l}
	e.server = &http.Server{Handler: e}
	go func() { _ = e.server.Serve(l) }() // close stops it
	return e, nil
}

func (e *exporter) close() error { return e.server.Close() }

// ServeHTTP answers the scrape of the server that the path names, "/0" or "/1".
func (e *exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.URL.Path == "/0" && e.without[0] || r.URL.Path == "/1" && e.without[1] {
		http.Error(w, "no data", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	for _, t := range e.targets {
		fmt.Fprintf(w, "chaos_fires{target=%q,group=%q,priority=%q} %d\n", t.name, t.group, t.priority, t.value)
		fmt.Fprintf(w, "chaos_weight{target=%q,n=\"1\"} 1\n", t.name)
		if e.twice {
			fmt.Fprintf(w, "chaos_weight{target=%q,n=\"2\"} 1\n", t.name)
		}
	}
}

// change runs a change of the data.
func (e *exporter) change(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

// fire adds targets that fire, in one group.
func (e *exporter) fire(group, priority string, n int) (names []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for range n {
		t := &target{name: fmt.Sprintf("t%05d", len(e.targets)+1), group: group, priority: priority, value: 1, episodes: []episode{{fires: time.Now()}}}
		e.targets = append(e.targets, t)
		names = append(names, t.name)
	}
	return names
}

// end ends targets that fire.
func (e *exporter) end(names ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.targets {
		if slices.Contains(names, t.name) && t.value == 1 {
			t.value = 0
			if !e.removed {
				t.close()
			}
		}
	}
}

// close ends the last episode.
func (t *target) close() { t.episodes[len(t.episodes)-1].ends = time.Now() }

// firing returns the names of the targets that fire.
func (e *exporter) firing() (names []string) {
	for _, t := range e.all() {
		if t.value == 1 {
			names = append(names, t.name)
		}
	}
	return names
}

// all returns a copy of the targets.
func (e *exporter) all() (list []target) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.targets {
		c := *t
		c.episodes = slices.Clone(t.episodes)
		list = append(list, c)
	}
	return list
}

// setRule records that the rule is removed or there again.
func (e *exporter) setRule(removed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.removed = removed
	for _, t := range e.targets {
		switch {
		case t.value == 0:
		case removed:
			t.close()
		default:
			t.episodes = append(t.episodes, episode{fires: time.Now()})
		}
	}
}
