package checks

import (
	"context"
	"net"
	"time"
)

// TCPConfig declares an address that must take connections.
type TCPConfig struct {
	Address     string `yaml:"address"`      // host:port
	AddressFrom string `yaml:"address_from"` // or the variable that has it
}

func (c *TCPConfig) probe(s Setting) probe {
	p := tcpProbe{address: c.Address, variable: c.AddressFrom}
	if c.AddressFrom != "" {
		p.address = s.value(c.AddressFrom)
	}
	return p
}

func (c *TCPConfig) problems(path ...any) []problem {
	switch {
	case (c.Address == "") == (c.AddressFrom == ""):
		return []problem{wrong("needs address or address_from", path...)}
	case c.AddressFrom != "":
		return variableProblem(c.AddressFrom, "address", "GATEWAY_ADDRESS", append(path, "address_from")...)
	case !isHostPort(c.Address):
		return []problem{wrong("must be HOST:PORT", append(path, "address")...)}
	}
	return nil
}

func isHostPort(address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && host != "" && port != ""
}

type tcpProbe struct{ address, variable string }

func (p tcpProbe) looks() string {
	if p.variable != "" {
		return "the address in " + p.variable + " takes connections"
	}
	return p.address + " takes connections"
}

func (tcpProbe) network() bool { return true }

func (tcpProbe) reasons() []Reason {
	return append([]Reason{
		{"not_configured", "the variable with the address is not set", "set the variable that preflight.yml names"},
		{"malformed", "the address cannot be read", "write it as HOST:PORT"},
	}, withoutReason(connectionReasons(), "tls_failed")...)
}

func withoutReason(reasons []Reason, name string) []Reason {
	var kept []Reason
	for _, r := range reasons {
		if r.Name != name {
			kept = append(kept, r)
		}
	}
	return kept
}

func (p tcpProbe) measure(ctx context.Context) (measurement, error) {
	switch {
	case p.address == "":
		return measurement{}, rejection{"not_configured", p.variable + " is not set"}
	case !isHostPort(p.address):
		return measurement{}, errMalformed{p.variable, "HOST:PORT"}
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
