package routetree

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/labelset"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
)

// Inhibited reports for each target whether it is inhibited while the source
// fires.
func (t *Tree) Inhibited(source model.LabelSet, targets []model.LabelSet) []bool {
	out := make([]bool, len(targets))
	if !t.canInhibit(source) {
		return out
	}
	inhibitor := inhibit.NewInhibitor(firing{source: source}, t.Inhibits, promslog.NewNopLogger(), eventrecorder.NopRecorder())
	go inhibitor.Run()
	defer inhibitor.Stop()
	inhibitor.WaitForLoading()
	for i, target := range targets {
		out[i] = inhibitor.Mutes(context.Background(), labelset.FromModel(target))
	}
	return out
}

// canInhibit reports whether the alert is the source of an inhibition.
func (t *Tree) canInhibit(source model.LabelSet) bool {
	return slices.ContainsFunc(t.sources, func(m labels.Matchers) bool { return m.Matches(source) })
}

// firing is a set of alerts for Alertmanager's inhibitor: one firing alert.
type firing struct {
	provider.Alerts // the inhibitor calls no other method

	source model.LabelSet
}

func (f firing) SlurpAndSubscribe(string) ([]*alert.Alert, provider.AlertIterator) {
	now := time.Now()
	a := &alert.Alert{Alert: model.Alert{Labels: f.source, StartsAt: now, EndsAt: now.Add(time.Hour)}, UpdatedAt: now}
	return []*alert.Alert{a}, provider.NewAlertIterator(make(chan *provider.Alert), make(chan struct{}), nil)
}
