package codegen_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/packs/pipeline"
	"github.com/alertnative/preflight/packs/trading"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// watched returns a site with the jobs that packs/pipeline needs.
func watched(packs ...preflight.Pack) preflight.Site {
	s := mq(packs...)
	s.Jobs = append(s.Jobs,
		preflight.Job{Name: "node", Targets: []string{"n:9100"}}, preflight.Job{Name: "prometheus", Targets: []string{"p:9090"}},
		preflight.Job{Name: "alertmanager", Targets: []string{"am:9093"}}, preflight.Job{Name: "webhook", Targets: []string{"hook:9917"}},
	)
	s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{
		Name: "direct", Telegram: []routing.Telegram{{BotToken: routing.Secret("token"), ChatID: -7}},
	})
	s.Routing.Route.Routes = []routing.Route{{Match: `delivery="direct"`, Receiver: "direct"}}
	return s
}

// Definitions that other programs would refuse or ignore give findings.
func TestMistakesOfOtherSites(t *testing.T) {
	t.Parallel()
	base := func() preflight.Site { return mq(broker(queueLong())) }
	yaml := func(text string) change { return func(s *preflight.Site) { s.Jobs[0].YAML = text } }
	for want, plant := range map[string]change{
		// The webhook's file.
		`site, Severities and Webhook: DF017: the webhook would refuse its configuration: webhook.yml:9: default_chat: chat 1 of the list is not a chat`: func(s *preflight.Site) {
			s.Webhook.DefaultChat = "MQ"
		},
		`receiver "mq": AM009: the webhook has no messages in the Language "fr": choose one of en, ko`: func(s *preflight.Site) {
			s.Routing.Receivers[0].Language = "fr"
		},
		`receiver "mq": AM009: the chat "$MQ:7" is none`: func(s *preflight.Site) { s.Routing.Receivers[0].Chats[0].Telegram = "$MQ:7" },
		// Prometheus's file.
		`job "queue": DF018: Prometheus refuses it: there is no key "foo"`:                      yaml("foo: zz"),
		"there is no key \"honour_labels\"\n    did you mean \"honor_labels\"?":                 yaml("honour_labels: true"),
		"there is no key \"kubernets_sd_configs\"\n    did you mean \"kubernetes_sd_configs\"?": yaml("kubernets_sd_configs: []"),
		`Prometheus refuses it: scrape timeout greater than scrape interval`:                    yaml("scrape_timeout: 5m"),
		`job "queue": DF018: Prometheus refuses it: relabel configuration for replace action`:   yaml("relabel_configs: [{source_labels: [a]}]"),
		`job "queue", YAML: DF018: its relabelling sets the label job`:                          yaml("relabel_configs: [{target_label: job, replacement: other}]"),
		`job "queue": DF018: the Scheme "ftp" is none of http and https`:                        func(s *preflight.Site) { s.Jobs[0].Scheme = "ftp" },
		`job "queue": DF018: the Path "/m?module=x" is not a path`:                              func(s *preflight.Site) { s.Jobs[0].Path = "/m?module=x" },
		`alert "QueueLong", Actions: DF001: action 2 is empty`:                                  in("QueueLong", func(a *rules.Alert) { a.Actions = []string{"look", ""} }),
		`alert "QueueLong", Title: DF001: it has several lines: write one`:                      in("QueueLong", func(a *rules.Alert) { a.Title = "Long\nqueue" }),
		// The routes.
		`routing, the default route: DF017: RepeatInterval 30d is longer than Alertmanager keeps its notifications, 5d`: func(s *preflight.Site) {
			s.Routing.Route.RepeatInterval = "30d"
		},
		`routing, the default route: DF019: GroupWait: `: func(s *preflight.Site) { s.Routing.Route.GroupWait = "1run" },
		`receiver "mq": AM009: integration Telegram: BotToken is missing`: func(s *preflight.Site) {
			s.Routing.Receivers[0].Telegram = []routing.Telegram{{ChatID: 1}}
		},
		`receiver "mq": AM009: integration Telegram: give one of ChatID and ChatIDFile`: func(s *preflight.Site) {
			s.Routing.Receivers[0].Telegram = []routing.Telegram{{BotToken: routing.Secret("t"), ChatID: 1, ChatIDFile: routing.Secret("c")}}
		},
		// Waivers.
		`alert "BrokerDown": DF005: DF014 cannot be waived: correct the definition, and delete the waiver`: in("BrokerDown", func(a *rules.Alert) {
			a.Scenarios = []rules.Scenario{{
				Name: "stops", Series: `queue_up{job="queue"} 1x2 0x9 1x9`, Expect: []rules.Expect{rules.Quiet("8m"), rules.Fires("9m"), rules.Quiet("15m")},
			}}
			a.Waivers = []finding.Waiver{{Code: finding.FalseProof, Why: "it is false"}}
		}),
		// A scale without an urgent level.
		`alert "Any": DF006: it reads the urgent alerts (URGENT), and no level of the site is Urgent`: func(s *preflight.Site) {
			s.Severities.Levels[0].Urgent = false
			s.Packs[0].Groups[0].Alerts = append(s.Packs[0].Groups[0].Alerts, rules.Alert{Name: "Any", Severity: "amber", Expr: `count(ALERTS{URGENT}) > 3`})
		},
		// Routing of a pack.
		`pack "queue", route {sev="amber"}: AM012: it applies to APILong too`: others(routing.Routing{
			Route: routing.Route{Routes: []routing.Route{{Match: `sev="amber"`, Receiver: "mq"}}},
		}),
		`pack "queue", inhibition of {sev="amber"} by {alertname="BrokerDown"}: AM012: it applies to APILong too`: others(routing.Routing{
			Inhibit: []routing.Inhibit{{Source: `alertname="BrokerDown"`, Target: `sev="amber"`, Equal: []string{"env"}}},
		}),
		`pack "queue", promise for {sev="amber"}: AM012: it applies to APILong too`: others(routing.Routing{
			Promises: []routing.Promise{{Match: `sev="amber"`, Receiver: "mq"}},
		}),
		`pack "queue", quiet of {alertname="QueueLong"}: AM012: it applies to APILong too`: others(routing.Routing{
			Inhibit: []routing.Inhibit{{Source: `sev="amber"`, Target: `alertname="QueueLong"`}},
			Quiet:   []routing.Quiet{{Match: `alertname="QueueLong"`, While: `sev="amber"`}},
		}),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s := base()
			plant(&s)
			contains(t, findings(t, s), want)
		})
	}
	for name, plant := range map[string]change{
		"discoveries that are not linked":     yaml("kubernetes_sd_configs: [{role: pod}]\nec2_sd_configs: [{region: eu-west-1}]"),
		"a proxy":                             yaml("proxy_url: http://proxy:3128\nscrape_timeout: 10s"),
		"a comment in a condition that holds": in("QueueLong", func(a *rules.Alert) { a.Expr, a.HoldWhileDown = a.Expr+" # five", "queue" }),
		"labels of its own": others(routing.Routing{
			Route: routing.Route{Routes: []routing.Route{{Match: `alertname="QueueLong"`, Receiver: "mq"}}},
		}),
		"children group by what theirs have": func(s *preflight.Site) {
			s.Routing.Route.GroupBy = []string{"alertname", "queue"}
			s.Routing.Route.Routes = []routing.Route{
				{Match: `sev="red"`, Receiver: "mq", GroupBy: []string{"alertname"}}, {Match: `alertname="QueueLong"`, Receiver: "mq"},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := base()
			plant(&s)
			if text := findings(t, s); text != "" {
				t.Error(text)
			}
		})
	}
}

