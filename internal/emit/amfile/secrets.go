package amfile

import (
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// isSecret reports whether a type is one of those that Alertmanager hides.
func isSecret(t reflect.Type) bool { return strings.HasPrefix(base(t).Name(), "Secret") }

// isSecretURL reports whether a type is a URL that Alertmanager hides.
func isSecretURL(t reflect.Type) bool { return isSecret(t) && strings.HasSuffix(base(t).Name(), "URL") }

func base(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

// template matches an action of a template in a URL.
var template = regexp.MustCompile(`\{\{.*?\}\}`)

// public are URLs of services that contain no secret.
var public = []string{"https://slack.com/api/chat.postMessage"}

// noURL is the part of a text that is no URL.
const noURL = "text"

// secretPart names the part of a URL that may be a secret, or returns "". The
// path of a URL outside the own network counts as one, because many services
// have their tokens there.
func secretPart(text string) string {
	if slices.Contains(public, text) {
		return ""
	}
	u, err := url.Parse(template.ReplaceAllString(strings.TrimSpace(text), "x"))
	switch {
	case err != nil:
		return noURL
	case u.User != nil:
		return "user name or password"
	case u.RawQuery != "" || u.ForceQuery:
		return "query"
	case u.Fragment != "":
		return "fragment"
	case strings.Trim(u.EscapedPath(), "/") == "" && u.Opaque == "":
		return ""
	case u.Opaque != "" || !isInside(u) || slices.ContainsFunc(strings.Split(u.Path, "/"), isToken):
		return "path"
	}
	return ""
}

// inside are the ends of the names of hosts in networks of one's own.
var inside = []string{".svc", ".local", ".internal", ".lan", ".localdomain", ".localhost", ".home.arpa", ".intranet", ".corp"}

// isInside reports whether a URL leads to a host of the own network: by an
// address of one, or a name that has no meaning outside, such as alerts,
// alerts.monitoring.svc or, with a port, alerts.monitoring.
func isInside(u *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
	}
	if net.ParseIP(host) != nil || host == "" {
		return false
	}
	dots := strings.Count(host, ".")
	return dots == 0 || dots == 1 && u.Scheme == "http" && u.Port() != "" ||
		slices.ContainsFunc(inside, func(end string) bool { return strings.HasSuffix(host, end) })
}

// isToken reports whether a part of a path looks like a token: a long word, or
// one with letters and digits in turns.
func isToken(part string) bool {
	const separators = "-_.:~"
	return slices.ContainsFunc(strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune(separators, r) }), isRandom)
}

func isRandom(word string) bool {
	var last rune
	turns, digits := 0, 0
	for _, r := range word {
		if unicode.IsDigit(r) {
			digits++
		}
		if last != 0 && unicode.IsDigit(r) != unicode.IsDigit(last) {
			turns++
		}
		last = r
	}
	plain := word == strings.ToLower(word) && digits == 0
	return turns >= 3 || digits >= 8 || len(word) >= 20 && !plain || len(word) >= 32
}

// holdsSecret reports whether a value of a secret's type is a secret, or
// contains one.
func holdsSecret(n *yaml.Node, t reflect.Type) bool {
	n = target(n)
	switch n.Kind {
	case yaml.SequenceNode:
		return slices.ContainsFunc(n.Content, func(item *yaml.Node) bool { return holdsSecret(item, t) })
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			if holdsSecret(n.Content[i], t) {
				return true
			}
		}
		return false
	}
	return n.Kind == yaml.ScalarNode && n.Value != "" && !isNull(n) && !(isSecretURL(t) && secretPart(n.Value) == "")
}
