package emit

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
)

// Disagreements compares the receivers of alertmanager.yml that post to the webhook
// with those of webhook.yml. It returns a finding for each that one file lacks, and
// for each path or query key that the webhook does not have.
func (c *Context) Disagreements(alertmanager []byte, file config.File) (found []finding.Finding) {
	add := func(receiver, format string, args ...any) {
		found = append(found, finding.Finding{Code: finding.Undefined, Where: fmt.Sprintf("receiver %q", receiver), Reason: fmt.Sprintf(format, args...)})
	}
	var am struct {
		Receivers []struct {
			Name     string
			Webhooks []struct{ URL string } `yaml:"webhook_configs"`
		}
	}
	if err := yaml.Unmarshal(alertmanager, &am); err != nil {
		add("", "alertmanager.yml: %v", err)
		return found
	}
	posted := map[string]bool{}
	for _, r := range am.Receivers {
		for _, hook := range r.Webhooks {
			rest, ours := strings.CutPrefix(hook.URL, strings.TrimSuffix(c.Webhook.URL, "/")+"/")
			u, err := url.Parse("/" + rest)
			if !ours || err != nil {
				continue
			}
			keys := []string{api.ClusterParam}
			name, toReceiver := api.ReceiverOf(u.EscapedPath())
			switch {
			case toReceiver:
				posted[name] = true
				if !slices.ContainsFunc(file.Receivers, func(x config.Receiver) bool { return x.Name == name }) {
					add(r.Name, "it posts to the receiver %q of the webhook, which webhook.yml does not have: give it Chats", name)
				}
			case u.Path == api.AlertsPath:
				keys = append(keys, api.NotifyParam)
			case u.Path != api.WatchdogPath:
				add(r.Name, "it posts to %q, a path that the webhook does not have: use Chats", u.Path)
			}
			for key := range u.Query() {
				if !slices.Contains(keys, key) {
					add(r.Name, "the webhook does not know the query key %q of its URL: remove it", key)
				}
			}
		}
	}
	for _, r := range file.Receivers {
		if !posted[r.Name] {
			add(r.Name, "it is in webhook.yml, and nothing in alertmanager.yml posts to it")
		}
	}
	return found
}
