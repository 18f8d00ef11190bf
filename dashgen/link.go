package dashgen

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/metrics"
)

// Link returns the address of a panel in the Grafana at a URL, over the window
// of the dashboard. For panel 0 it leads to the dashboard as a whole.
//
// The link is a template of an alert: it chooses the values of those variables
// whose label the alert can have, and leaves out those whose label an instance
// lacks. has reports whether an alert can have a label, and whether each instance
// does. With a nil has the link names no variables.
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

// address returns the URL of a dashboard up to its query, with the query of the
// URL of Grafana: "https://grafana.example/d/UID?orgId=2&".
func address(grafana, uid string) string {
	base, own, _ := strings.Cut(grafana, "?")
	out := strings.TrimSuffix(base, "/") + "/d/" + url.PathEscape(uid) + "?"
	if own != "" {
		out += strings.TrimSuffix(own, "&") + "&"
	}
	return out
}

// labelValue reads a label in a template of an alert.
func labelValue(label string) string {
	if model.LegacyValidation.IsValidLabelName(label) {
		return "$labels." + label
	}
	return fmt.Sprintf("index $labels %q", label)
}

// from returns the start of the window as Grafana writes it.
func (d Dashboard) from(t metrics.Timing) string {
	return "now-" + model.Duration(mustDuration(d.Window, t)).String()
}
