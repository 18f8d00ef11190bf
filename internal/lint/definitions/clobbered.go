package definitions

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
)

// followsFromName reports whether the finding is about a rule on ALERTS, and
// the overwritten label follows from the alert's name or target. Then no series
// are lost.
func (c *Checked) followsFromName(f finding.Finding) bool {
	label, err := strconv.Unquote(strings.TrimPrefix(f.Part, "label "))
	if f.Code != finding.ClobberedLabel || err != nil {
		return false
	}
	ofTargets := slices.Contains(c.TargetNames(), label)
	values := map[string]string{} // by alert
	for _, a := range c.Alerts {
		value := a.Labels.Pinned(label)
		if value == "" && a.Labels.Can(label) && !(ofTargets && a.Labels.Can(model.JobLabel) && a.Labels.Can(model.InstanceLabel)) {
			return false
		}
		if other, seen := values[a.Name]; seen && other != value {
			return false
		}
		values[a.Name] = value
	}
	return true
}
