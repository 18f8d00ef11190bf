package suite

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/webhook/api"
)

// stamp writes into the expected alerts of the tests when their rules were last
// evaluated. While keep_firing_for holds an alert, only Prometheus's engine
// knows that.
func (t *Test) stamp(list []rulefmt.Rule) error {
	ours := func(r rulefmt.Rule) bool { return r.Annotations[api.EvaluatedAt] == emit.EvaluatedAt }
	if !slices.ContainsFunc(list, ours) {
		return nil
	}
	kept := slices.ContainsFunc(list, func(r rulefmt.Rule) bool { return r.KeepFiringFor > 0 })
	for _, f := range []*testfile.File{&t.file, t.generated} {
		if f == nil {
			continue
		}
		stampEach(f)
		if !kept {
			continue
		}
		suites, err := ruletest.Load(*f)
		if err != nil {
			return err
		}
		for i, s := range suites {
			if err := stampKept(&f.Tests[i], s, list); err != nil {
				return err
			}
		}
	}
	return nil
}

// stampEach writes the time of the last evaluation before each moment.
func stampEach(f *testfile.File) {
	each := time.Duration(f.EvaluationInterval)
	for _, t := range f.Tests {
		start := t.Start.Time
		if t.Start.IsZero() {
			start = time.Unix(0, 0)
		}
		for _, c := range t.Alerts {
			at := start.Add(time.Duration(c.At).Truncate(each)).UTC().Format(emit.EvaluatedAtLayout)
			for _, a := range c.Expected {
				if _, ok := a.Annotations[api.EvaluatedAt]; ok {
					a.Annotations[api.EvaluatedAt] = at
				}
			}
		}
	}
}

// stampKept writes the times that Prometheus's engine shows.
func stampKept(t *testfile.Test, s *ruletest.Suite, list []rulefmt.Rule) error {
	shown, err := s.Shown([]rulefmt.RuleGroup{{Name: "subject", Rules: list}})
	if err != nil {
		return err
	}
	for i, c := range t.Alerts {
		for _, a := range c.Expected {
			for _, real := range shown[i] {
				if model.LabelsToSignature(real.Labels) == model.LabelsToSignature(a.Labels) && real.Annotations[api.EvaluatedAt] != "" {
					a.Annotations[api.EvaluatedAt] = real.Annotations[api.EvaluatedAt]
				}
			}
		}
	}
	return nil
}
