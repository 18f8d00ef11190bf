package model

import (
	"regexp"
	"strings"
)

// userInfo matches the start of a URL with a user.
var userInfo = regexp.MustCompile("[A-Za-z][A-Za-z0-9+.-]*://[^/?#\\s\"'`]*@")

// NamesUser reports whether a text has a URL with a user or a password.
func NamesUser(text string) bool { return userInfo.MatchString(text) }

// HasUser reports whether an address, host:port or a URL, has a user or a
// password.
func HasUser(address string) bool {
	host, _, _ := strings.Cut(address, "/")
	return NamesUser(address) || strings.Contains(host, "@")
}