// others gives the pack queue a routing, beside a pack with another alert of
// severity amber.
func others(r routing.Routing) change {
	return func(s *preflight.Site) {
		s.Packs[0].Routing = r
		s.Packs = append(s.Packs, preflight.Pack{Name: "api", Groups: []rules.Group{{
			Name: "api", Alerts: []rules.Alert{{Name: "APILong", Severity: "amber", Expr: `max by (queue) (queue_depth) > 7`, For: "3m"}},
		}}})
	}
}

// Without removes an alert and the pack's routing for it.
func TestWithoutAlertWithOwnRoutes(t *testing.T) {
	t.Parallel()
	quiet := pipeline.Pack(pipeline.Options{NodeExporter: "node"}).With(preflight.Without{Alert: "Watchdog", Why: "another cluster has one"})
	made := files(t, watched(broker(queueLong()), quiet))
	lacks(t, made["alertmanager/alertmanager.yml"], "watchdog", "Watchdog")
	contains(t, made["webhook/webhook.yml"], "watchdog: false")

	p := broker(queueLong())
	p.Routing = routing.Routing{
		Inhibit:  []routing.Inhibit{{Source: `alertname="BrokerDown"`, Target: `alertname="QueueLong"`, Equal: []string{"env"}}},
		Promises: []routing.Promise{{Match: `alertname=~"QueueLong|BrokerDown"`, Receiver: "mq"}},
		Quiet:    []routing.Quiet{{Match: `alertname="QueueLong"`, While: `alertname="BrokerDown"`, Equal: []string{"env"}}},
	}
	p.Groups[0].Alerts = append(p.Groups[0].Alerts, rules.Alert{Name: "QueueEmpty", Severity: "grey", Expr: "queue_depth < 1", For: "1h"})
	s := mq(p.With(preflight.Without{Alert: "QueueLong", Why: "queues are long here"}))
	lacks(t, file(t, s, "alertmanager/alertmanager.yml"), "inhibit_rules", "QueueLong")
}

