package webhook

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"regexp"
	"strings"
)

// maxTokens is the number of bearer tokens that are valid at a time: the old and
// the new one during a rotation.
const maxTokens = 2

// ParseTokens reads the value of WEBHOOK_TOKEN: one bearer token, or two, a line
// each or separated by a comma. The error does not quote them.
func ParseTokens(text string) (tokens []string, err error) {
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' }) {
		token := CleanSecret(line)
		if token == "" {
			continue
		}
		if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return nil, errors.New("a token has a space or a character that is not ASCII: write one token a line, as plain ASCII text")
		}
		tokens = append(tokens, token)
	}
	if tokens == nil && strings.TrimSpace(text) != "" {
		return nil, errors.New("it has no token")
	}
	if len(tokens) > maxTokens {
		return nil, errors.New("more than two tokens: keep the present one and the next one")
	}
	return tokens, nil
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

// hasToken reports whether a request carries one of the tokens, or needs none.
// The sender may read the same file, so its token is cleaned too. The time of
// the comparison reveals nothing of the tokens, not even their lengths.
func hasToken(r *http.Request, tokens []string) bool {
	if len(tokens) == 0 {
		return true
	}
	scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a := sha256.Sum256([]byte(CleanSecret(got)))
	match := 0
	for _, token := range tokens {
		b := sha256.Sum256([]byte(token))
		match |= subtle.ConstantTimeCompare(a[:], b[:])
	}
	return match == 1 && strings.EqualFold(scheme, "Bearer")
}
