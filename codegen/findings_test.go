package codegen_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/packs/trading"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

var (
	heading = regexp.MustCompile(`(?m)^## ([A-Z]{2}\d{3}): `)
	example = regexp.MustCompile("(?m)^- (wrong|right): (.*)$")
	promQL  = regexp.MustCompile("^`([^`]+)`(?: with (summary|for|label [a-z]+|record [a-z:]+) `([^`]+)`)?( twice)?$")
	listed  = regexp.MustCompile(`"([A-Z]{2}\d{3})"`)
)

// The examples in docs/reference/findings.md are tested: wrong ones give their
// code, right ones give no finding.
func TestExamplesOfTheDocumentation(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../docs/reference/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	starts := heading.FindAllStringSubmatchIndex(text, -1)
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		code, section := text[at[2]:at[3]], text[at[0]:end]
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			examples := example.FindAllStringSubmatch(section, -1)
			if len(examples) == 0 || len(examples)%2 != 0 {
				t.Fatalf("want pairs of a wrong and a right example, got %q", examples)
			}
			for i, x := range examples {
				if want := []string{"wrong", "right"}[i%2]; x[1] != want {
					t.Errorf("example %d is a %s one, want a %s one: %s", i+1, x[1], want, x[2])
				}
				s := shipped()
				if !plantExample(t, &s, x[2]) {
					continue
				}
				var found string
				if x[1] == "right" {
					found = findings(t, s)
				} else {
					found = known(t, s, code)
				}
				switch {
				case x[1] == "right" && found != "":
					t.Errorf("right, %s: %v", x[2], found)
				case x[1] == "wrong" && !strings.Contains(found, ": "+code+": "):
					t.Errorf("wrong, %s: got %v", x[2], found)
				}
			}
		})
	}
}

// Every code is documented, and no other one.
func TestEveryCodeIsDocumented(t *testing.T) {
	t.Parallel()
	documented, known := map[string]bool{}, map[string]bool{}
	data, err := os.ReadFile("../docs/reference/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range heading.FindAllStringSubmatch(string(data), -1) {
		documented[m[1]] = true
	}
	for _, path := range []string{"../finding/code.go", "../dashgen/validate.go", "../dashgen/draw.go"} {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range listed.FindAllStringSubmatch(string(source), -1) {
			known[m[1]] = true
		}
	}
	for code := range known {
		if !documented[code] {
			t.Errorf("%s is not documented", code)
		}
	}
	for code := range documented {
		if !known[code] {
			t.Errorf("%s is documented, and nothing has this code", code)
		}
	}
}

// plantExample puts an example into the site: an expression as an alert with
// its other fields, or one of the sentences. It reports whether it changed
// anything.
func plantExample(t *testing.T, s *preflight.Site, text string) bool {
	t.Helper()
	if plant, ok := sentences[text]; ok {
		if plant != nil {
			plant(s)
		}
		return plant != nil
	}
	m := promQL.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no example of a known form: %s", text)
	}
	a := rules.Alert{
		Name: "Example", Severity: "P2", Expr: m[1], Untested: "an example",
		Title: "Example", Summary: "An example.", Actions: []string{"read on"}, About: "An example.",
	}
	g := rules.Group{Name: "examples"}
	switch what := m[2]; {
	case what == "summary":
		a.Summary = m[3]
	case what == "for":
		a.For = m[3]
	case strings.HasPrefix(what, "label "):
		a.Labels = map[string]string{strings.TrimPrefix(what, "label "): m[3]}
	case what != "":
		g.Records = []rules.Record{{Name: strings.TrimPrefix(what, "record "), Expr: m[3]}}
	}
	g.Alerts = []rules.Alert{a}
	if m[4] != "" {
		g.Alerts = append(g.Alerts, a)
	}
	s.Packs = append(s.Packs, preflight.Pack{Name: "examples", Groups: []rules.Group{g}})
	return true
}

// unchanged is the example of the site as it is, which gives no finding.
var unchanged change

