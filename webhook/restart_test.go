package webhook_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
)

// An alert ends while Prometheus and Alertmanager are restarted: Alertmanager has
// forgotten it, and Prometheus sends no end. Prometheus's API decides, minutes
// later.
func TestAnEndDuringARestartOfAll(t *testing.T) {
	for name, c := range map[string]struct {
		foreign bool
		answer  func(a template.Alert, p []*rulesAPI)
		want    string // of the resolution after ten minutes; empty while the alert is open
		later   string // after two hours
	}{
		"it is over":                {answer: func(template.Alert, []*rulesAPI) {}, want: "redis, resolved after", later: "redis, resolved after"},
		"one half fires":            {answer: func(a template.Alert, p []*rulesAPI) { p[1].reports(a, "firing") }},
		"it is pending":             {answer: func(a template.Alert, p []*rulesAPI) { p[0].reports(a, "pending") }},
		"the rule fails":            {answer: func(_ template.Alert, p []*rulesAPI) { p[0].set(func(p *rulesAPI) { p.health = "err" }) }},
		"the rule is gone":          {answer: goneBoth, want: "redis, ended, its rule was removed", later: "redis, ended, its rule was removed"},
		"none answers":              {answer: awayBoth, later: "redis, ended, Alertmanager no longer knows it"},
		"of other rules":            {foreign: true, answer: goneBoth, later: "redis, ended, Alertmanager no longer knows it"},
		"of other rules, it fires":  {foreign: true, answer: func(a template.Alert, p []*rulesAPI) { p[1].reports(a, "firing") }},
		"of other rules, it's over": {foreign: true, answer: func(template.Alert, []*rulesAPI) {}, later: "redis, ended, Alertmanager no longer knows it"},
	} {
		t.Run(name, func(t *testing.T) {
			checked(t, 2, func(w *world, p []*rulesAPI) {
				manager := &recordedAPI{t: t, since: time.Now()}
				manager.answer("silenced/api-02") // it does not know the alert
				am, err := webhook.NewAlertmanager("http://u:SECRET@am.test/am", &http.Client{Transport: manager})
				if err != nil {
					t.Fatal(err)
				}
				w.config.Alertmanagers = []*webhook.Alertmanager{am}
				w.restart()
				sender := alertmanager{url: "http://a", priority: "P0", foreign: c.foreign}
				start := time.Now()
				w.post(sender.payload(sender.firing("redis", start)), api.Loud)
				c.answer(sender.firing("redis", start), p)
				for _, step := range []struct {
					after time.Duration
					want  string
				}{{10 * time.Minute, c.want}, {2 * time.Hour, c.later}} {
					w.after(step.after)
					m := w.bot.Messages(person)
					if step.want == "" && len(m) != 1 || step.want != "" && (len(m) != 2 || !strings.Contains(m[1].Text, step.want)) {
						t.Fatalf("after %v the chat shows %v", step.after, m)
					}
				}
			})
		})
	}
}
