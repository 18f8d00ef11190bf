package message

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/alertnative/preflight/webhook/api"
)

const (
	maxLinks      = 8
	maxLinkLength = 500
)

// links sorts the addresses of the alerts into buttons and text. The buttons of an
// alert stand in one row. If the host of one button has no dot, such as
// http://grafana:3000, Telegram refuses the whole message. So an address that is
// not public becomes text.
func (f *Formatter) links(items []Item) (buttons []Button, text []Button) {
	seen := map[string]bool{}
	row := 0
	add := func(name, address string, asText bool) {
		u, err := url.Parse(address)
		if err != nil || address == "" || seen[address] || len(address) > maxLinkLength ||
			clean(address) != address || len(seen) == maxLinks ||
			u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
			return
		}
		switch b := (Button{Text: name, URL: address, Row: row}); {
		case isPublic(u.Hostname()):
			buttons = append(buttons, b)
		case asText:
			b.Row = 0
			text = append(text, b)
		default:
			return
		}
		seen[address] = true
	}
	for _, it := range items {
		add(f.words.Runbook, it.Annotations[api.RunbookURL], true)
		add(f.words.Dashboard, it.Annotations[api.Dashboard], true)
		add(f.words.Graph, it.GeneratorURL, false)
		add(f.words.Silence, it.Annotations[api.SilenceURL], false)
		add(f.words.Image, it.Annotations[api.ImageURL], false)
		if n := len(buttons); n > 0 && buttons[n-1].Row == row {
			row++
		}
	}
	return buttons, text
}

// isPublic reports whether a host looks like one of the public Internet.
func isPublic(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	_, top, dotted := cutLast(strings.TrimSuffix(strings.ToLower(host), "."), ".")
	switch top {
	case "localhost", "local", "internal", "lan", "test", "invalid", "localdomain":
		return false
	}
	return dotted && top != "" && strings.Trim(top, "0123456789") != ""
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}
