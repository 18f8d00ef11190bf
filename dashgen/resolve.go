package dashgen

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/metrics"
)

// Defaults of a definition.
const (
	defaultWindow  = "6h"
	defaultRefresh = "1m"
	defaultSize    = 8
)

// Derived ids are larger than hand-written ones and fit a 32-bit integer.
const (
	firstDerived = 1000
	lastDerived  = 1<<31 - 1
)

// resolved returns a copy with all defaults set.
func (d Dashboard) resolved() Dashboard {
	d.Window = cmp.Or(d.Window, defaultWindow)
	d.Refresh = cmp.Or(d.Refresh, defaultRefresh)
	d.Variables = slices.Clone(d.Variables)
	for i := range d.Variables {
		v := &d.Variables[i]
		v.Title = cmp.Or(v.Title, v.Name)
	}
	d.Panels = d.resolvedPanels(d.Panels)
	d.Rows = slices.Clone(d.Rows)
	for i := range d.Rows {
		r := &d.Rows[i]
		r.ID = cmp.Or(r.ID, derivedID(d.UID, "row", r.Title))
		r.Panels = d.resolvedPanels(r.Panels)
	}
	return d
}

func (d Dashboard) resolvedPanels(panels []Panel) []Panel {
	panels = slices.Clone(panels)
	for i := range panels {
		p := &panels[i]
		p.ID = cmp.Or(p.ID, derivedID(d.UID, "panel", p.Title))
		p.Width = cmp.Or(p.Width, defaultSize)
		p.Height = cmp.Or(p.Height, defaultSize)
		if p.Show == nil {
			p.Show = TimeSeries{Lines: len(p.Thresholds) > 0}
		}
	}
	return panels
}

// derivedID computes an id from texts alone, so that links in old messages stay
// valid when other panels change.
func derivedID(parts ...string) int {
	h := fnv.New64a()
	h.Write([]byte(strings.Join(parts, "\x00")))
	return firstDerived + int(h.Sum64()%(lastDerived-firstDerived+1))
}

// duration parses a duration in Prometheus's notation, or in runs and scrapes.
func duration(text string, t metrics.Timing) (time.Duration, error) {
	d, err := model.ParseDuration(t.Expand(text))
	return time.Duration(d), err
}

// mustDuration is like duration for a validated text. An invalid text counts as
// zero.
func mustDuration(text string, t metrics.Timing) time.Duration {
	d, err := duration(text, t)
	if err != nil {
		return 0
	}
	return d
}
