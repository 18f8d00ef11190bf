package ruletest

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// alertRule is an alerting rule that expands its templates only when a test
// reads them. Most evaluations only update the rule's state, and templates are
// most of their cost.
type alertRule struct {
	// AlertingRule holds the state, without annotations and without labels that
	// are no templates.
	*rules.AlertingRule
	// shown is the complete rule without its delay. It is nil if AlertingRule
	// is complete.
	shown *rules.AlertingRule
	fixed labels.Labels // labels that AlertingRule lacks
	look  bool          // the next evaluation expands the annotations of firing alerts
	texts bool          // shown has the annotations of the last evaluation
}

func (s *Suite) newAlertRule(r rulefmt.Rule, expr parser.Expr, lset labels.Labels) *alertRule {
	build := func(hold, keep time.Duration, lset, annotations labels.Labels) *rules.AlertingRule {
		return rules.NewAlertingRule(r.Alert, expr, hold, keep, lset, annotations, s.ExternalLabels, s.ExternalURL, true, logger)
	}
	hold, keep, annotations := time.Duration(r.For), time.Duration(r.KeepFiringFor), labels.FromMap(r.Annotations)
	if keep > 0 {
		// While keep_firing_for holds an alert, it has the texts of the last
		// evaluation that found it.
		return &alertRule{AlertingRule: build(hold, keep, lset, annotations)}
	}
	out := &alertRule{shown: build(0, 0, lset, annotations)}
	if areFixed(lset) {
		out.fixed, lset = lset, labels.EmptyLabels()
	}
	out.AlertingRule = build(hold, 0, lset, labels.EmptyLabels())
	return out
}

// areFixed reports whether no label is a template.
func areFixed(lset labels.Labels) bool {
	fixed := true
	lset.Range(func(l labels.Label) {
		fixed = fixed && l.Value != "" && !strings.Contains(l.Value, "{{")
	})
	return fixed
}

// Eval implements [rules.Rule].
func (r *alertRule) Eval(ctx context.Context, offset time.Duration, ts time.Time, query rules.QueryFunc, external *url.URL, limit int) (promql.Vector, error) {
	if r.shown == nil {
		return r.AlertingRule.Eval(ctx, offset, ts, query, external, limit)
	}
	var result promql.Vector
	asked := false
	once := func(ctx context.Context, text string, t time.Time) (promql.Vector, error) {
		if asked {
			return result, nil
		}
		var err error
		result, err = query(ctx, text, t)
		asked = err == nil
		return result, err
	}
	state := func(ctx context.Context, text string, t time.Time) (promql.Vector, error) {
		vector, err := once(ctx, text, t)
		return labelled(vector, r.fixed), err
	}
	out, err := r.AlertingRule.Eval(ctx, offset, ts, first(state, query), external, limit)
	r.texts = r.look && slices.ContainsFunc(r.ActiveAlerts(), func(a *rules.Alert) bool { return a.State == rules.StateFiring })
	if err != nil || !r.texts {
		return out, err
	}
	_, err = r.shown.Eval(ctx, offset, ts, first(once, query), external, limit)
	return out, err
}

// first answers the first query, which is the rule's expression, with answer,
// and later ones, which come from templates, with rest.
func first(answer, rest rules.QueryFunc) rules.QueryFunc {
	asked := false
	return func(ctx context.Context, text string, t time.Time) (promql.Vector, error) {
		if asked {
			return rest(ctx, text, t)
		}
		asked = true
		return answer(ctx, text, t)
	}
}

// labelled returns the vector with the labels set on each sample.
func labelled(vector promql.Vector, set labels.Labels) promql.Vector {
	if set.IsEmpty() {
		return vector
	}
	out := make(promql.Vector, len(vector))
	b := labels.NewBuilder(labels.EmptyLabels())
	for i, v := range vector {
		b.Reset(v.Metric)
		b.Del(model.MetricNameLabel)
		set.Range(func(l labels.Label) { b.Set(l.Name, l.Value) })
		v.Metric = b.Labels()
		out[i] = v
	}
	return out
}

// firing returns the firing instances. They have annotations if the evaluation
// expanded them.
func (r *alertRule) firing() []instance {
	var out []instance
	texts := map[uint64]labels.Labels{}
	if r.texts {
		for _, a := range r.shown.ActiveAlerts() {
			texts[a.Labels.Hash()] = a.Annotations
		}
	}
	for _, a := range r.ActiveAlerts() {
		if a.State != rules.StateFiring {
			continue
		}
		in := instance{a.Labels, a.Annotations}
		if r.shown != nil {
			in.annotations = texts[a.Labels.Hash()]
		}
		out = append(out, in)
	}
	return out
}
