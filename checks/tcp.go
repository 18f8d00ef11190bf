package checks

import (
	"context"
	"net"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks/internal/declared"
)

// tcpProbe connects to an address and measures the time.
type tcpProbe struct{ address, variable string }

func newTCPProbe(c *declared.TCP, env checker.Env) tcpProbe {
	p := tcpProbe{address: c.Address, variable: c.AddressFrom}
	if c.AddressFrom != "" {
		p.address = env.Value(c.AddressFrom)
	}
	return p
}

func (p tcpProbe) measure(ctx context.Context) (measurement, error) {
	switch {
	case p.address == "":
		return measurement{}, rejection{"not_configured", p.variable + " is not set"}
	case !declared.IsHostPort(p.address):
		return measurement{}, malformed(p.variable, p.address, "HOST:PORT")
	}
	began := time.Now()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.address)
	took := time.Since(began)
	if err != nil {
		return measurement{}, err
	}
	_ = conn.Close()
	return measurement{took.Seconds(), true, " s", took}, nil
}