// sentences are the examples that are no expressions, as changes of the site.
var sentences = map[string]change{
	"an alert of P2 has neither a route nor a promise":                                      nothingOfP2(true),
	"every level has a route":                                                               unchanged,
	"a route for everything stands first":                                                   everything(false),
	"a route for everything stands last":                                                    everything(true),
	"a route is mute in a time interval that is not defined":                                route(p2, func(r *routing.Route) { r.Mute = []string{"nights"} }),
	"a route is mute in a time interval that is defined":                                    mutedP2,
	"the route of P0 groups by `region`":                                                    groupP0("region"),
	"the route of P0 groups by `env`":                                                       groupP0("env"),
	"the inhibition asks for an equal `instance`":                                           inhibit(func(i *routing.Inhibit) { i.Equal = []string{"instance"} }),
	"the inhibition asks for an equal `env`":                                                unchanged,
	"nothing is promised of PreflightCheckFailed, which is urgent":                          func(s *preflight.Site) { dropPromises(s, func(m string) bool { return m == p0System }) },
	"a promise matches each urgent alert":                                                   unchanged,
	"the parent of a route is mute at night":                                                withChild(),
	"the parent of a route and the route are mute at night":                                 withChild("nights"),
	"TargetDown of a collector holds back TextfileScrapeError of the same `env`":            holdsBack("env"),
	"TargetDown of a collector holds back TextfileScrapeError of the same `job`":            holdsBack("job"),
	"P2 is mute at night":                                                                   muteP2,
	"P2 is mute at night, as the promise has it in `NotIn`":                                 mutedP2,
	"the receiver `telegram-loud` has no chat":                                              receiver("telegram-loud", func(r *routing.Receiver) { r.Chats = nil }),
	"the receiver `telegram-loud` has a chat":                                               unchanged,
	"PreflightStale becomes a P0, and `Urgent` does not list it":                            in("PreflightStale", func(a *rules.Alert) { a.Severity = "P0" }),
	"`Urgent` lists all alerts of P0":                                                       unchanged,
	"`Levels` lists PreflightStale at P1":                                                   unchanged,
	"PreflightStale becomes a P2, and `Levels` lists it at P1":                              in("PreflightStale", func(a *rules.Alert) { a.Severity = "P2" }),
	"the group of PreflightCheckFailed has a limit of 5":                                    limit("preflight"),
	"the group of PreflightSlow has a limit of 5":                                           limit("performance"),
	"P0 is promised within 30 minutes":                                                      promise(p0System, func(x *routing.Promise) { x.Within = "30m" }),
	"P0 is promised within 6 seconds":                                                       unchanged,
	"the direct Telegram receivers have a `proxy_url` with a password":                      directYAML("http_config: {proxy_url: 'http://u:p@proxy:3128'}"),
	"the direct Telegram receivers have a `proxy_url`":                                      directYAML("http_config: {proxy_url: 'http://proxy:3128'}"),
	"packs/trading routes `priority=\"P2\"` to a receiver":                                  packRoute(`priority="P2"`),
	"the route of packs/trading matches `alertname=\"PreflightFlapping\", priority=\"P2\"`": packRoute(`alertname="PreflightFlapping", priority="P2"`),
	"the heartbeat is repeated each hour":                                                   route(`alertname="Watchdog"`, func(r *routing.Route) { r.RepeatInterval = "1h" }),
	"the heartbeat is repeated each 15 seconds":                                             unchanged,

	"two panels have the id 1":                       at(2, func(q *dashgen.Panel) { q.ID = 1 }),
	"each panel has its own id":                      unchanged,
	"panel 2 is 25 columns wide":                     at(2, func(q *dashgen.Panel) { q.Width = 25 }),
	"panel 2 is 24 columns wide":                     at(2, func(q *dashgen.Panel) { q.Width = 24 }),
	"a query uses `$environment`":                    query(16, "$env", "$environment"),
	"a query uses `$env`":                            unchanged,
	"a variable `device` is added":                   addDevice,
	"a variable `device` is added and used":          all(addDevice, query(2, `device!="lo"`, `device!="lo", device=~"$device"`)),
	"a duration in seconds is shown as percent":      inPercent,
	"a duration in seconds is shown as seconds":      unchanged,
	"the legend of a query by env shows `{{check}}`": at(9, func(q *dashgen.Panel) { q.Targets[0].Legend = "{{check}}" }),
	"the legend of a query by env shows `{{env}}`":   unchanged,
	"a panel has no description":                     at(2, func(q *dashgen.Panel) { q.Description = "" }),
	"a panel has a description":                      unchanged,
	"a panel repeats by `env`":                       at(2, func(q *dashgen.Panel) { q.Repeat = "env" }),
	"a panel does not repeat":                        unchanged,
	"the board places an alert that is not there": board(func(d *dashgen.Dashboard) {
		d.Panels = append(d.Panels, rules.Alert{Name: "Unknown"}.Place())
	}),
	"the board places `PreflightStale`":                unchanged,
	"two alerts of one panel give it different widths": in("PostgresLatencyHigh", func(a *rules.Alert) { a.Panel.Width = 12 }),
	"one of them gives it a width":                     unchanged,

	"the summary of RedisLatencyHigh, which fires at 0.5, says 250 ms":               in("RedisLatencyHigh", func(a *rules.Alert) { a.Summary = "{{ $labels.env }}: over 250 ms" }),
	"the summary of RedisLatencyHigh, which fires at 0.5, says 500 ms":               in("RedisLatencyHigh", func(a *rules.Alert) { a.Summary = "{{ $labels.env }}: over 500 ms" }),
	"the summary of PreflightStale, which fires after `3runs`, says two intervals":   in("PreflightStale", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "three", "two") }),
	"the summary of PreflightStale, which fires after `3runs`, says three intervals": unchanged,
	"HistoryLagging, which fires above 900 after 5 minutes, says over 5 minutes":     in("HistoryLagging", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "15", "5"); a.Translations = nil }),
	"HistoryLagging, which fires above 900 after 5 minutes, says over 15 minutes for more than 5 minutes": in("HistoryLagging", func(a *rules.Alert) {
		a.Summary += " for more than 5 minutes"
	}),
	"a panel says above 5 s, and its threshold is 0.5":    at(9, func(q *dashgen.Panel) { q.Description = replaced(q.Description, "500 ms", "5 s") }),
	"a panel says above 500 ms, and its threshold is 0.5": unchanged,

	"over five minutes, and in Korean 15분":      korean("WebhookBacklog", func(t *rules.Translation) { t.Summary = replaced(t.Summary, "5분", "15분") }),
	"over five minutes, and in Korean 300초":     korean("WebhookBacklog", func(t *rules.Translation) { t.Summary = replaced(t.Summary, "5분", "300초") }),
	"six runs, and in Korean 두 번":               korean("PreflightFlapping", func(t *rules.Translation) { t.Actions[1] = replaced(t.Actions[1], "여섯", "두") }),
	"six runs, and in Korean 6회":                korean("PreflightFlapping", func(t *rules.Translation) { t.Actions[1] = replaced(t.Actions[1], "여섯 번", "6회") }),
	"warned, and in Korean 실패":                  korean("PreflightCheckWarned", func(t *rules.Translation) { t.Summary = replaced(t.Summary, "경고", "실패") }),
	"cannot write, and in Korean 실패":            unchanged,
	"nothing to restart, and in Korean 재시작 필요":  korean("SpoolNotWritable", func(t *rules.Translation) { t.Actions[1] = replaced(t.Actions[1], "불필요", "필요") }),
	"nothing to restart, and in Korean 재시작 불필요": unchanged,

	"the alerts on a warning and on a failure have one Korean title":                  korean("PreflightCheckWarned", func(t *rules.Translation) { t.Title = "프리플라이트 실패" }),
	"each alert has a Korean title of its own":                                        unchanged,
	"the latencies of Redis and PostgreSQL have one help":                             all(help(redisLatency, "How long a database took to answer."), help(postgresLatency, "How long a database took to answer.")),
	"each latency has a help of its own":                                              unchanged,
	"the help of `last_success` says: 1 when the last run failed":                     help(lastSuccess, "1 when the last run failed, else 0."),
	"the help of `last_success` says: 1 when the last run passed and none failed":     help(lastSuccess, "1 when the last run passed and no check failed, 0 when one failed."),
	"the help of `postgres_latency_seconds` says: how long Redis took":                help(postgresLatency, "How long Redis took to answer SELECT 1."),
	"the help of `postgres_latency_seconds` says: how long PostgreSQL took, as Redis": help(postgresLatency, "How long PostgreSQL took to answer, as that of Redis."),
	"the series of a scenario ends before the moment at which the alert fires": all(
		series("TextfileScrapeError", "0x4 1x5 0x5", "0x4 1x5"), scenario("TextfileScrapeError", rules.Quiet("5m"), rules.Fires("14m", textfileLabels))),
	"the series of a scenario goes on":                   unchanged,
	"a summary says `chat` and shows the label `state`":  in("TelegramFailing", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "$labels.chat", "$labels.state") }),
	"a summary says `chat` and shows the label `chat`":   unchanged,
	"the panel of PreflightSlow looks back 12 runs":      alertPanel("PreflightSlow", "[6runs]", "[12runs]"),
	"the panel of PreflightSlow looks back 6 runs":       unchanged,
	"the panel of PreflightSlow shows the quantile 0.5":  alertPanel("PreflightSlow", "0.95", "0.5"),
	"the panel of PreflightSlow shows the quantile 0.95": unchanged,
	"an alert has no expression":                         expr("TargetDown", ""),
	"an alert has an expression":                         unchanged,
	"a metric is added":                                  addIdle,
	"a metric is added and read by an alert":             readIdle,
	"no scenario of an alert makes it fire":              scenario("TextfileScrapeError", rules.Quiet("0m")),
	"a scenario makes it fire, and one quiet":            unchanged,
	"RedisLatencyHigh fires at 0.25":                     all(edit("RedisLatencyHigh", "> 0.5", "> 0.25"), untested("RedisLatencyHigh")),
	"RedisLatencyHigh fires at 0.5":                      unchanged,
	"a waiver of PQ041 on an alert that has a condition": in("TextfileScrapeError", waiveAlways),
	"a waiver of PQ041 on an alert that has none": all(
		expr("TextfileScrapeError", "node_textfile_scrape_error"), untested("TextfileScrapeError"), in("TextfileScrapeError", waiveAlways)),
	"an alert has the severity `P11`":                                                          in("TargetDown", func(a *rules.Alert) { a.Severity = "P11" }),
	"an alert has the severity `warning`, which P1 takes":                                      in("TargetDown", func(a *rules.Alert) { a.Severity = "warning" }),
	"two packs have an alert `TargetDown`":                                                     clashing(`up{job="webhook"} == 1`, nil),
	"they give it different labels `source`":                                                   clashing(`up{job="webhook"} == 1`, map[string]string{"source": "system"}),
	"`Without{Alert: \"TargetDwn\"}`":                                                          with(preflight.Without{Alert: "TargetDwn", Why: "a slip"}),
	"`Without{Alert: \"HistoryLagging\"}`, with the reason":                                    with(preflight.Without{Alert: "HistoryLagging", Why: "no history is kept"}),
	"an output `VMAlert` is asked for":                                                         func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.VMAlert{}} },
	"an output `Files` is asked for":                                                           func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.Files{}} },
	"`metrics.Exporters(\"node_exportr\")`":                                                    exporter("node_exportr"),
	"`metrics.Exporters(\"node_exporter\")`":                                                   exporter("node_exporter"),
	"`metrics.Exposition(\"x{\")`":                                                             exposition("x{"),
	"`metrics.Exposition(\"x 1\")`":                                                            exposition("x 1"),
	"an alert has a Korean summary and no Korean title":                                        korean("TargetDown", func(t *rules.Translation) { t.Title = "" }),
	"an alert has a Korean text for each English one":                                          unchanged,
	"an alert waits for two minutes, its scenario for one":                                     in("TextfileScrapeError", func(a *rules.Alert) { a.For = "2m" }),
	"both wait for one minute":                                                                 unchanged,
	"PreflightFlapping is on no board":                                                         offBoard("PreflightFlapping"),
	"each alert is on a board of its pack":                                                     unchanged,
	"the RunbookURL is `generated/runbooks`":                                                   func(s *preflight.Site) { s.RunbookURL = "generated/runbooks" },
	"the RunbookURL is `https://wiki.acme.example/runbooks`":                                   func(s *preflight.Site) { s.RunbookURL = "https://wiki.acme.example/runbooks" },
	"the job `webhook` scrapes port 9093, that of Alertmanager":                                job("webhook", func(j *preflight.Job) { j.Targets = []string{"webhook:9093"} }),
	"the job `webhook` scrapes port 9917":                                                      unchanged,
	"`Says` expects a text where nothing fires":                                                scenario("TextfileScrapeError", rules.Quiet("0m").Says("title", "x"), rules.Fires("6m", textfileLabels)),
	"`Says` expects a text of an instance":                                                     unchanged,
	"the job `alertmanager` gives its targets the label `integration`, which its metrics have": job("alertmanager", func(j *preflight.Job) { j.Labels = map[string]string{"integration": "x"} }),
	"the job `alertmanager` gives its targets the label `team`":                                job("alertmanager", func(j *preflight.Job) { j.Labels = map[string]string{"team": "x"} }),
	"the URL of Grafana has a password":                                                        func(s *preflight.Site) { s.Grafana.URL = "https://me:secret@grafana.example" },
	"the URL of Grafana has a query":                                                           func(s *preflight.Site) { s.Grafana.URL = "https://grafana.example/?orgId=2" },
	"TargetDown has the annotation `summary` and a `Summary`":                                  in("TargetDown", func(a *rules.Alert) { a.Annotations = map[string]string{"summary": "down"} }),
	"TargetDown has the annotation `team` and a `Summary`":                                     in("TargetDown", func(a *rules.Alert) { a.Annotations = map[string]string{"team": "infra"} }),
	"a mapping of panel 8 has no colour":                                                       at(8, func(q *dashgen.Panel) { q.Mappings = []dashgen.Mapping{{Text: "FAIL"}} }),
	"each mapping of panel 8 has a colour":                                                     unchanged,
	"the receivers of Alertmanager's own Telegram have a language":                             speaking(func(r routing.Receiver) bool { return len(r.Telegram) > 0 }),
	"the receivers with a chat have a language":                                                speaking(func(r routing.Receiver) bool { return len(r.Chats) > 0 }),
	"the token of a bot is `routing.Secret(\"\")`": each(func(r *routing.Receiver) {
		if len(r.Telegram) > 0 {
			r.Telegram[0].BotToken = routing.Secret("")
		}
	}),
	"the token of a bot is `routing.Secret(\"bot_token\")`": unchanged,
	"an alert waits for `a minute`":                         in("TargetDown", func(a *rules.Alert) { a.For = "a minute" }),
	"an alert waits for `1m`":                               unchanged,
	"PreflightMissing asks for `env=\"paper\"`":             edit("PreflightMissing", `env="ENV"`, `env="paper"`),
	"PreflightMissing asks for `env=\"ENV\"`":               unchanged,
}

