// Package routetree routes alerts by Alertmanager's own code. It loads an
// alertmanager.yml as Alertmanager does, and returns the routes and inhibitions
// of the dispatcher and the inhibitor.
package routetree

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/config"
	amconfig "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/proof/space"
)

// Delivery is the way in which a route sends an alert.
type Delivery struct {
	Receiver string
	GroupBy  []string // sorted; "..." alone for every label
	// Waits for more alerts of a new group, for changes of a group, and before
	// an unchanged group is sent again.
	GroupWait, GroupInterval, Repeat time.Duration
	// Mute are the time intervals in which the route sends nothing. If Active
	// is not empty, the route sends only in these time intervals.
	Mute, Active []string
}

func (d Delivery) String() string {
	text := fmt.Sprintf("%s, grouped by %s, after %s, changes after %s, again after %s", d.Receiver, d.Grouping(),
		model.Duration(d.GroupWait), model.Duration(d.GroupInterval), model.Duration(d.Repeat))
	if len(d.Mute) > 0 {
		text += ", not in " + strings.Join(d.Mute, ", ")
	}
	if len(d.Active) > 0 {
		text += ", only in " + strings.Join(d.Active, ", ")
	}
	return text
}

// Grouping lists the labels by which the delivery is grouped.
func (d Delivery) Grouping() string {
	if len(d.GroupBy) == 0 {
		return "nothing"
	}
	return strings.Join(d.GroupBy, ", ")
}

// forgetting is the time between two runs in which Alertmanager forgets the
// notifications that are older than its retention.
const forgetting = 15 * time.Minute

// Repeats returns the shortest and longest time until an unchanged group is sent
// again, by an Alertmanager that remembers notifications for the retention. The
// group is sent with the first flush at or after the repeat interval, or after
// Alertmanager has forgotten the last notification. A flush exactly at the
// interval may be too early; then it is the next one.
func (d Delivery) Repeats(retention time.Duration) (sooner, later time.Duration) {
	if d.GroupInterval <= 0 {
		return min(d.Repeat, retention), min(d.Repeat, retention)
	}
	flush := func(t time.Duration) time.Duration {
		return (t + d.GroupInterval - 1) / d.GroupInterval * d.GroupInterval
	}
	last := min(d.Repeat, retention+forgetting)
	later = flush(last)
	if later == last {
		later += d.GroupInterval
	}
	return flush(min(d.Repeat, retention)), later
}

// Deliveries are all deliveries of an alert, in any order.
type Deliveries []Delivery

func (ds Deliveries) String() string {
	var all []string
	for _, d := range ds {
		all = append(all, d.String())
	}
	slices.Sort(all)
	return strings.Join(all, "; and ")
}

// Tree is the routing of an Alertmanager.
type Tree struct {
	Config   *config.Config // of the file; nil for a changed tree
	Route    *config.Route
	Inhibits []amconfig.InhibitRule
	Times    *Times

	root    *Route
	routes  []*Route // parents before their children; of an edited tree only the new ones
	byRoute map[*dispatch.Route]*Route
	rules   []*inhibit.InhibitRule

	mu       sync.Mutex
	compiled map[*space.Space]*onSpace

	// Of an edited tree: the original, the index of the first new route, that of
	// the changed inhibition, and see onSpace.
	base           *Tree
	first, changed int
	parent, place  int

	firsts map[string]*Route // see twins
}

// Route is a route of a tree.
type Route struct {
	Delivery
	Index    int             // its number; the root has 0
	Path     []int           // places among siblings, from the root
	Parent   *Route          // nil for the root
	Routes   []*Route        // its children
	Matchers labels.Matchers // those of the old syntax too
	Continue bool
	Config   *config.Route

	text string
	own  *dispatch.Route
	tree *Tree
}

// From returns the route that states a setting of r: r itself or one of its
// parents. It returns nil if none does, so that Alertmanager's default applies.
func (r *Route) From(states func(*config.Route) bool) *Route {
	for at := r; at != nil; at = at.Parent {
		if states(at.Config) {
			return at
		}
	}
	return nil
}

// Inherits reports whether a field of a parent applies to the route: its
// receiver, grouping or one of its times.
func (r *Route) Inherits(from *Route) bool {
	var receiver, groupBy, wait, interval, repeat bool
	for at := r; at != from; at = at.Parent {
		c := at.Config
		receiver, groupBy = receiver || c.Receiver != "", groupBy || c.GroupBy != nil || c.GroupByAll
		wait, interval, repeat = wait || c.GroupWait != nil, interval || c.GroupInterval != nil, repeat || c.RepeatInterval != nil
	}
	return !(receiver && groupBy && wait && interval && repeat)
}

// Continues reports whether alerts that the route delivers try later routes too.
func (r *Route) Continues() bool {
	for at := r; at.Parent != nil; at = at.Parent {
		if !at.Continue {
			return false
		}
	}
	return true
}

// Times returns the time intervals of the route's tree.
func (r *Route) Times() *Times { return r.tree.Times }

