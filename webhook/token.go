package webhook

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// maxTokens is the number of bearer tokens that are valid at a time: the old and
// the new one during a rotation.
const maxTokens = 2

// ParseTokens reads the value of WEBHOOK_TOKEN: one bearer token, or two, a line
// each or separated by a comma. It skips comments: lines that begin with #. The
// error does not quote the tokens.
func ParseTokens(text string) (tokens []string, err error) {
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = cleanToken(line); strings.HasPrefix(line, "#") {
			continue
		}
		for part := range strings.SplitSeq(line, ",") {
			token := cleanToken(part)
			if token == "" || slices.Contains(tokens, token) {
				continue
			}
			if err := checkToken(token); err != nil {
				return nil, err
			}
			tokens = append(tokens, token)
		}
	}
	if tokens == nil && text != "" {
		return nil, errors.New("it has no token")
	}
	if len(tokens) > maxTokens {
		return nil, errors.New("more than two tokens: keep the present one and the next one")
	}
	return tokens, nil
}

// checkToken refuses a text that no sender can present as a token.
func checkToken(token string) error {
	switch {
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return errors.New("a token has a space or a character that is not ASCII: write one token a line, as plain ASCII text, without a comment behind it")
	case assignment.MatchString(token):
		return errors.New("a token looks like an assignment to another variable: write the token alone")
	}
	return nil
}

// tokenVariable is the variable that lists the tokens.
const tokenVariable = "WEBHOOK_TOKEN"

// assignment is a line of an .env file. A name in lower case is one of several
// words. The equal signs of a bearer token are at its end.
var assignment = regexp.MustCompile(`^([A-Z][A-Z0-9_]*|[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)+)=[^=]`)

// cleanToken returns a token as the webhook compares it. A sender can have it
// from the same file.
func cleanToken(text string) string { return CleanAssigned(tokenVariable, text) }

// CleanAssigned returns the secret of a line of an .env file that assigns it to a
// variable, as in "export NAME='secret'", in letters of any case. Another text is cleaned by
// [CleanSecret].
func CleanAssigned(name, line string) string {
	text := CleanSecret(line)
	if exported, ok := strings.CutPrefix(text, "export "); ok {
		text = strings.TrimSpace(exported)
	}
	if assigned, value, ok := strings.Cut(text, "="); ok && strings.EqualFold(assigned, name) {
		return CleanSecret(value)
	}
	return CleanSecret(line)
}

// CleanSecret removes the byte order mark, the spaces and the quotes around a
// secret, which editors and .env files add.
func CleanSecret(text string) string {
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "\uFEFF"))
	for _, quote := range []string{`"`, `'`} {
		if inner, ok := strings.CutPrefix(text, quote); ok {
			if inner, ok = strings.CutSuffix(inner, quote); ok {
				return strings.TrimSpace(inner)
			}
		}
	}
	return text
}

// botToken is the form of Telegram's bot tokens.
var botToken = regexp.MustCompile(`[0-9]+:[A-Za-z0-9_-]{10,}`)

// shownPath returns the path of a request without the tokens in it, for the log
// and the chats. A wrong URL of a sender can have one in its path.
func shownPath(r *http.Request, tokens []string) string {
	path := botToken.ReplaceAllString(r.URL.Path, "TOKEN")
	for _, token := range tokens {
		path = strings.ReplaceAll(path, token, "TOKEN")
	}
	return path
}

// hasEveryToken reports whether a request carries the tokens of a list as one.
// Its sender reads a file with several.
func hasEveryToken(r *http.Request, tokens []string) bool {
	scheme, list, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	for part := range strings.SplitSeq(list, ",") {
		one := &http.Request{Header: http.Header{"Authorization": {scheme + " " + part}}}
		if !hasToken(one, tokens) {
			return false
		}
	}
	return true
}

// hasToken reports whether a request carries one of the tokens, or needs none.
// The sender may read the same file, so its token is cleaned too. The time of
// the comparison reveals nothing of the tokens, not even their lengths.
func hasToken(r *http.Request, tokens []string) bool {
	if len(tokens) == 0 {
		return true
	}
	scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a := sha256.Sum256([]byte(cleanToken(got)))
	match := 0
	for _, token := range tokens {
		b := sha256.Sum256([]byte(token))
		match |= subtle.ConstantTimeCompare(a[:], b[:])
	}
	return match == 1 && strings.EqualFold(scheme, "Bearer")
}
