package declared

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// HTTP declares a GET request and the expected answer.
type HTTP struct {
	URL      string `yaml:"url"`
	URLFrom  string `yaml:"url_from"` // or the variable with the URL, for a URL with a secret
	Status   []int  `yaml:"status"`   // 200 to 299 by default
	Contains string `yaml:"contains"` // text in the body
}

func (h HTTP) looks() string { return address(h.URL, h.URLFrom) + " answers as expected" }

func (h HTTP) problems(path ...any) (problems []Problem) {
	switch {
	case (h.URL == "") == (h.URLFrom == ""):
		problems = append(problems, Wrong("needs url or url_from", path...))
	case h.URLFrom != "":
		problems = append(problems, VariableProblem(h.URLFrom, "address", "HEALTH_URL", append(path, "url_from")...)...)
	case !isHTTP(h.URL):
		problems = append(problems, Wrong("must be an address of the form http://HOST:PORT/PATH, without a password: url_from is for one that has it", append(path, "url")...))
	}
	if slices.ContainsFunc(h.Status, func(s int) bool { return s < 100 || s > 599 }) {
		problems = append(problems, Wrong("must be HTTP statuses, such as [200, 204]", append(path, "status")...))
	}
	return problems
}

func isHTTP(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// TCP declares an address that must accept connections.
type TCP struct {
	Address     string `yaml:"address"`      // host:port
	AddressFrom string `yaml:"address_from"` // or the variable with the address
}

func (t TCP) looks() string { return address(t.Address, t.AddressFrom) + " takes connections" }

func (t TCP) problems(path ...any) []Problem {
	switch {
	case (t.Address == "") == (t.AddressFrom == ""):
		return []Problem{Wrong("needs address or address_from", path...)}
	case t.AddressFrom != "":
		return VariableProblem(t.AddressFrom, "address", "GATEWAY_ADDRESS", append(path, "address_from")...)
	case !IsHostPort(t.Address):
		return []Problem{Wrong("must be HOST:PORT", append(path, "address")...)}
	}
	return nil
}

// IsHostPort reports whether a text is HOST:PORT.
func IsHostPort(address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && host != "" && port != ""
}

// SQL declares a query on PostgreSQL whose first value is a number. It runs in
// a read-only transaction.
type SQL struct {
	URLFrom string `yaml:"url_from"` // variable with the address
	Query   string `yaml:"query"`
}

func (s SQL) problems(path ...any) []Problem {
	problems := VariableProblem(s.URLFrom, "address", "POSTGRES_DSN", append(path, "url_from")...)
	if strings.TrimSpace(s.Query) == "" {
		problems = append(problems, Wrong("write the query", append(path, "query")...))
	}
	return problems
}

// address returns a name for an address or for the variable that holds it.
func address(given, variable string) string {
	if variable != "" {
		return "the address in " + variable
	}
	return given
}
