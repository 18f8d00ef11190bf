package codegen_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// The output has the name of an environment for ENV in a scenario, and a
// duration for runs in the definition.
func TestExplainShowsEnvironmentsAndDurations(t *testing.T) {
	t.Parallel()
	site := preflight.Site{
		Name: "shop", Envs: []string{"prod"}, Timing: metrics.Timing{Run: 10 * time.Minute},
		Packs: []preflight.Pack{{
			Name: "queue",
			Metrics: []metrics.Desc{{
				Name: "shop_queue_length", Type: metrics.Gauge, Help: "Orders that wait.", Cadence: metrics.EveryRun, Labels: metrics.Labels("env"),
			}},
			Groups: []rules.Group{{Name: "queue", Alerts: []rules.Alert{{
				Name: "QueueLong", Severity: "warning", Expr: `shop_queue_length > 100`, For: "3runs",
				Summary: "{{ $labels.env }}: long for {{ $for }}",
				About:   "The queue is long for {{ $for }}.",
				Scenarios: []rules.Scenario{{
					Name: "long", Step: "1run", Series: `shop_queue_length{env="ENV"} 100 101x5`,
					Expect: []rules.Expect{rules.Quiet("3runs"), rules.Fires("5runs", `env="ENV"`).Says("summary", "ENV: long for 30m")},
				}},
			}}}},
		}},
		Routing: routing.Routing{
			Receivers: []routing.Receiver{{Name: "me", Telegram: []routing.Telegram{{ChatID: 42, BotToken: routing.Secret("bot_token")}}}},
			Route:     routing.Route{Receiver: "me"},
		},
	}
	var out, stderr bytes.Buffer
	if code := codegen.Run(context.Background(), []string{"explain", "QueueLong"}, &out, &stderr, site); code != 0 {
		t.Fatalf("exit %d\n%s", code, stderr.String())
	}
	for _, want := range []string{"The queue is long for 30m.", "QueueLong: prod: long for 30m"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
