package routetree_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
)

// claims are the claims of a proof about a tree and some alerts.
type claims struct {
	tree      *routetree.Tree
	space     *space.Space
	matchers  labels.Matchers
	equal     map[string]bool
	keys      []string // by route: the start of its group keys
	alerts    []model.LabelSet
	routes    [][]*routetree.Route // by alert
	inhibited map[[2]int]bool      // known answers of inhibits
	retention time.Duration
}

func newClaims(file string, retention time.Duration) (*claims, error) {
	tree, err := routetree.Load([]byte(file))
	if err != nil {
		return nil, err
	}
	var b space.Builder
	b.Label(model.AlertNameLabel)
	for _, r := range tree.Routes() {
		b.Match(r.Matchers...)
	}
	for _, r := range tree.Inhibits {
		b.Match(r.SourceMatchers...)
		b.Match(r.TargetMatchers...)
		b.Compare(r.Equal...)
	}
	s, complex := b.Build()
	if len(complex) > 0 {
		return nil, fmt.Errorf("the patterns of %q are too complex", complex)
	}
	c := &claims{tree: tree, space: s, equal: map[string]bool{}, inhibited: map[[2]int]bool{}, retention: retention}
	dispatch.NewRoute(tree.Route, nil).Walk(func(r *dispatch.Route) { c.keys = append(c.keys, r.Key()) })
	for _, r := range tree.Routes() {
		c.matchers = append(c.matchers, r.Matchers...)
	}
	for _, r := range tree.Inhibits {
		c.matchers = slices.Concat(c.matchers, labels.Matchers(r.SourceMatchers), labels.Matchers(r.TargetMatchers))
		for _, name := range r.Equal {
			c.equal[name] = true
		}
	}
	return c, nil
}

// values returns the values that stand for all values of a label.
func (c *claims) values(label string) []string {
	i, ok := c.space.Label(label)
	if !ok {
		return nil
	}
	var out []string
	for v := range c.space.Everything(i).All {
		out = append(out, c.space.Value(i, v))
	}
	return out
}

// about reads the claims about alerts.
func (c *claims) about(alerts []model.LabelSet) error {
	c.alerts = alerts
	pieces, whole := c.tree.Walk(c.space, c.space.All(), nil)
	if !whole {
		return fmt.Errorf("more than %d pieces", routetree.MaxPieces)
	}
	for _, a := range alerts {
		box := c.space.Box(plain(a))
		found := 0
		for _, p := range pieces {
			if p.Box.And(box) != nil {
				if found++; found == 1 {
					c.routes = append(c.routes, p.Routes)
				}
			}
		}
		if found != 1 {
			return fmt.Errorf("%v is in %d pieces", a, found)
		}
	}
	return nil
}

// inhibits reports whether an alert inhibits another one.
func (c *claims) inhibits(source, target int) bool {
	key := [2]int{source, target}
	is, known := c.inhibited[key]
	if !known {
		is = c.tree.Inhibited(c.alerts[source], c.alerts[target])
		c.inhibited[key] = is
	}
	return is
}

func plain(a model.LabelSet) map[string]string {
	out := map[string]string{}
	for name, value := range a {
		out[string(name)] = string(value)
	}
	return out
}

