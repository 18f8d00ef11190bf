package codegen

import (
	"bytes"
	_ "embed"
	"regexp"
	"strings"
	"text/template"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

var (
	//go:embed runbook.md.tmpl
	runbookText string
	//go:embed runbooks.md.tmpl
	runbooksText string
)

// runbookPage is what the page of one alert says.
type runbookPage struct {
	Alert  rules.Alert
	Group  rules.Group
	Exprs  []string
	For    string
	Route  rules.Route
	Told   string
	Checks []checks.Spec // whose reasons the alert gives; none for other alerts
	Links  struct{ Dashboard string }
}

// runbook returns the page of an alert.
func (p Pack) runbook(ctx rules.Context, g rules.Group, a rules.Alert) ([]byte, error) {
	emitted, err := ctx.Rules(rules.Group{Name: g.Name, Interval: g.Interval, Labels: g.Labels, Alerts: []rules.Alert{a}})
	if err != nil {
		return nil, err
	}
	labels := g.AlertLabels(a)
	labels[model.AlertNameLabel] = a.Name
	page := runbookPage{Alert: a, Group: g}
	for _, r := range emitted {
		page.Exprs = append(page.Exprs, r.Expr)
		page.For = r.For.String()
	}
	for _, page.Route = range p.Routing.Find(labels) { // the last is the rule, those before are extra
		receiver, _ := p.Routing.Receiver(page.Route.Receiver)
		also := page.Told
		if page.Told = told(receiver); also != "" {
			page.Told += "; " + also
		}
	}
	if a.Reason != "" {
		page.Checks = p.Checks
	}
	if ctx.Links.Dashboard != nil && a.Dashboard != "" {
		page.Links.Dashboard = ctx.Links.Dashboard(a.Dashboard, a.Panel)
	}
	return render("runbook", runbookText, page)
}

// runbookIndex returns the page that lists all alerts.
func (p Pack) runbookIndex() ([]byte, error) {
	return render("runbooks", runbooksText, p)
}

// told says in words what a receiver does.
func told(r rules.Receiver) string {
	if r.Fallback != "" {
		return "Alertmanager's own message as well"
	}
	switch r.Path {
	case api.NotifyPath(rules.Loud):
		return "Telegram with sound, and the history"
	case api.NotifyPath(rules.Silent):
		return "Telegram without sound, and the history"
	case api.NotifyPath(rules.None):
		return "the history only"
	case api.WatchdogPath:
		return "the webhook, as a sign of life"
	default:
		return r.Name
	}
}

func render(name, text string, data any) ([]byte, error) {
	tmpl, err := template.New(name).Funcs(template.FuncMap{
		"wait":  func(d time.Duration) string { return model.Duration(d).String() },
		"plain": plain,
		"told":  told,
		"join":  func(list []string) string { return strings.Join(list, ", ") },
		"inc":   func(i int) int { return i + 1 },
	}).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

var conditional = regexp.MustCompile(`\{\{ if eq \$labels\.(\w+) "([^"]*)" \}\}(.*?)\{\{ end \}\}`)

// plain shows a template to people: {{ $labels.env }} becomes {env}, and a text
// that is shown for one value of a label begins with it.
func plain(text string) string {
	text = conditional.ReplaceAllString(text, "$1 $2: $3")
	for {
		before, rest, found := strings.Cut(text, "{{ $labels.")
		name, after, closed := strings.Cut(rest, " }}")
		if !found || !closed {
			return text
		}
		text = before + "{" + name + "}" + after
	}
}
