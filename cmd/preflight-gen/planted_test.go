package main

import (
	"os"
	"slices"
	"strings"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/site"
)

// planted runs preflight-gen on the shipped site with a planted change of the
// routing. The first argument names the change.
func planted() {
	s := site.Site()
	change := changes()[os.Args[1]]
	os.Args = slices.Delete(os.Args, 1, 2)
	change(&s)
	codegen.Main(s)
}

func changes() map[string]func(s *preflight.Site) {
	at := func(s *preflight.Site, match string) int {
		return slices.IndexFunc(s.Routing.Route.Routes, func(r routing.Route) bool { return r.Match == match })
	}
	const p0, p2 = `priority="P0"`, `priority="P2"`
	return map[string]func(s *preflight.Site){
		"silent-p0": func(s *preflight.Site) { s.Routing.Route.Routes[at(s, p0)].Receiver = "telegram-silent" },
		"no-p2": func(s *preflight.Site) {
			s.Routing.Route.Routes = slices.Delete(s.Routing.Route.Routes, at(s, p2), at(s, p2)+1)
			s.Routing.Promises = slices.DeleteFunc(s.Routing.Promises, func(x routing.Promise) bool { return strings.HasPrefix(x.Match, p2) })
		},
		"unreached": func(s *preflight.Site) {
			s.Routing.Route.Routes = append(s.Routing.Route.Routes, routing.Route{Match: `alertname="TargetDown"`})
		},
		"wide-inhibition": func(s *preflight.Site) {
			inhibit := slices.Clone(s.Packs[0].Routing.Inhibit)
			inhibit[0].Equal = nil
			s.Packs[0].Routing.Inhibit = inhibit
		},
		"muted-p2": func(s *preflight.Site) {
			s.Routing.TimeIntervals = []routing.TimeInterval{{Name: "nights", Times: []string{"00:00-06:00"}}}
			s.Routing.Route.Routes[at(s, p2)].Mute = []string{"nights"}
			for i, x := range s.Routing.Promises {
				if x.Match == p2+`, source!="pipeline"` {
					s.Routing.Promises[i].NotIn = []string{"nights"}
				}
			}
		},
	}
}