// each changes all receivers.
func each(edit func(r *routing.Receiver)) change {
	return func(s *preflight.Site) {
		for i := range s.Routing.Receivers {
			edit(&s.Routing.Receivers[i])
		}
	}
}

// directYAML gives Alertmanager's own Telegram integrations YAML.
func directYAML(yaml string) change {
	return func(s *preflight.Site) {
		for i, r := range s.Routing.Receivers {
			for j := range r.Telegram {
				s.Routing.Receivers[i].Telegram[j].YAML = yaml
			}
		}
	}
}

// speaking sets the language of receivers to ko.
func speaking(which func(r routing.Receiver) bool) change {
	return each(func(r *routing.Receiver) {
		if which(*r) {
			r.Language = "ko"
		}
	})
}

const (
	lastSuccess     = "arbitrage_preflight_last_success"
	redisLatency    = "arbitrage_preflight_realcheck_redis_latency_seconds"
	postgresLatency = "arbitrage_preflight_realcheck_postgres_latency_seconds"
)

func untested(name string) change {
	return in(name, func(a *rules.Alert) { a.Scenarios, a.Untested = nil, "an example" })
}

func mutedP2(s *preflight.Site) {
	muteP2(s)
	promiseOf(s, p2System).NotIn = []string{"nights"}
}