// On a site without the webhook, the heartbeat goes to the external service.
func TestHeartbeatWithoutWebhook(t *testing.T) {
	t.Parallel()
	s := watched(broker(queueLong()), pipeline.Pack(pipeline.Options{NodeExporter: "node", Webhook: pipeline.None, Heartbeat: routing.Secret("beat")}))
	s.Webhook = preflight.Webhook{}
	s.Routing.Receivers = s.Routing.Receivers[1:]
	s.Routing.Route.Receiver = "direct"
	s.Routing.Route.Routes = nil
	contains(t, file(t, s, "alertmanager/alertmanager.yml"), "url_file: /run/secrets/beat", `alertname="Watchdog"`)
}

// Equal recording rules of a pack that is used twice become one.
func TestRecordsOfPackUsedTwice(t *testing.T) {
	t.Parallel()
	p := broker(rules.Alert{Name: "QueueLong", Severity: "amber", Expr: `queue:queue_depth:sum > 5`, For: "2m"})
	p.Groups[0].Records = []rules.Record{{Name: "queue:queue_depth:sum", Expr: "sum by (queue) (queue_depth)"}}
	made := files(t, ordersAndBilling(p, preflight.Override{Alert: "QueueLong", Threshold: "9"}))
	if n := strings.Count(made[ordersRules]+made[billingRules], "record: queue:queue_depth:sum"); n != 1 {
		t.Errorf("%d recording rules in\n%s%s", n, made[ordersRules], made[billingRules])
	}
	if text := fmt.Sprint(made); !strings.Contains(text, "> 5") || !strings.Contains(text, "> 9") {
		t.Error("an alert is missing")
	}

	of := func(window string) preflight.Pack {
		p := broker(rules.Alert{Name: "QueueLong", Severity: "amber", Expr: `queue:queue_depth:sum > 5`, For: "2m"})
		p.Groups[0].Records = []rules.Record{{Name: "queue:queue_depth:sum", Expr: "sum by (queue) (max_over_time(queue_depth[" + window + "]))"}}
		return p
	}
	contains(t, findings(t, mq(of("5m").With(preflight.As("orders")), of("10m").With(preflight.As("billing")))),
		`record "queue:queue_depth:sum": DF007: the packs "billing" and "orders" have it`)
}

// A target label does not distinguish series that have job and instance.
func TestLabelsOfPackReplaceTargetLabels(t *testing.T) {
	t.Parallel()
	down := broker()
	down.Metrics = down.Metrics[1:]
	contains(t, file(t, mq(down.With(preflight.Labels{"team": "ops"})), "prometheus/rules/queue.yml"), "team: ops")

	a := queueLong()
	a.Expr = `sum by (team) (queue_depth) > 5`
	contains(t, findings(t, mq(broker(a).With(preflight.Labels{"team": "ops"}))), `alert "QueueLong", label "team": PQ033`)
}

