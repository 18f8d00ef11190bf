package pipelinetest

import (
	"errors"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/telegram"
	"github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/template"
	commoncfg "github.com/prometheus/common/config"

	"github.com/alertnative/preflight/internal/emit/amfile"
)

// integrations returns the notifiers of the receivers that the routes use:
// Alertmanager's own if the story has the server that they call, and recorded ones
// for others.
func integrations(config *amconfig.Config, tmpl *template.Template, o options, n *network, to *outsiders) (map[string][]notify.Integration, error) {
	used := map[string]bool{}
	dispatch.NewRoute(config.Route, nil).Walk(func(r *dispatch.Route) { used[r.RouteOpts.Receiver] = true })
	receivers := map[string][]notify.Integration{}
	var errs []error
	place := 0
	log, dial := slog.New(slog.DiscardHandler), commoncfg.WithDialContextFunc(n.dial)
	for _, r := range config.Receivers {
		if !used[r.Name] {
			continue
		}
		count := map[string]int{}
		for kind, c := range amfile.Integrations(r) {
			var notifier notify.Notifier
			var err error
			switch own := c.(type) {
			case *webhook.WebhookConfig:
				if o.serves(string(own.URL), own.URLFile) {
					notifier, err = webhook.New(own, tmpl, log, dial)
				}
			case *telegram.TelegramConfig:
				if o.serves(own.APIUrl.String(), "") {
					notifier, err = telegram.New(own, tmpl, log, dial)
				}
			}
			if notifier == nil && err == nil {
				notifier, err = newRecorded(r.Name, kind, c, tmpl, to)
			}
			errs = append(errs, err)
			place++
			paced := &pacedNotifier{Notifier: notifier, phase: time.Duration(place) * phase, flushes: map[string]*flush{}}
			receivers[r.Name] = append(receivers[r.Name], notify.NewIntegration(paced, c, kind, count[kind], r.Name))
			count[kind]++
		}
	}
	return receivers, errors.Join(errs...)
}

// serves reports whether the story has a server at an address, which may be in a
// file.
func (o options) serves(address, file string) bool {
	if address == "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		address = strings.TrimSpace(string(content))
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := hostPort(u)
	return host == telegramHost || host == o.webhookAddr() && host != "" || slices.ContainsFunc(o.outside, func(x outside) bool { return x.host == host })
}
