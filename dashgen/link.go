package dashgen

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/metrics"
)

// Link returns the address of a panel in the Grafana at a URL, with the
// dashboard's window. For panel 0 it is the address of the dashboard.
//
// The link is a template of an alert. It sets the variables whose label the
// alert can have, unless an instance lacks the label. has reports whether an
// alert can have a label, and whether every instance has it. If has is nil, the
// link sets no variables.
func (d Dashboard) Link(grafana string, panel int, t metrics.Timing, has func(label string) (can, always bool)) string {
	d = d.resolved()
	var query strings.Builder
	if panel != 0 {
		query.WriteString("viewPanel=" + strconv.Itoa(panel) + "&")
	}
	for _, v := range d.Variables {
		if has == nil || v.Label == "" {
			continue
		}
		can, always := has(v.Label)
		switch {
		case always:
			fmt.Fprintf(&query, "var-%s={{ %s | urlquery }}&", v.Name, labelValue(v.Label))
		case can:
			fmt.Fprintf(&query, "{{ with %s }}var-%s={{ . | urlquery }}&{{ end }}", labelValue(v.Label), v.Name)
		}
	}
	return address(grafana, d.UID) + query.String() + "from=" + d.from(t) + "&to=now"
}

// address returns the URL of a dashboard up to its query. It keeps the query of
// Grafana's URL: "https://grafana.example/d/UID?orgId=2&".
func address(grafana, uid string) string {
	base, own, _ := strings.Cut(grafana, "?")
	out := strings.TrimSuffix(base, "/") + "/d/" + url.PathEscape(uid) + "?"
	if own != "" {
		out += strings.TrimSuffix(own, "&") + "&"
	}
	return out
}

// labelValue returns the template expression of a label's value.
func labelValue(label string) string {
	if model.LegacyValidation.IsValidLabelName(label) {
		return "$labels." + label
	}
	return fmt.Sprintf("index $labels %q", label)
}

// from returns the start of the window in Grafana's notation.
func (d Dashboard) from(t metrics.Timing) string {
	return "now-" + model.Duration(mustDuration(d.Window, t)).String()
}
