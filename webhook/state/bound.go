package state

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
)

// The limits of the labels of an alert, and of its annotations. They are many
// times what a message can show.
const (
	maxTexts  = 1000
	maxText   = 16 << 10  // bytes of a value
	maxOfText = 256 << 10 // bytes of all names and values
)

// kept are the labels and annotations that are kept before others.
var kept = []string{
	model.AlertNameLabel, "severity", "priority", api.Env, api.Source, api.Check, model.JobLabel, model.InstanceLabel,
	api.EvaluatedAt, api.ResolveWithin, api.ResolveAfter, api.SentBy, api.PostedTo, api.Title, api.Headline, api.ListTitle, api.Summary, api.Reason,
	api.Actions, api.Description, api.Message, api.Value, api.RunbookURL, api.Dashboard, api.SilenceURL, api.ImageURL,
}

// Bound shortens the labels and annotations of alerts, which would delay other
// notifications if they were huge. It keeps a label before others, and the
// fingerprints. The number of labels and annotations that it drops is an annotation
// of the alert.
func (p *Payload) Bound(label string) {
	for i := range p.Alerts {
		a := &p.Alerts[i]
		dropped := p.bound(&a.Labels, label) + p.bound(&a.Annotations, label)
		if dropped > 0 {
			if a.Annotations == nil {
				a.Annotations = template.KV{}
			}
			a.Annotations[api.LeftOut] = strconv.Itoa(dropped)
		}
	}
	for _, texts := range []*template.KV{&p.GroupLabels, &p.CommonLabels, &p.CommonAnnotations} {
		p.bound(texts, label)
	}
}

// bound returns how many texts it dropped.
func (p *Payload) bound(texts *template.KV, label string) (dropped int) {
	size := 0
	long := false
	for name, text := range *texts {
		size += len(name) + len(text)
		long = long || len(text) > maxText || len(name) > maxText
	}
	if size <= maxOfText && len(*texts) <= maxTexts && !long {
		return 0
	}
	p.Repaired = true
	first := append([]string{label}, kept...)
	names := slices.SortedFunc(maps.Keys(*texts), func(a, b string) int {
		if x, y := slices.Contains(first, a), slices.Contains(first, b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	some := template.KV{}
	size = 0
	for _, name := range names {
		text := (*texts)[name]
		if len(text) > maxText {
			text = strings.ToValidUTF8(text[:maxText], "") + "…"
		}
		if size+len(name)+len(text) > maxOfText || len(some) == maxTexts {
			continue
		}
		size += len(name) + len(text)
		some[name] = text
	}
	dropped = len(*texts) - len(some)
	*texts = some
	return dropped
}
