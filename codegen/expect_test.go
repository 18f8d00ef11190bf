package codegen_test

import (
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/rules"
)

// A scenario's expectation must prove something; otherwise a finding names the
// scenario.
func TestExpectations(t *testing.T) {
	t.Parallel()
	const series = `queue_up{job="queue", instance="q:9400"} 1x2 0x5 1x5`
	const labels = `job="queue", instance="q:9400"`
	down := func(step, series string, expect ...rules.Expect) change {
		return in("BrokerDown", func(a *rules.Alert) {
			a.Summary = "{{ $labels.instance }} is {{ $value }}"
			a.Scenarios = []rules.Scenario{{Name: "down", Step: step, Series: series, Expect: expect}}
		})
	}
	quiet, fires := rules.Quiet("1m"), rules.Fires("5m", labels)
	says := fires.Says("summary", "q:9400 is 0")
	recorded := func(expect ...rules.Expect) change {
		return func(s *preflight.Site) {
			r := depth
			r.Scenarios = []rules.Scenario{{Name: "a queue", Series: `queue_depth{queue="a"} 3x5`, Expect: expect}}
			addGroup(s, rules.Group{Name: "depth", Records: []rules.Record{r}})
		}
	}
	const at, of = `alert "BrokerDown", scenario "down": `, `record "q:depth", scenario "a queue": `
	plantEach(t, queueSite, map[string]planted{
		"as it is":                   {down("", series, quiet, says), ""},
		"a text of nothing":          {down("", series, quiet.Says("summary", "x"), says), at + "DF019: at 1m: Says expects a text, and nothing fires"},
		"a text twice":               {down("", series, quiet, fires.Says("summary", "x").Says("summary", "q:9400 is 0")), ""},
		"an instance of nothing":     {down("", series, quiet, rules.Quiet("2m").And(labels).Says("summary", "x"), says), at + "DF019: at 2m: And adds an instance to Quiet"},
		"samples of an alert":        {down("", series, quiet, rules.Samples("2m", labels+" 1"), says), at + "DF019: at 2m: Samples is for recording rules"},
		"a text that is not there":   {down("", series, quiet, says.Says("sumary", "x")), at + `DF014: at 5m: Says names the text "sumary", which the alert does not have: did you mean "summary"?`},
		"a text that is not said":    {down("", series, quiet, fires), at + `DF003: at 5m: the labels {instance="q:9400", job="queue"} do not determine the text "summary": add it with Says`},
		"another severity":           {down("", series, quiet, rules.Fires("5m", labels+`, sev="grey"`).Says("summary", "q:9400 is 0")), at + "DF014: at 5m: instance {" + labels + `, sev="grey"}: no rule of the alert has its severity`},
		"no labels":                  {down("", series, quiet, rules.Fires("5m", `job=queue`)), at + "DF019: at 5m: instance {job=queue}: "},
		"no step":                    {down("0s", series, quiet, says), at + "DF019: Step: it is zero"},
		"a step in words":            {down("minute", series, quiet, says), at + "DF019: Step: "},
		"no values":                  {down("", `queue_up{job="queue", instance="q:9400"}`, quiet, says), at + "PQ001: series queue_up"},
		"no moment":                  {down("", series, quiet, rules.Quiet("later"), says), at + "DF019: a moment is missing or cannot be read"},
		"samples":                    {recorded(rules.Samples("1m", "3")), ""},
		"no samples":                 {recorded(rules.Samples("1m", "3"), rules.Quiet("20m")), `record "q:depth", scenario "a queue": DF015`},
		"samples without a number":   {recorded(rules.Samples("1m", `queue="a"`)), of + `DF019: at 1m: "queue=\"a\"" is not labels and a number`},
		"instances of a record":      {recorded(rules.Fires("1m", "")), of + "DF019: at 1m: Fires is for alerts: use Samples"},
		"a sample without a number":  {recorded(rules.Samples("1m", "3").And("")), of + "DF019: at 1m: And adds an instance without a number"},
		"a sample with a text":       {recorded(rules.Samples("1m", "3").Says("summary", "x")), of + "DF019: at 1m: Says expects a text, and a sample has none"},
		"a sample with other labels": {recorded(rules.Samples("1m", "queue 3")), of + "DF019: at 1m: "},
	})
}