// Load reads an alertmanager.yml. Its errors are Alertmanager's.
func Load(data []byte) (*Tree, error) {
	c, err := amfile.Load(data)
	if err != nil {
		return nil, err
	}
	times := map[string][]timeinterval.TimeInterval{}
	for _, x := range c.MuteTimeIntervals {
		times[x.Name] = x.TimeIntervals
	}
	for _, x := range c.TimeIntervals {
		times[x.Name] = x.TimeIntervals
	}
	t := New(c.Route, c.InhibitRules, NewTimes(times))
	t.Config = c
	return t, nil
}

// New returns the tree of a configuration, which may be a changed one.
func New(route *config.Route, inhibits []amconfig.InhibitRule, times *Times) *Tree {
	t := &Tree{
		Route: route, Inhibits: inhibits, Times: times,
		byRoute: map[*dispatch.Route]*Route{}, compiled: map[*space.Space]*onSpace{},
	}
	t.root = t.add(dispatch.NewRoute(route, nil), route, nil, nil)
	for _, r := range inhibits {
		t.rules = append(t.rules, inhibit.NewInhibitRule(r))
	}
	return t
}

func (t *Tree) add(own *dispatch.Route, c *config.Route, parent *Route, path []int) *Route {
	r := &Route{
		Delivery: delivery(own.RouteOpts), Index: t.first + len(t.routes), Path: path, Parent: parent,
		Matchers: own.Matchers, Continue: own.Continue, Config: c, own: own, tree: t,
	}
	r.text = r.Delivery.String()
	t.routes = append(t.routes, r)
	t.byRoute[own] = r
	for i, child := range own.Routes {
		r.Routes = append(r.Routes, t.add(child, c.Routes[i], r, append(slices.Clone(path), i)))
	}
	return r
}

// Routes returns all routes, parents before their children. The first is the
// root.
func (t *Tree) Routes() []*Route { return t.routes }

// Twin returns an earlier route with the same receiver and the same matchers,
// those of the parents included, or nil. Alertmanager distinguishes the groups of
// such routes by their group labels only: of two equal groups it sends one.
func (r *Route) Twin() *Route {
	twins := r.tree.twins()
	if first := twins[r.twinKey()]; first != r {
		return first
	}
	return nil
}

func (r *Route) twinKey() string { return r.Receiver + "\x00" + r.own.Key() }

// twins returns the first route of each receiver and list of matchers.
func (t *Tree) twins() map[string]*Route {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.firsts == nil {
		t.firsts = map[string]*Route{}
		for _, r := range t.routes {
			if key := r.twinKey(); t.firsts[key] == nil {
				t.firsts[key] = r
			}
		}
	}
	return t.firsts
}

// Name names a route by its matchers and those of its parents.
func (r *Route) Name() string {
	if r.Parent == nil {
		return "the default route"
	}
	name := matchers.Name(r.Matchers)
	if r.Parent.Parent != nil {
		return r.Parent.Name() + " / " + name
	}
	return name
}

// Failing returns the matchers of the route and its parents that do not match an
// alert.
func (r *Route) Failing(alert model.LabelSet) labels.Matchers {
	var out labels.Matchers
	for at := r; at != nil; at = at.Parent {
		for _, m := range at.Matchers {
			if !m.Matches(string(alert[model.LabelName(m.Name)])) {
				out = append(out, m)
			}
		}
	}
	return out
}

func delivery(o dispatch.RouteOpts) Delivery {
	d := Delivery{
		Receiver: o.Receiver, GroupWait: o.GroupWait, GroupInterval: o.GroupInterval, Repeat: o.RepeatInterval,
		Mute: slices.Sorted(slices.Values(o.MuteTimeIntervals)), Active: slices.Sorted(slices.Values(o.ActiveTimeIntervals)),
	}
	for name := range maps.Keys(o.GroupBy) {
		d.GroupBy = append(d.GroupBy, string(name))
	}
	slices.Sort(d.GroupBy)
	if o.GroupByAll {
		d.GroupBy = []string{"..."}
	}
	return d
}

// Match returns the routes that deliver an alert, by Alertmanager's own code.
func (t *Tree) Match(alert model.LabelSet) []*Route {
	var out []*Route
	for _, r := range t.root.own.Match(alert) {
		out = append(out, t.byRoute[r])
	}
	return out
}

// Deliveries returns the deliveries of an alert with these labels.
func (t *Tree) Deliveries(alert model.LabelSet) Deliveries { return deliveries(t.Match(alert)) }

func deliveries(routes []*Route) Deliveries {
	var out Deliveries
	for _, r := range routes {
		out = append(out, r.Delivery)
	}
	return out
}

// Outcome returns the deliveries of routes as text. Different deliveries have
// different texts.
func Outcome(routes []*Route) string {
	if len(routes) == 1 {
		return routes[0].text
	}
	var all []string
	for _, r := range routes {
		all = append(all, r.text)
	}
	slices.Sort(all)
	return strings.Join(all, "; and ")
}