// withChild mutes the route of P2 at night, and adds a child with these time
// intervals.
func withChild(mute ...string) change {
	return func(s *preflight.Site) {
		mutedP2(s)
		routeTo(s, p2).Routes = []routing.Route{{Match: `env!=""`, Mute: mute}}
	}
}

// holdsBack inhibits an alert while the collector is down, and promises it.
func holdsBack(equal string) change {
	return func(s *preflight.Site) {
		source, target := `alertname="TargetDown", job="node_exporter"`, `alertname="TextfileScrapeError"`
		s.Routing.Inhibit = append(s.Routing.Inhibit, routing.Inhibit{Source: source, Target: target, Equal: []string{equal}})
		s.Routing.Quiet = append(s.Routing.Quiet, routing.Quiet{While: source, Match: target, Equal: []string{equal}})
	}
}

// everything adds a route for every alert, first or last.
func everything(last bool) change {
	return func(s *preflight.Site) {
		root := s.Routing.Route
		r := routing.Route{Receiver: "history", GroupBy: root.GroupBy, GroupWait: root.GroupWait, GroupInterval: root.GroupInterval, RepeatInterval: root.RepeatInterval}
		at := 0
		if last {
			at = len(s.Routing.Route.Routes)
			x := promiseOf(s, `priority!~"P0|P1|P2|P3", alertname!="Watchdog"`)
			x.Receiver, x.Sound = "history", routing.NoMessage
		}
		s.Routing.Route.Routes = slices.Insert(s.Routing.Route.Routes, at, r)
	}
}

