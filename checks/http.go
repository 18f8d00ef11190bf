package checks

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks/internal/declared"
)

// httpProbe calls a service and measures the time.
type httpProbe struct {
	address, variable string
	status            []int
	contains          string
	bans              *bans // of exchanges, whose hosts a check may call, too
}

func newHTTPProbe(c *declared.HTTP, env checker.Env) httpProbe {
	p := httpProbe{address: c.URL, variable: c.URLFrom, status: c.Status, contains: c.Contains, bans: bansOf(env)}
	if c.URLFrom != "" {
		p.address = env.Value(c.URLFrom)
	}
	return p
}

func (p httpProbe) measure(ctx context.Context) (measurement, error) {
	if p.address == "" {
		return measurement{}, rejection{"not_configured", p.variable + " is not set"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address, nil)
	if err != nil || req.URL.Host == "" {
		return measurement{}, malformed(p.variable, p.address, "the address of a service")
	}
	if in, ok := p.bans.inForce(fileOf(req.URL, ""), time.Now()); ok {
		return measurement{}, rejection{"unexpected_status", in.demands()}
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
