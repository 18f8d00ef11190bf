// Package routetree routes alerts by Alertmanager's own code. It loads an
// alertmanager.yml as Alertmanager does, and returns the routes and inhibitions
// of the dispatcher and the inhibitor.
package routetree

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/config"
	amconfig "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/model/matchers"
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

// Tree is the routing of an Alertmanager. The generated routes are one level
// deep.
type Tree struct {
	Route    *config.Route
	Inhibits []amconfig.InhibitRule

	intervals  map[string][]timeinterval.TimeInterval
	root       *dispatch.Route
	deliveries map[*dispatch.Route]Delivery
	texts      map[*dispatch.Route]string
	index      map[*dispatch.Route]int
	sources    []labels.Matchers
}

// Load reads an alertmanager.yml. Its errors are Alertmanager's.
func Load(data []byte) (*Tree, error) {
	matchers.AsAlertmanager()
	c, err := config.Load(string(data))
	if err != nil {
		return nil, err
	}
	t := New(c.Route, c.InhibitRules)
	t.intervals = map[string][]timeinterval.TimeInterval{}
	for _, x := range c.TimeIntervals {
		t.intervals[x.Name] = x.TimeIntervals
	}
	return t, nil
}

// New returns the tree of a loaded configuration, which may be a changed one.
func New(route *config.Route, inhibits []amconfig.InhibitRule) *Tree {
	t := &Tree{
		Route: route, Inhibits: inhibits, root: dispatch.NewRoute(route, nil),
		deliveries: map[*dispatch.Route]Delivery{}, texts: map[*dispatch.Route]string{}, index: map[*dispatch.Route]int{},
	}
	for i, r := range append([]*dispatch.Route{t.root}, t.root.Routes...) {
		d := delivery(r.RouteOpts)
		t.deliveries[r], t.texts[r], t.index[r] = d, d.String(), i
	}
	for _, r := range inhibits {
		t.sources = append(t.sources, inhibit.NewInhibitRule(r).SourceMatchers)
	}
	return t
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

// Deliveries returns the deliveries of an alert with these labels.
func (t *Tree) Deliveries(alert model.LabelSet) Deliveries {
	var out Deliveries
	for _, r := range t.root.Match(alert) {
		out = append(out, t.deliveries[r])
	}
	return out
}

// Outcome returns the deliveries as text. Different deliveries have different
// texts.
func (t *Tree) Outcome(alert model.LabelSet) string {
	routes := t.root.Match(alert)
	if len(routes) == 1 {
		return t.texts[routes[0]]
	}
	var all []string
	for _, r := range routes {
		all = append(all, t.texts[r])
	}
	slices.Sort(all)
	return strings.Join(all, "; and ")
}

// Taken returns the numbers of the routes that an alert takes, in order. The
// default route has number 0.
func (t *Tree) Taken(alert model.LabelSet) []int {
	var out []int
	for _, r := range t.root.Match(alert) {
		out = append(out, t.index[r])
	}
	return out
}

// Fits reports whether an alert matches the route with this number.
func (t *Tree) Fits(route int, alert model.LabelSet) bool {
	return route == 0 || t.root.Routes[route-1].Matchers.Matches(alert)
}
