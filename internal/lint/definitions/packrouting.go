package definitions

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/routing"
)

// packRouting reports routes, inhibitions, promises and quiets of packs that
// apply to alerts of other packs.
func (c *Checked) packRouting() []finding.Finding {
	var out []finding.Finding
	for i, p := range c.PackRouting {
		check := func(what, match string, others func(site.PackRouting) bool) {
			owners := []string{p.Pack}
			for j, o := range c.PackRouting {
				if others(o) && j < i {
					return // another check reports it
				}
				if others(o) {
					owners = append(owners, o.Pack)
				}
			}
			if names := c.ofOthers(match, owners); len(names) > 0 {
				out = append(out, finding.Finding{
					Code: finding.OthersAlerts, Where: fmt.Sprintf("pack %q, %s", p.Pack, what),
					Reason: fmt.Sprintf("it applies to %s too, which the pack does not have: match names of the pack's alerts or a label of their own, or write it in the site's Routing", list(names)),
				})
			}
		}
		r := p.Routing
		for _, x := range r.Route.Routes {
			match := x.Match
			if x.YAML() != "" {
				match = emit.RawMatch(x)
			}
			check("route "+emit.RouteName(match), match, has(x, func(o site.PackRouting) []routing.Route { return o.Route.Routes }))
		}
		for _, x := range r.Inhibit {
			same := has(x, func(o site.PackRouting) []routing.Inhibit { return o.Inhibit })
			check(emit.InhibitName(x), x.Source, same)
			check(emit.InhibitName(x), x.Target, same)
		}
		for _, x := range r.Promises {
			check("promise for "+emit.RouteName(x.Match), x.Match, has(x, func(o site.PackRouting) []routing.Promise { return o.Promises }))
		}
		for _, x := range r.Quiet {
			same := has(x, func(o site.PackRouting) []routing.Quiet { return o.Quiet })
			check("quiet of "+emit.RouteName(x.Match), x.Match, same)
			check("quiet of "+emit.RouteName(x.Match), x.While, same)
		}
	}
	return out
}

// has returns a function that reports whether a pack's routing has an equal
// part.
func has[T any](x T, parts func(site.PackRouting) []T) func(site.PackRouting) bool {
	return func(o site.PackRouting) bool {
		return slices.ContainsFunc(parts(o), func(y T) bool { return reflect.DeepEqual(x, y) })
	}
}

// ofOthers returns the names of the matching alerts that belong to none of the
// packs.
func (c *Checked) ofOthers(match string, packs []string) []string {
	ms, err := matchers.Parse(match)
	if err != nil {
		return nil // another check reports bad matchers
	}
	var names []string
	for _, a := range c.taken(ms) {
		if !slices.Contains(packs, a.Group.Pack) && !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}

// list formats at most three names.
func list(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d other alerts", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}