func groupP0(label string) change {
	return all(
		route(p0, func(r *routing.Route) { r.GroupBy = []string{label} }),
		promise(p0System, func(x *routing.Promise) { x.GroupBy = []string{label} }),
		promise(`priority="P0", source="pipeline", alertname!="UrgentUndelivered"`, func(x *routing.Promise) { x.GroupBy = []string{label} }),
	)
}

func readIdle(s *preflight.Site) {
	addIdle(s)
	a := alert(s, "PreflightFlapping")
	a.Expr += " and on (env) max by (env) (arbitrage_preflight_idle_seconds) > 60"
	a.Scenarios, a.Untested = nil, "an example"
}

func clashing(text string, labels map[string]string) change {
	return func(s *preflight.Site) {
		a := rules.Alert{Name: "TargetDown", Severity: "P2", Expr: text, Labels: labels}
		s.Packs = append(s.Packs, preflight.Pack{Name: "mine", Groups: []rules.Group{{Name: "mine", Alerts: []rules.Alert{a}}}})
	}
}

func exporter(name string) change {
	return func(s *preflight.Site) {
		s.Packs[0].Exporters = append(s.Packs[0].Exporters, metrics.Exporters(name)...)
	}
}

func exposition(text string) change {
	return func(s *preflight.Site) {
		s.Packs[0].Exporters = append(s.Packs[0].Exporters, metrics.Exposition(text)...)
	}
}

func offBoard(name string) change {
	return board(func(d *dashgen.Dashboard) {
		for r := range d.Rows {
			d.Rows[r].Panels = slices.DeleteFunc(d.Rows[r].Panels, func(q dashgen.Panel) bool { return q.Alert == name })
		}
	})
}

// tradingWith returns the trading pack with the checks in a preflight.yml.
func tradingWith(config string) preflight.Pack {
	return clone(trading.Pack(trading.Options{Config: config}))
}

// packRoute gives packs/trading a route to the site's receiver for P2.
func packRoute(match string) change {
	return func(s *preflight.Site) {
		to := routeTo(s, `priority="P2"`)
		own := *to
		own.Match = match
		s.Packs[0].Routing.Route.Routes = []routing.Route{own}
	}
}
