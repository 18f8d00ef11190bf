package message

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/transport"
)

const (
	maxLinks      = 8
	maxLinkLength = 500
)

// maxButton is the length of the text of a button that names its alert, in UTF-16
// code units.
const maxButton = 40

// links sorts the addresses of the alerts into buttons and text. The buttons of an
// alert stand in one row, and those that do something with it in the next one. If
// the host of one button has no dot, such as http://grafana:3000, Telegram refuses
// the whole message. So an address that is not public becomes text.
func (f *Formatter) links(items []Item, labels labelling) (buttons, text []transport.Button) {
	seen := map[string]bool{}
	row := 0
	endRow := func() {
		if n := len(buttons); n > 0 && buttons[n-1].Row == row {
			row++
		}
	}
	of := func(name string, address func(Item) string, asText bool) func(Item) {
		all := map[string]bool{}
		for _, it := range items {
			all[address(it)] = true
		}
		delete(all, "")
		several := len(all) > 1
		return func(it Item) {
			a := address(it)
			if !isLink(a) || seen[a] || len(seen) == maxLinks {
				return
			}
			b := transport.Button{Text: name, URL: a, Row: row}
			if alert := labels.nameOf(it); several && alert != "" {
				b.Text = shorten(name+" "+alert, maxButton)
			}
			switch u, _ := url.Parse(a); {
			case isPublic(u.Hostname()):
				buttons = append(buttons, b)
			case asText:
				b.Row = 0
				text = append(text, b)
			default:
				return
			}
			seen[a] = true
		}
	}
	annotation := func(name string) func(Item) string {
		return func(it Item) string { return it.Annotations[name] }
	}
	runbook := of(f.words.Runbook, annotation(api.RunbookURL), true)
	dashboard := of(f.words.Dashboard, annotation(api.Dashboard), true)
	graph := of(f.words.Graph, func(it Item) string { return it.GeneratorURL }, false)
	silence := of(f.words.Silence, annotation(api.SilenceURL), false)
	image := of(f.words.Image, annotation(api.ImageURL), false)
	for _, it := range items {
		runbook(it)
		dashboard(it)
		graph(it)
		endRow()
		silence(it)
		image(it)
		endRow()
	}
	return buttons, text
}

// isLink reports whether a message can show an address.
func isLink(address string) bool {
	if address == "" || len(address) > maxLinkLength || clean(address) != address {
		return false
	}
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil
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
