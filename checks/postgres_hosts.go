package checks

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// otherHosts holds what the hosts of an address with several hosts answer.
type otherHosts struct {
	wg   sync.WaitGroup
	down []string // by host; "" for a host that answers
}

// askOthers asks each host of an address with several hosts. A client takes the
// first that suits it, so it would hide that the others are down.
func (p postgresServer) askOthers(ctx context.Context) *otherHosts {
	all := &otherHosts{}
	configs := p.perHost()
	if len(configs) < 2 {
		return all
	}
	all.down = make([]string, len(configs))
	for i, config := range configs {
		all.wg.Go(func() {
			conn, err := pgconn.ConnectConfig(ctx, config)
			if err != nil {
				_, detail := explain(err, p.Timeout)
				all.down[i] = hostPort(config) + ": " + strings.TrimPrefix(detail, hostPort(config)+": ")
				return
			}
			hangUp(conn)
		})
	}
	return all
}

// perHost returns a configuration for each host, which accepts every kind of
// server.
func (p postgresServer) perHost() (configs []*pgconn.Config) {
	parsed, err := parsePostgres(p.server)
	if err != nil {
		return nil // askOne reports it
	}
	fallbacks := parsed.Fallbacks
	parsed.ValidateConnect = nil
	add := func(f *pgconn.FallbackConfig) {
		for _, c := range configs {
			if c.Host == f.Host && c.Port == f.Port {
				c.Fallbacks = append(c.Fallbacks, f) // the same host without TLS
				return
			}
		}
		c := parsed.Copy()
		c.Host, c.Port, c.TLSConfig, c.Fallbacks = f.Host, f.Port, f.TLSConfig, nil
		configs = append(configs, c)
	}
	add(&pgconn.FallbackConfig{Host: parsed.Host, Port: parsed.Port, TLSConfig: parsed.TLSConfig})
	for _, f := range fallbacks {
		add(f)
	}
	return configs
}

// hostPort returns the address of a configuration.
func hostPort(c *pgconn.Config) string { return net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) }

// judge adds the hosts that are down to the result of the one that answered.
func (o *otherHosts) judge(a reply, err error, timeout time.Duration) (reply, error) {
	o.wg.Wait()
	if len(o.down) > 1 && a.host != "" {
		a.detail = a.host + " answered"
	}
	down := slices.DeleteFunc(slices.Clone(o.down), func(s string) bool { return s == "" })
	if len(down) == 0 {
		return a, err
	}
	list := strings.Join(down, "; ")
	if err == nil {
		return a, reservation{"hosts_down", a.detail + "; " + list}
	}
	if a.latency == 0 { // no host suited
		reason, detail := explain(err, timeout)
		if len(down) < len(o.down) {
			list = fmt.Sprintf("%s; %s", detail, list)
		}
		return a, rejection{reason, list}
	}
	return a, err
}
