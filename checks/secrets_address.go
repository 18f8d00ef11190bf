package checks

import (
	"net/url"
	"slices"
	"strings"

	"github.com/alertnative/preflight/internal/lazy"
)

// addressSecrets are the secrets in a variable's value, and words of the value
// that an attacker knows, such as the user and the database.
type addressSecrets struct{ values, known []string }

func (a *addressSecrets) add(secret string) {
	if secret != "" && !slices.Contains(a.values, secret) {
		a.values = append(a.values, secret)
	}
}

// secretsIn returns the passwords of an address, or else the whole value.
func secretsIn(value string) (found addressSecrets) {
	value = strings.TrimSpace(value)
	if strings.Contains(value, "://") {
		return secretsInURL(value)
	}
	if m := driverAddress().FindStringSubmatch(value); m != nil {
		found.add(unescaped(m[2]))
		found.known = append(found.known, m[1])
		return found
	}
	settings, ok := listedSettings(value)
	if !ok {
		settings, ok = dsnSettings(value)
	}
	if !ok {
		found.add(value)
		return found
	}
	for _, s := range settings {
		if isPasswordSetting(s.name) {
			found.add(s.value)
		} else {
			found.known = append(found.known, s.value)
		}
	}
	return found
}

// driverAddress matches an address without a scheme, such as MySQL's
// "user:password@tcp(host:3306)/db".
var driverAddress = lazy.Regexp(`^([\w.-]*):(.*)@(?:\w+\([^()]*\)|[\w.-]+:\d+)/\S*$`)

// listedSettings parses "Server=h;User Id=u;Password=p", the form of ODBC and
// .NET. It returns false for a text of another form.
func listedSettings(text string) (settings []dsnSetting, ok bool) {
	if !strings.Contains(text, ";") {
		return nil, false
	}
	for part := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		if !found {
			return nil, false
		}
		s := dsnSetting{strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"'{}`)}
		settings = append(settings, s)
		ok = ok || isPasswordSetting(s.name)
	}
	return settings, ok
}

// secretsInURL parses an address as drivers do, several hosts included, which
// net/url refuses.
func secretsInURL(value string) (found addressSecrets) {
	_, rest, _ := strings.Cut(value, "://")
	rest, query, _ := strings.Cut(rest, "?")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		user, password, _ := strings.Cut(rest[:i], ":")
		found.add(unescaped(password))
		found.known = append(found.known, unescaped(user))
		rest = rest[i+1:]
	}
	found.known = append(found.known, strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune("/,:#", r) })...)
	settings, _ := url.ParseQuery(query) // it has the ones that can be parsed
	for name, values := range settings {
		for _, v := range values {
			if isPasswordSetting(name) {
				found.add(v)
			} else {
				found.known = append(found.known, v)
			}
		}
	}
	return found
}

// unescaped decodes %40 to @. A text that is not encoded stays as it is.
func unescaped(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// isPasswordSetting reports whether a setting of an address holds a secret.
func isPasswordSetting(name string) bool {
	name = strings.ToLower(name)
	return name == "passwd" || name == "pwd" || name == "pass" || name == "passphrase" || name == "token" || strings.HasSuffix(name, "secret") ||
		strings.HasSuffix(name, "password")
}

// dsnSetting is a setting of PostgreSQL's other form of an address.
type dsnSetting struct{ name, value string }

// dsnSettings parses "host=h password = 'p w'". It returns false for a text of
// another form, such as a secret with an equals sign.
func dsnSettings(text string) (settings []dsnSetting, ok bool) {
	rest := strings.TrimSpace(text)
	for rest != "" {
		name, after, found := strings.Cut(rest, "=")
		if name = strings.TrimSpace(name); !found || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			return nil, false
		}
		var value string
		if value, rest, ok = dsnValue(strings.TrimLeft(after, dsnBlank)); !ok {
			return nil, false
		}
		settings = append(settings, dsnSetting{name, value})
		rest = strings.TrimLeft(rest, dsnBlank)
	}
	known := func(s dsnSetting) bool {
		return slices.Contains([]string{"host", "hostaddr", "port", "dbname", "user", "password", "passfile", "service", "sslmode", "sslpassword"}, s.name)
	}
	return settings, slices.ContainsFunc(settings, known)
}

const dsnBlank = " \t\r\n\f\v"

// dsnValue reads a value, which quotes may enclose. A backslash protects the
// next character.
func dsnValue(text string) (value, rest string, ok bool) {
	quoted := strings.HasPrefix(text, "'")
	var out strings.Builder
	for i := len(text) - len(strings.TrimPrefix(text, "'")); i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			out.WriteByte(text[i])
		case quoted && c == '\'':
			return out.String(), text[i+1:], true
		case !quoted && strings.IndexByte(dsnBlank, c) >= 0:
			return out.String(), text[i:], true
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), "", !quoted
}