// symbolic compares the symbolic inhibition of two alerts with that of
// Alertmanager's code. It returns a difference, or "".
func (c *claims) symbolic(a, b int) string {
	source, target, err := c.pair(c.alerts[a], c.alerts[b])
	if err != nil {
		return err.Error()
	}
	if source.Equal(target) {
		return ""
	}
	is := c.inhibits(a, b)
	if c.tree.Inhibited(source, target) != is {
		return fmt.Sprintf("%v and %v stand for %v and %v, which are inhibited differently", source, target, c.alerts[a], c.alerts[b])
	}
	both := []routetree.Case{{Box: c.space.Box(plain(source))}, {Box: c.space.Box(plain(target))}}
	failures := func(quiets ...routetree.Quiet) string {
		var out []string
		for f := range (routetree.Proof{Space: c.space, Cases: both, Quiets: quiets, Exact: true}).Inhibitions(c.tree) {
			out = append(out, f.Text)
		}
		return strings.Join(out, "\n")
	}
	quiet := func(x, y model.LabelSet) routetree.Quiet {
		return routetree.Quiet{While: c.exactly(x), Match: c.exactly(y)}
	}
	isSent := strings.Contains(failures(quiet(source, target)), "must be inhibited")
	isInhibited := strings.Contains(failures(quiet(target, source), quiet(source, source), quiet(target, target)), "must be sent")
	if isSent == is || isInhibited != is {
		return fmt.Sprintf("%v is inhibited by %v: %t; the proof says %t and not %t", target, source, is, isInhibited, isSent)
	}
	return ""
}

// pair returns the alerts of the space that stand for two alerts. Different
// values of a label that is compared stay different.
func (c *claims) pair(a, b model.LabelSet) (x, y model.LabelSet, err error) {
	x, y = model.LabelSet{}, model.LabelSet{}
	for i, label := range c.space.Names() {
		name := model.LabelName(label)
		v, w := c.stands(i, string(a[name])), c.stands(i, string(b[name]))
		if v == w && a[name] != b[name] && c.equal[label] {
			w = ""
			for _, other := range c.values(label) {
				if other != v && c.alike(label, other, v) {
					w = other
				}
			}
			if w == "" {
				return nil, nil, fmt.Errorf("%s: one value stands for %q and %q, which are compared", label, a[name], b[name])
			}
		}
		if x[name], y[name] = model.LabelValue(v), model.LabelValue(w); v == "" {
			delete(x, name)
		}
		if w == "" {
			delete(y, name)
		}
	}
	return x, y, nil
}

// stands returns the value that stands for a value.
func (c *claims) stands(label int, value string) string {
	for v := range c.space.Only(label, value).All {
		value = c.space.Value(label, v)
	}
	return value
}

// alike reports whether no matcher distinguishes two values.
func (c *claims) alike(label, v, w string) bool {
	return !slices.ContainsFunc(c.matchers, func(m *labels.Matcher) bool { return m.Name == label && m.Matches(v) != m.Matches(w) })
}

// exactly returns matchers of one alert of the space.
func (c *claims) exactly(a model.LabelSet) labels.Matchers {
	var out labels.Matchers
	for _, name := range c.space.Names() {
		out = append(out, &labels.Matcher{Type: labels.MatchEqual, Name: name, Value: string(a[model.LabelName(name)])})
	}
	return out
}

// grouped returns the group labels that a delivery gives to an alert.
func grouped(d routetree.Delivery, a model.LabelSet) model.LabelSet {
	if slices.Equal(d.GroupBy, []string{"..."}) {
		return a
	}
	out := model.LabelSet{}
	for _, name := range d.GroupBy {
		if v, ok := a[model.LabelName(name)]; ok {
			out[model.LabelName(name)] = v
		}
	}
	return out
}

// group is a claimed group of alerts.
type group struct {
	route    *routetree.Route
	receiver string
	key      string
	members  []int
	twins    bool // of several routes; the proof says that Alertmanager confuses them
}

// groups returns the claimed groups.
func (c *claims) groups() []*group {
	var out []*group
	for i, a := range c.alerts {
		for _, r := range c.routes[i] {
			key := fmt.Sprintf("%s:%s", c.keys[r.Index], grouped(r.Delivery, a))
			at := slices.IndexFunc(out, func(g *group) bool { return g.route == r && g.key == key })
			if at < 0 {
				at = len(out)
				out = append(out, &group{route: r, receiver: r.Receiver, key: key})
				for _, g := range out[:at] {
					if g.key == key && g.receiver == r.Receiver && (r.Twin() != nil || g.route.Twin() != nil) {
						g.twins, out[at].twins = true, true
					}
				}
			}
			out[at].members = append(out[at].members, i)
		}
	}
	return out
}
