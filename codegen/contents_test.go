package codegen_test

import (
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

// Findings name the change or the check.
func TestNamesInPacks(t *testing.T) {
	t.Parallel()
	checks := func(list ...spec.Spec) change {
		return func(s *preflight.Site) {
			s.Packs[0].Checks = list
			alert(s, "QueueLong").Reason = "load"
		}
	}
	panel := func(edit func(q *dashgen.Panel)) change {
		return in("QueueLong", func(a *rules.Alert) { edit(&a.Panel) })
	}
	plantEach(t, queueSite, map[string]planted{
		"two checks":    {checks(spec.Spec{Name: "A", Looks: "y"}, spec.Spec{Name: "B", Looks: "y"}), ""},
		"a check twice": {checks(spec.Spec{Name: "A", Looks: "y"}, spec.Spec{Name: "A", Looks: "y"}), `check "A": DF007: the pack "queue" defines it twice`},
		"a check of two packs": {all(checks(spec.Spec{Name: "A", Looks: "y"}), func(s *preflight.Site) {
			s.Packs = append(s.Packs, preflight.Pack{Name: "other", Checks: []spec.Spec{{Name: "A", Looks: "y"}}})
		}), ""},
		"a check of two kinds": {all(checks(spec.Spec{Name: "A", Looks: "y"}), func(s *preflight.Site) {
			s.Packs = append(s.Packs, preflight.Pack{Name: "other", Checks: []spec.Spec{{Name: "A", Looks: "x"}}})
		}), `check "A": DF007: the packs "queue" and "other" define it differently`},
		"a check without":       {checks(spec.Spec{}), `pack "queue": DF001: one of its Checks has no Name`},
		"from nothing":          {taken(preflight.Rename{To: "kju"}), `pack "queue", Rename: DF008: From is empty`},
		"to nothing":            {taken(preflight.Rename{From: "queue"}), `pack "queue", Rename: DF008: To is empty`},
		"to no name":            {taken(preflight.Rename{From: "queue", To: "a b"}), `pack "queue", Rename: DF008: To: "a b"`},
		"another name":          {taken(preflight.Rename{From: "queue", To: "kju"}), ""},
		"no other name":         {taken(preflight.As("")), `pack "queue", As: DF008: the name is empty`},
		"a map that is not set": {taken(preflight.Override{Alert: "QueueLong", Edit: writeAll}), ""},
		"a threshold of runs": {panel(func(q *dashgen.Panel) {
			q.Thresholds = []dashgen.Threshold{{At: 5, Color: dashgen.Red}, {At: 7, Runs: 3, Color: dashgen.Orange}}
		}), "GR007: has a threshold with both At (7) and Runs (3)"},
		"a mapping": {panel(func(q *dashgen.Panel) { q.Mappings = []dashgen.Mapping{{Text: "none"}} }), "GR007: has no colour for one of its mappings"},
		"a query":   {panel(func(q *dashgen.Panel) { q.Title, q.Targets = "Queue", []dashgen.Target{{Legend: "x"}} }), "query A: GR007: has no expression"},
	})
}

func writeAll(a *rules.Alert) {
	a.Labels["unit"] = "x"
	a.Annotations["team"] = "mq"
	a.Title, a.Translations["ko"] = "Queue long", rules.Translation{Title: "대기열 증가"}
}
