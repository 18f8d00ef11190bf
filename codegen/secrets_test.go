package codegen_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/packs/pipeline"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// directReceiver returns a receiver that Alertmanager itself notifies.
func directReceiver() routing.Receiver {
	return routing.Receiver{Name: "mq", Telegram: []routing.Telegram{{BotToken: routing.Secret("token"), ChatID: 42}}}
}

func receives(r routing.Receiver) change {
	return func(s *preflight.Site) {
		r.Name = "mq"
		s.Routing.Receivers = []routing.Receiver{r}
	}
}

// notified changes the receiver that Alertmanager itself notifies.
func notified(edit func(r *routing.Receiver)) change {
	return func(s *preflight.Site) {
		r := directReceiver()
		edit(&r)
		s.Routing.Receivers = []routing.Receiver{r}
	}
}

// Settings of secrets, the webhook and outputs have an effect, or are findings.
func TestSecretsAndAddresses(t *testing.T) {
	t.Parallel()
	noURL := func(hook preflight.Webhook) change {
		return all(receives(directReceiver()), func(s *preflight.Site) { s.Webhook = hook })
	}
	token := func(c routing.Credential) change {
		return func(s *preflight.Site) { s.Webhook.Token = c }
	}
	outputs := func(list ...preflight.Output) change {
		return func(s *preflight.Site) { s.Outputs = list }
	}
	plantEach(t, queueSite, map[string]planted{
		"no webhook":                    {noURL(preflight.Webhook{}), ""},
		"a token without a webhook":     {noURL(preflight.Webhook{Token: routing.Secret("t")}), "site, Webhook.Token: DF017: the site has no Webhook.URL"},
		"a chat without a webhook":      {noURL(preflight.Webhook{DefaultChat: "$MQ"}), "site, Webhook.DefaultChat: DF017: the site has no Webhook.URL"},
		"a token":                       {token(routing.Secret("a.b-c_1")), ""},
		"a token in a file":             {token(routing.File("/a/b c")), ""},
		"a token without a name":        {token(routing.Secret("")), "site, Webhook.Token: DF017: it names no secret"},
		"a token in no file":            {token(routing.File("")), "site, Webhook.Token: DF017: it names no secret"},
		"a token elsewhere":             {token(routing.Secret("../x")), `site, Webhook.Token: DF017: "../x" is no name of a secret`},
		"a token in the folder":         {token(routing.Secret("..")), `DF017: ".." is no name of a secret`},
		"a bot without a token":         {notified(func(r *routing.Receiver) { r.Telegram[0].BotToken = routing.Secret("") }), `receiver "mq", Telegram.BotToken: AM009: it names no secret`},
		"a chat in no file":             {notified(func(r *routing.Receiver) { r.Telegram[0].ChatIDFile = routing.File("") }), `receiver "mq", Telegram.ChatIDFile: AM009: it names no secret`},
		"a program without a URL":       {receives(routing.Receiver{Webhook: []routing.Webhook{{URL: routing.Secret("")}}}), `receiver "mq", Webhook.URL: AM009: it names no secret`},
		"a program of no URL":           {receives(routing.Receiver{Webhook: []routing.Webhook{{}}}), `receiver "mq": AM009: integration Webhook: URL is missing`},
		"a folder of secrets":           {outputs(preflight.Files{Secrets: "/srv"}), ""},
		"two folders of secrets":        {outputs(preflight.Files{Secrets: "/a"}, preflight.Files{Secrets: "/b"}), `site "mq": DF017: Outputs: Files is there 2 times`},
		"an output that is nil":         {outputs(nil), `site "mq": DF017: Outputs: output 1 is nil`},
		"the password of the webhook":   {func(s *preflight.Site) { s.Webhook.URL = "http://u:hunter2@hook" }, "site, Webhook.URL: DF017: an address contains a user name or a password"},
		"a password that is no URL":     {func(s *preflight.Site) { s.Webhook.URL = "http://u:hunter2%@hook/api" }, "site, Webhook.URL: DF017: an address contains a user name or a password"},
		"the password of Grafana":       {func(s *preflight.Site) { s.Grafana.URL = "http://u:hunter2@g.example" }, "site, Grafana.URL: DF017: an address contains a user name or a password"},
		"the password of a wiki":        {func(s *preflight.Site) { s.RunbookURL = "https://u:hunter2@w.example/x?y" }, "site, RunbookURL: DF017: an address contains a user name or a password"},
		"the password of Alertmanager":  {func(s *preflight.Site) { s.Alertmanager.Addresses = []string{"u:hunter2@am:9093"} }, "site, Alertmanager.Addresses: DF017: an address contains a user name or a password"},
		"the password of a target":      {ofJob(func(j *preflight.Job) { j.Targets = []string{"u:hunter2@q:9400"} }), `job "queue", Targets: DF018: an address contains a user name or a password`},
		"the password of a target URL":  {ofJob(func(j *preflight.Job) { j.Targets = []string{"http://u:hunter2@q:9400/"} }), `job "queue", Targets: DF018: an address contains a user name or a password`},
		"the password of a proxy":       {ofJob(func(j *preflight.Job) { j.YAML = "proxy_url: http://u:hunter2@proxy:3128" }), `job "queue", YAML: DF018: an address contains a user name or a password`},
		"the password of a Bot API":     {notified(func(r *routing.Receiver) { r.Telegram[0].YAML = "api_url: http://u:hunter2@api" }), `receiver "mq", Telegram.YAML: AM013: line 1, column 1: api_url contains an address with a user name or a password`},
		"a wiki with an @ in its path":  {func(s *preflight.Site) { s.RunbookURL = "https://w.example/@team/runbooks" }, ""},
		"a webhook with a query":        {func(s *preflight.Site) { s.Webhook.URL = "http://hook:9917?a=b" }, "site, Webhook.URL: DF017: it has a query or a fragment"},
		"a Grafana with a fragment":     {func(s *preflight.Site) { s.Grafana.URL = "https://g.example/#x" }, "site, Grafana.URL: DF017: it has a fragment"},
		"environments, one twice":       {func(s *preflight.Site) { s.Envs = append(s.Envs, "dev") }, `site "mq": DF017: Envs: "dev" is there twice`},
		"environments, one without":     {func(s *preflight.Site) { s.Envs = append(s.Envs, "") }, `site "mq": DF017: Envs: environment 3 has no name`},
		"a scale of a label alone":      {func(s *preflight.Site) { s.Severities = routing.Severities{Label: "sev"} }, "site, Severities: DF006: no Levels"},
		"a word of the scale in quotes": {in("QueueLong", func(a *rules.Alert) { a.Expr = `sum by (queue) (queue_depth{queue="URGENT"}) > 5` }), ""},
	})
}

// The options of a pack contain secrets too.
func TestHeartbeatWithoutSecret(t *testing.T) {
	t.Parallel()
	s := watched(broker(queueLong()), pipeline.Pack(pipeline.Options{NodeExporter: "node", Heartbeat: routing.Secret("")}))
	contains(t, findings(t, s), `receiver "watchdog", Webhook.URL: AM009: it names no secret`)
}

// No finding shows a password.
func TestFindingsShowNoPassword(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, address := range []string{"http://u:" + secret + "@x", "http://u:" + secret + "@x/api?y#z", "http://u:" + secret + "%@x", "http://u:" + secret + "@x:9090", "u:" + secret + "@x"} {
		s := queueSite()
		s.Webhook.URL, s.Grafana.URL, s.RunbookURL, s.Alertmanager.Addresses = address, address, address, []string{address}
		s.Jobs[0].Targets = []string{address}
		if found := findings(t, s); found == "" || strings.Contains(found, secret) {
			t.Errorf("%s: %s", address, found)
		}
	}
}
