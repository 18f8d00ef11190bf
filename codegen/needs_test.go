package codegen_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/routing"
)

// The manifest lists the secrets and variables that the site needs, from
// literals and from YAML.
func TestManifestListsNeeds(t *testing.T) {
	t.Parallel()
	s := queueSite()
	s.Webhook.Token = routing.Secret("hook_token")
	s.Jobs[0].YAML = "basic_auth: {username: a, password_file: /etc/scrape}"
	s.Routing.YAML = "global: {smtp_smarthost: 'mail:25', smtp_from: a@x.example, smtp_auth_password_file: /etc/smtp}\n" +
		"receivers: [{name: old, slack_configs: [{api_url_file: /etc/slack}]}]\n"
	s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{
		Name:      "pager",
		PagerDuty: []routing.PagerDuty{{RoutingKey: routing.Secret("pager_key"), YAML: "http_config: {tls_config: {ca_file: /etc/ca}}"}},
		Native:    []routing.Native{{Kind: "pushover", Secrets: map[string]routing.Credential{"token": routing.File("/etc/\ntoken"), "user_key": routing.Secret("user")}}},
	})
	s.Routing.Route.Routes = []routing.Route{{Match: `sev="amber"`, Receiver: "pager"}}
	dir := t.TempDir()
	mustGenerate(t, s, "--out="+dir)
	text := tree(t, dir)["MANIFEST"]
	_, got, _ := strings.Cut(text, "webhook/webhook.yml\n")
	const want = `# Files that it refers to, with secrets and certificates:
#   "/etc/\ntoken": receiver "pager"
#   /etc/ca: receiver "pager"
#   /etc/scrape: job "queue"
#   /etc/slack: receiver "old"
#   /etc/smtp: Alertmanager
#   /run/secrets/hook_token: receiver "mq"
#   /run/secrets/pager_key: receiver "pager"
#   /run/secrets/user: receiver "pager"
# Variables in the environment of the webhook:
#   $MQ: receiver "mq"
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if code, stdout, stderr := generate(t, s, "--out="+dir, "--check"); code != 0 {
		t.Errorf("the folder is stale: %s%s", stdout, stderr)
	}
}

// A site that refers to no file lists none.
func TestManifestWithoutNeeds(t *testing.T) {
	t.Parallel()
	s := queueSite()
	s.Webhook = preflight.Webhook{}
	s.Routing.Receivers = []routing.Receiver{{Name: "mq", Native: []routing.Native{{Kind: "sns", YAML: "topic_arn: a\nsigv4: {region: a}"}}}}
	list, err := codegen.Generate(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Path == "MANIFEST" && len(f.Data) > 0 {
			t.Errorf("%s", f.Data)
		}
	}
}
