package definitions

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
)

// misspeltHosts reports addresses of the webhook and of Alertmanagers whose host is
// a slip of the host of a target.
func (c *Checked) misspeltHosts() []finding.Finding {
	var scraped []string
	for _, j := range c.Jobs {
		for _, target := range targets(j) {
			scraped = append(scraped, hostOf(target))
		}
	}
	var used []string // hosts of the addresses
	type address struct{ part, text, host string }
	var list []address
	if u, err := url.Parse(c.Site.Webhook.URL); err == nil && u.Host != "" {
		list = append(list, address{"Webhook.URL", c.Site.Webhook.URL, u.Hostname()})
	}
	for _, a := range c.Site.Alertmanager.Addresses {
		list = append(list, address{"Alertmanager.Addresses", a, hostOf(a)})
	}
	for _, a := range list {
		used = append(used, a.host)
	}
	var out []finding.Finding
	for _, a := range list {
		if slices.Contains(scraped, a.host) {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(scraped), func(host string) bool {
			return slices.Contains(used, host) || len(host) < shortHost || numberless(host) == numberless(a.host) || !suggest.Slip(a.host, []string{host})
		})
		if near := suggest.Nearest(a.host, others); near != "" && len(a.host) >= shortHost {
			out = append(out, finding.Finding{Code: finding.BadSite, Where: "site", Part: a.part, Reason: fmt.Sprintf("%q: no job scrapes the host %q", a.text, a.host), Suggestion: near})
		}
	}
	return out
}

// shortHost is the length of the shortest name in which one or two letters are a
// slip.
const shortHost = 5

// hostOf returns the host of a target or an address, host:port or a URL.
func hostOf(text string) string {
	if _, rest, ok := strings.Cut(text, "://"); ok {
		text, _, _ = strings.Cut(rest, "/")
	}
	if host, _, err := net.SplitHostPort(text); err == nil {
		return host
	}
	return text
}

// counter matches the number or letter of a machine among equal ones: node-a, db2.
var counter = regexp.MustCompile(`[0-9]+|\b[a-z]\b`)

func numberless(host string) string { return counter.ReplaceAllString(host, "#") }
