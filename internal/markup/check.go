package markup

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Check parses a text, and returns also a mistake that Telegram does not refuse but
// shows: a link without an address that it takes, and a character reference that
// it does not know. The error is an [*Error].
func Check(s string) (Text, error) {
	p := parser{s: s}
	if err := p.parse(); err != nil {
		return Text{}, err
	}
	for _, at := range named.FindAllStringIndex(s, -1) {
		text := s[at[0]:at[1]]
		if _, n := decode(text); n == 1 {
			return Text{}, &Error{Offset: at[0], Reason: fmt.Sprintf("Unknown character reference %q: Telegram knows &lt; &gt; &amp; &quot; and numbers", text)}
		}
	}
	for _, l := range p.links {
		if reason := addressFault(l.address); reason != "" {
			return Text{}, &Error{Offset: l.at, Reason: fmt.Sprintf("Link to %q: %s", l.address, reason), Link: true}
		}
	}
	return Text{Shown: p.out.String(), Entities: min(p.entities, maxEntities)}, nil
}

var named = regexp.MustCompile(`&#?[a-zA-Z0-9]{1,32};`)

// addressFault returns the reason why Telegram shows a link as plain text, or "".
func addressFault(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "it is no address"
	case u.Scheme == "tg" || u.Scheme == "mailto":
		return ""
	case u.Scheme != "http" && u.Scheme != "https":
		return "the address must begin with https://, http://, tg:// or mailto:"
	case !strings.Contains(u.Hostname(), ".") && !isAddress(u.Hostname()):
		return "Telegram shows no link to a host without a dot"
	}
	return ""
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
