package checks

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// HTTPConfig declares a GET and the answer that is expected.
type HTTPConfig struct {
	URL      string `yaml:"url"`
	URLFrom  string `yaml:"url_from"` // or the variable that has it: for one with a secret in it
	Status   []int  `yaml:"status"`   // 200 to 299 when not given
	Contains string `yaml:"contains"` // text in the body
}

func (c *HTTPConfig) probe(s Setting) probe {
	p := httpProbe{address: c.URL, variable: c.URLFrom, status: c.Status, contains: c.Contains}
	if c.URLFrom != "" {
		p.address = s.value(c.URLFrom)
	}
	return p
}

func (c *HTTPConfig) problems(path ...any) (problems []problem) {
	switch {
	case (c.URL == "") == (c.URLFrom == ""):
		problems = append(problems, wrong("needs url or url_from", path...))
	case c.URLFrom != "":
		problems = append(problems, variableProblem(c.URLFrom, "address", "HEALTH_URL", append(path, "url_from")...)...)
	case !isHTTP(c.URL):
		problems = append(problems, wrong("must be an address as http://HOST:PORT/PATH, without a password: url_from is for one that has it", append(path, "url")...))
	}
	if slices.ContainsFunc(c.Status, func(s int) bool { return s < 100 || s > 599 }) {
		problems = append(problems, wrong("must be HTTP statuses, as [200, 204]", append(path, "status")...))
	}
	return problems
}

func isHTTP(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

type httpProbe struct {
	address, variable string
	status            []int
	contains          string
}

func (p httpProbe) looks() string {
	if p.variable != "" {
		return "the address in " + p.variable + " answers as expected"
	}
	return p.address + " answers as expected"
}

func (httpProbe) network() bool { return true }

func (httpProbe) reasons() []Reason {
	return append([]Reason{
		{"unexpected_status", "the answer has another HTTP status than the expected ones", "look at the service's log"},
		{"unexpected_content", "the answer does not contain the expected text", "look at what the service answers, and at its log"},
		{"not_configured", "the variable with the address is not set", "set the variable that preflight.yml names"},
		{"malformed", "the address cannot be read", "write it as http://HOST:PORT/PATH"},
	}, connectionReasons()...)
}

func (p httpProbe) measure(ctx context.Context) (measurement, error) {
	if p.address == "" {
		return measurement{}, rejection{"not_configured", p.variable + " is not set"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address, nil)
	if err != nil || req.URL.Host == "" {
		return measurement{}, errMalformed{p.variable, "the address of a service"}
	}
	client := newHTTPClient()
	defer client.CloseIdleConnections()
	began := time.Now()
	a, err := ask(client, req)
	took := time.Since(began)
	switch {
	case err != nil:
		return measurement{}, err
	case p.status == nil && a.status/100 != 2, p.status != nil && !slices.Contains(p.status, a.status):
		return measurement{}, rejection{"unexpected_status", fmt.Sprintf("HTTP %d", a.status)}
	case !bytes.Contains(a.body, []byte(p.contains)):
		return measurement{}, rejection{"unexpected_content", fmt.Sprintf("%q is not in the answer", p.contains)}
	}
	return measurement{took.Seconds(), true, " s", took}, nil
}
