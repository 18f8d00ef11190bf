package codegen_test

import (
	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// broker returns the pack of a message queue with these alerts.
func broker(alerts ...rules.Alert) preflight.Pack {
	return preflight.Pack{
		Name: "queue",
		Metrics: []metrics.Desc{
			{Name: "queue_depth", Type: metrics.Gauge, Help: "Messages waiting.", Labels: metrics.Labels("queue")},
			{Name: "queue_up", Type: metrics.Gauge, Unit: metrics.Bool, Help: "1 when the broker answers."},
		},
		Groups: []rules.Group{{Name: "queue", Alerts: append([]rules.Alert{brokerDown()}, alerts...)}},
	}
}

func brokerDown() rules.Alert {
	return rules.Alert{Name: "BrokerDown", Severity: "red", Expr: "queue_up == 0", For: "1m"}
}

func queueLong() rules.Alert {
	return rules.Alert{Name: "QueueLong", Severity: "amber", Expr: `sum by (queue) (queue_depth) > 5`, For: "2m"}
}

// mq returns a site with two environments and its own severities that uses the
// packs.
func mq(packs ...preflight.Pack) preflight.Site {
	return preflight.Site{
		Name:  "mq",
		Packs: packs,
		Envs:  []string{"dev", "prod"},
		Jobs: []preflight.Job{{
			Name: "queue", ByEnv: map[string][]string{"dev": {"d1:9400"}, "prod": {"q1:9400", "q2:9400"}}, Labels: map[string]string{"team": "mq"},
		}},
		Alertmanager: preflight.Alertmanager{Addresses: []string{"am:9093"}},
		Webhook:      preflight.Webhook{URL: "http://hook:9917"},
		Severities: routing.Severities{Label: "sev", Levels: []routing.Level{
			{Name: "red", Icon: "🔴", Urgent: true, Takes: []string{"P0", "critical", "page"}},
			{Name: "amber", Icon: "🟠", Sound: routing.Loud, Takes: []string{"P1", "P2", "warning"}},
			{Name: "grey", Icon: "⚪", Takes: []string{"P3", "info"}},
		}},
		Routing: routing.Routing{
			Receivers: []routing.Receiver{{Name: "mq", Chats: []routing.Chat{{Telegram: "$MQ"}}}},
			Route:     routing.Route{Receiver: "mq", GroupBy: []string{"alertname"}},
		},
	}
}

// ordersAndBilling returns a site that uses a pack twice, for two teams.
func ordersAndBilling(p preflight.Pack, billing ...preflight.Change) preflight.Site {
	return mq(
		p.With(preflight.As("orders"), preflight.Labels{"unit": "orders"}),
		p.With(append([]preflight.Change{preflight.As("billing"), preflight.Labels{"unit": "billing"}}, billing...)...),
	)
}

const (
	ordersRules  = "prometheus/rules/orders.yml"
	billingRules = "prometheus/rules/billing.yml"
)
