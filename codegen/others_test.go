package codegen_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/routing"
)

// Alerts that other programs send to the same Alertmanager: a site states them, and
// its routes and promises for them are proved.
func TestAlertsOfOtherPrograms(t *testing.T) {
	t.Parallel()
	const legacy = `source="legacy"`
	old := func(s *preflight.Site) {
		s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "old", Chats: []routing.Chat{{Telegram: "$OLD"}}})
	}
	promise := func(list ...routing.Promise) change {
		return func(s *preflight.Site) { s.Routing.Promises = append(s.Routing.Promises, list...) }
	}
	others := func(list ...string) change {
		return func(s *preflight.Site) { s.Routing.Others = list }
	}
	route := routed(routing.Route{Match: legacy, Receiver: "old", GroupBy: []string{"host"}})
	toOld := promise(routing.Promise{Match: legacy, Receiver: "old", Within: "2h"}, routing.Promise{Match: `source!="legacy"`, Receiver: "mq"})
	plantEach(t, queueSite, map[string]planted{
		"a route":                      {all(old, route), "routing, {source=\"legacy\"}: AM002: no alert gets here: no alert has source=\"legacy\""},
		"a stated route":               {all(old, route, others(legacy)), ""},
		"a stated promise":             {all(old, route, toOld, others(legacy)), ""},
		"a promise that is not kept":   {all(toOld, others(legacy), old, routed(routing.Route{Match: legacy + `, host!=""`, Receiver: "old"})), "routing, Others {source=\"legacy\"}: AM008: "},
		"a promise about all of them":  {all(old, route, others(legacy), promise(routing.Promise{Receiver: "mq"})), "routing, Others {source=\"legacy\"}: AM008: {alertname=\"SomebodyElses\""},
		"a route for some":             {all(old, routed(routing.Route{Match: legacy + `, team="x"`, Receiver: "old"}), others(legacy)), ""},
		"a route for others than them": {all(old, routed(routing.Route{Match: `source="older"`, Receiver: "old"}), others(legacy)), "no alert has source=\"older\""},
		"no matcher":                   {others(""), "it requires no label: write labels that only alerts of other programs have"},
		"bad matchers":                 {others(`source="a`), "routing, Others"},
		"a label that is not there":    {others(`source=""`), "it requires no label"},
		"a contradiction":              {others(`source="a", source="b"`), "it matches no alert: source cannot be both \"a\" and \"b\""},
		"named alerts":                 {all(old, routed(routing.Route{Match: `alertname="Old"`, Receiver: "old"}), others(`alertname=~"Old|Older"`)), ""},
	})
	s := queueSite()
	all(old, toOld)(&s)
	if found := findings(t, s); !strings.Contains(found, `promise of {source="legacy"}: AM008: the promise matches no alert: no alert has source="legacy"; if other programs send such alerts, state them in Routing.Others`) {
		t.Error(found)
	}
	s = queueSite()
	all(old, route, toOld, others(legacy))(&s)
	page := file(t, s, "alertmanager/routes.md")
	if !strings.Contains(page, `source="legacy"`) || !strings.Contains(file(t, s, "alertmanager/route_tests.txt"), `old alertname="SomebodyElses" source="legacy"`) {
		t.Errorf("the stated alerts are missing:\n%s", page)
	}
}

// A waiver may be for one part of a definition: it covers no other.
func TestWaiversOfParts(t *testing.T) {
	t.Parallel()
	two := routed(routing.Route{Match: `source="a"`, GroupWait: "1m"}, routing.Route{Match: `source="b"`, GroupWait: "2m"})
	waived := func(list ...finding.Waiver) change {
		return func(s *preflight.Site) { s.Routing.Waivers = list }
	}
	of := func(part string) finding.Waiver {
		return finding.Waiver{Code: finding.UnreachableRoute, Part: part, Why: "alerts of the old system"}
	}
	receiver := func(name string) finding.Waiver {
		return finding.Waiver{Code: finding.BadSite, Part: `receiver "` + name + `"`, Why: "it moves"}
	}
	twin := func(s *preflight.Site) {
		s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "twin", Chats: []routing.Chat{{Telegram: "$MQ"}}})
		routed(routing.Route{Match: `sev="amber"`, Receiver: "twin"})(s)
	}
	one, other := of(`{source="a"}`), of(`{source="b"}`)
	plantEach(t, queueSite, map[string]planted{
		"one":                {all(two, waived(one)), `routing, {source="b"}: AM002`},
		"the other":          {all(two, waived(other)), `routing, {source="a"}: AM002`},
		"both":               {all(two, waived(one, other)), ""},
		"every part":         {all(two, waived(of(""))), ""},
		"no such part":       {all(two, waived(one, other, of(`{source="c"}`))), `routing: DF005: waives AM002 of {source="c"} (alerts of the old system), and there is no such finding`},
		"half of a name":     {all(two, waived(one, other, of(`{source=`))), "waives AM002 of {source= "},
		"a receiver":         {all(twin, waived(receiver("twin"))), ""},
		"another receiver":   {waived(receiver("mq")), `waives DF017 of receiver "mq"`},
		"without its waiver": {twin, `receiver "twin": DF017`},
	})
}