// packs/pipeline may get any label but the one that distinguishes two uses of a
// pack.
func TestLabelsOfPipelinePack(t *testing.T) {
	t.Parallel()
	infra := pipeline.Pack(pipeline.Options{NodeExporter: "node"}).With(preflight.As("infra"), preflight.Labels{"tier": "infra"})
	contains(t, file(t, watched(broker(queueLong()), infra), "prometheus/rules/infra-webhook.yml"), "tier: infra")

	s := ordersAndBilling(broker(queueLong()))
	s.Jobs, s.Routing = watched().Jobs, watched().Routing
	s.Packs = append(s.Packs, pipeline.Pack(pipeline.Options{NodeExporter: "node"}).With(preflight.Labels{"unit": "infra"}))
	contains(t, findings(t, s), `alert "UrgentUndelivered", label "unit": PQ033`)
}

// The shipped preflight fits a site with other job names, and one with
// node_exporter alone.
func TestTradingOnAnotherSite(t *testing.T) {
	t.Parallel()
	alone := mq(trading.Pack(trading.Options{NodeExporter: "node", Prometheus: trading.None, Exporter: trading.None, Checker: trading.None}))
	alone.Jobs = []preflight.Job{{Name: "node", Targets: []string{"n:9100"}}}
	alone.Envs = []string{"live"}
	lacks(t, fmt.Sprint(files(t, alone)), "arbitrage_exporter", "preflight_checker", `job=\"-\"`, `job="-"`)

	named := mq(trading.Pack(trading.Options{NodeExporter: "node", Prometheus: "prom", Exporter: "bot", Checker: "checker"}))
	named.Jobs = []preflight.Job{
		{Name: "node", Targets: []string{"n:9100"}}, {Name: "prom", Targets: []string{"p:9090"}},
		{Name: "bot", ByEnv: map[string][]string{"dev": {"d:8000"}, "prod": {"b:8000"}}}, {Name: "checker", Targets: []string{"c:9916"}},
	}
	contains(t, file(t, named, "grafana/dashboards/arbitrage-system-health.json"), `job=\"bot\"`)
}

// A panel with the alert's own expression has its threshold.
func TestThresholdsOfOwnPanel(t *testing.T) {
	t.Parallel()
	a := queueLong()
	a.Expr = "queue_depth > 1000"
	a.Panel.Thresholds = []dashgen.Threshold{{At: 77, Color: dashgen.Red}}
	contains(t, findings(t, mq(broker(a))), `alert "QueueLong", expr: DF004: fires at 1000, and its panel`)
	a.Panel.Thresholds[0].At = 1000
	mustGenerate(t, mq(broker(a)), "--out", t.TempDir())
}

// Prometheus expands variables in external labels: a dollar sign is doubled.
func TestExternalLabelsAreLiteral(t *testing.T) {
	t.Parallel()
	s := mq(broker(queueLong()))
	s.ExternalLabels = map[string][]string{"dc": {"$HOME ${x}"}}
	contains(t, file(t, s, "prometheus/prometheus.yml"), "dc: $$HOME $${x}")
}

// Packs with names of other letters have boards of their own.
func TestBoardsOfPacksInOtherLetters(t *testing.T) {
	t.Parallel()
	one, two := broker(queueLong()), broker(queueLong())
	one.Name, two.Name = "봇", "앱"
	two.Groups[0].Name = "other"
	two.Groups[0].Alerts[0].Name, two.Groups[0].Alerts[1].Name = "OtherDown", "OtherLong"
	boards := 0
	for path := range files(t, mq(one, two)) {
		if strings.HasPrefix(path, "grafana/dashboards/") {
			boards++
		}
	}
	if boards != 2 {
		t.Errorf("%d boards", boards)
	}
}

// The environments of the site are those that preflight.yml lists.
func TestEnvironmentsOfTheChecker(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "preflight.yml")
	if err := os.WriteFile(file, []byte("envs: [paper]\nenvironment: {required: [{name: HOME}]}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for env, want := range map[string]string{
		"paper": "", "live": "",
		"prod": `pack "trading": DF017: its programs do not know the environment "prod" of the site (they know paper, live)`,
	} {
		s := mq(trading.Pack(trading.Options{NodeExporter: "node", Prometheus: trading.None, Exporter: trading.None, Checker: trading.None, Config: file}))
		s.Jobs, s.Envs = []preflight.Job{{Name: "node", Targets: []string{"n:9100"}}}, []string{env}
		text := findings(t, s)
		if want == "" && text != "" {
			t.Errorf("%s: %s", env, text)
		}
		contains(t, text, want)
	}
}
