package definitions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/routing"
)

// secrets reports invalid names of secrets, and webhook settings of a site
// without a webhook.
func (c *Checked) secrets() []finding.Finding {
	var out []finding.Finding
	add := func(code finding.Code, where, field string, s routing.Credential) {
		if reason := badSecret(s); reason != "" {
			out = append(out, finding.Finding{Code: code, Where: where, Part: field, Reason: reason})
		}
	}
	add(finding.BadSite, "site", "Webhook.Token", c.Site.Webhook.Token)
	for _, r := range c.Routing.Receivers {
		for _, field := range credentials(r) {
			add(finding.NoMeans, fmt.Sprintf("receiver %q", r.Name), field.name, field.secret)
		}
	}
	out = append(out, c.sharedSecrets()...)
	if hook := c.Site.Webhook; hook.URL == "" {
		for _, field := range []struct {
			name string
			set  bool
		}{{"Webhook.Token", !hook.Token.Empty()}, {"Webhook.DefaultChat", hook.DefaultChat != ""}} {
			if field.set {
				out = append(out, finding.Finding{Code: finding.BadSite, Where: "site", Part: field.name,
					Reason: "the site has no Webhook.URL, so this field has no effect: set Webhook.URL, or leave the field out"})
			}
		}
	}
	return out
}

// sharedSecrets reports a secret with two purposes: one of its users would get
// the secret of the other.
func (c *Checked) sharedSecrets() []finding.Finding {
	type use struct{ where, field string }
	first := map[string]use{}
	var out []finding.Finding
	add := func(where, field string, s routing.Credential) {
		key := s.Path(c.Secrets)
		if s.Empty() {
			return
		}
		other, taken := first[key]
		if !taken {
			first[key] = use{where, field}
			return
		}
		if other.field != field {
			out = append(out, finding.Finding{Code: finding.NoMeans, Where: where, Part: field,
				Reason: fmt.Sprintf("the secret %s is the %s of %s too: name another one", key, other.field, other.where)})
		}
	}
	for _, r := range c.Routing.Receivers {
		for _, field := range credentials(r) {
			add(fmt.Sprintf("receiver %q", r.Name), field.name, field.secret)
		}
	}
	add("site", "Webhook.Token", c.Site.Webhook.Token)
	return out
}

// secretName matches names that are valid for a file and for a key of a
// Kubernetes secret.
var secretName = regexp.MustCompile(`^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$`)

func badSecret(s routing.Credential) string {
	switch {
	case s.Nameless():
		return "it names no secret: give Secret a name, or File a path"
	case s.Name() != "" && !secretName.MatchString(s.Name()):
		return fmt.Sprintf("%q is no name of a secret: write letters, digits, \".\", \"_\" and \"-\", or use File for a path", s.Name())
	}
	return ""
}

// credential is a secret of a receiver with its field.
type credential struct {
	name   string
	secret routing.Credential
}

func credentials(r routing.Receiver) []credential {
	var out []credential
	for _, x := range r.PagerDuty {
		out = append(out, credential{"PagerDuty.RoutingKey", x.RoutingKey})
	}
	for _, x := range r.Slack {
		out = append(out, credential{"Slack.APIURL", x.APIURL})
	}
	for _, x := range r.Email {
		out = append(out, credential{"Email.AuthPassword", x.AuthPassword})
	}
	for _, x := range r.Opsgenie {
		out = append(out, credential{"Opsgenie.APIKey", x.APIKey})
	}
	for _, x := range r.MSTeams {
		out = append(out, credential{"MSTeams.WebhookURL", x.WebhookURL})
	}
	for _, x := range r.Telegram {
		out = append(out, credential{"Telegram.BotToken", x.BotToken}, credential{"Telegram.ChatIDFile", x.ChatIDFile})
	}
	for _, x := range r.Webhook {
		out = append(out, credential{"Webhook.URL", x.URL})
	}
	for _, x := range r.Native {
		for _, key := range slices.Sorted(maps.Keys(x.Secrets)) {
			out = append(out, credential{fmt.Sprintf("Native.Secrets[%q]", key), x.Secrets[key]})
		}
	}
	return out
}

// passwords reports addresses with a user or a password, because generated
// files hold no secret. The finding does not show the address.
func (c *Checked) passwords() []finding.Finding {
	var out []finding.Finding
	add := func(code finding.Code, where, field string, found bool, instead string) {
		if found {
			out = append(out, finding.Finding{Code: code, Where: where, Part: field,
				Reason: "an address contains a user name or a password, and generated files must hold no secret: " + instead})
		}
	}
	hook := c.Site.Webhook
	add(finding.BadSite, "site", "Webhook.URL", site.NamesUser(hook.URL), "name the secret in Webhook.Token")
	add(finding.BadSite, "site", "Grafana.URL", site.NamesUser(c.Site.Grafana.URL), "leave it out: people log in there")
	add(finding.BadSite, "site", "RunbookURL", site.NamesUser(c.RunbookURL), "leave it out: people log in there")
	for _, a := range c.Site.Alertmanager.Addresses {
		add(finding.BadSite, "site", "Alertmanager.Addresses", site.HasUser(a), "leave it out: an address is host:port")
	}
	for _, j := range c.Jobs {
		where := fmt.Sprintf("job %q", j.Name)
		add(finding.BadJob, where, "Targets", slices.ContainsFunc(targets(j), site.HasUser), "write basic_auth with a password_file in YAML")
		add(finding.BadJob, where, "YAML", site.NamesUser(j.YAML), "Prometheus reads it from a file")
		for _, key := range inlineSecrets(j.YAML) {
			out = append(out, finding.Finding{Code: finding.BadJob, Where: where, Part: "YAML",
				Reason: fmt.Sprintf("the key %s contains a secret, and generated files must hold none: put it in a file, and name the file, as with password_file or credentials_file", key)})
		}
	}
	return out
}

// secretKey matches the keys of Prometheus's configuration that hold a secret.
var secretKey = regexp.MustCompile(`^(?:(?:.*_)?(?:password|passphrase|secret|secrets|token|credentials|secret_key)|key)$`)

// inlineSecrets returns the keys with a secret in a text of YAML.
func inlineSecrets(text string) []string {
	var root yaml.Node
	if yaml.Unmarshal([]byte(text), &root) != nil {
		return nil // another check reports it
	}
	var out []string
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 && secretKey.MatchString(child.Value) && holdsText(n.Content[i+1]) {
				out = append(out, child.Value)
			}
			walk(child)
		}
	}
	walk(&root)
	return out
}

// holdsText reports whether a value is a text or a list of texts that are not
// empty.
func holdsText(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.SequenceNode {
		return slices.ContainsFunc(n.Content, holdsText)
	}
	return n.Kind == yaml.ScalarNode && n.Value != "" && n.ShortTag() != "!!null"
}
