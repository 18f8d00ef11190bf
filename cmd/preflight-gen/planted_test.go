package main

import (
	"os"
	"slices"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/rules"
)

// planted is preflight-gen of the shipped pack with a change of the routing,
// named by the first argument.
func planted() {
	pack := codegen.Preflight()
	r := &pack.Routing
	of := func(p rules.Priority) []rules.Matcher { return []rules.Matcher{{Label: "priority", Value: string(p)}} }
	at := func(p rules.Priority) int {
		return slices.IndexFunc(r.Routes, func(x rules.Route) bool { return slices.Equal(x.Match, of(p)) })
	}
	changes := map[string]func(){
		"silent-p0": func() { r.Routes[at(rules.P0)].Receiver = rules.ReceiverSilent },
		"no-p2":     func() { r.Routes = slices.Delete(r.Routes, at(rules.P2), at(rules.P2)+1) },
		"unreached": func() {
			last := r.Default
			last.Match = []rules.Matcher{{Label: "alertname", Value: "TargetDown"}}
			r.Routes = append(r.Routes, last)
		},
		"wide-inhibition": func() { r.Inhibit[0].Equal = nil },
		"muted-p2": func() {
			r.Intervals = []rules.Interval{{Name: "nights", Times: []rules.TimeRange{{From: "00:00", To: "06:00"}}}}
			r.Routes[at(rules.P2)].MuteDuring = []string{"nights"}
			i := slices.IndexFunc(r.Promises, func(x rules.Promise) bool { return slices.Equal(x.Of, of(rules.P2)) })
			r.Promises[i].MuteDuring = []string{"nights"}
		},
	}
	changes[os.Args[1]]()
	os.Exit(codegen.Main(pack, os.Args[2:], os.Stdout, os.Stderr))
}
