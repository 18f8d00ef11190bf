package checks

import (
	"crypto/tls"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"
)

// realHosts are the hosts of the exchanges that trade for real.
var realHosts = map[string][]string{
	targetUpbit: {"api.upbit.com", "sg-api.upbit.com", "id-api.upbit.com", "th-api.upbit.com"},
	targetBinanceSpot: {
		"api.binance.com", "api1.binance.com", "api2.binance.com", "api3.binance.com", "api4.binance.com", "api-gcp.binance.com",
	},
	targetBinanceFutures: {"fapi.binance.com"},
	targetBinanceCoin:    {"dapi.binance.com"},
}

// exchangeRisks returns the risks of the exchanges' addresses.
func exchangeRisks(exchanges []exchange) (found []riskyAddress) {
	for _, e := range exchanges {
		u, err := url.Parse(e.BaseURL)
		if err != nil {
			continue // the check fails
		}
		a := riskyAddress{target: e.Name, names: []string{e.Variable, u.Hostname()}}
		if !slices.Contains(realHosts[e.Name], strings.ToLower(u.Hostname())) {
			a.risk, a.detail = riskOtherHost, u.Hostname()+" is not the exchange"
			found = append(found, a)
		}
		found = append(found, a.plain(u)...)
	}
	return found
}

func (h exchangeHealth) addresses() []riskyAddress { return exchangeRisks(h.Exchanges) }
func (p openPositions) addresses() []riskyAddress  { return exchangeRisks(p.Exchanges) }

// plain returns the address if it is a URL of plain HTTP that leaves this
// machine.
func (a riskyAddress) plain(u *url.URL) []riskyAddress {
	if u.Scheme != "http" || isLocal(u.Hostname()) {
		return nil
	}
	a.risk, a.detail = riskPlainText, "plain HTTP to "+u.Hostname()
	return []riskyAddress{a}
}

// isLocal reports whether a host is this machine: a loopback address, or a
// folder with a socket.
func isLocal(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost") || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@")
}

func (d database) addresses() (found []riskyAddress) {
	if d.Redis != nil {
		found = append(found, redisRisks(targetRedis, d.Redis.server)...)
	}
	if d.Postgres != nil {
		found = append(found, postgresRisks(targetPostgres, d.Postgres.server)...)
	}
	return found
}

func (m migrations) addresses() (found []riskyAddress) {
	for _, s := range m.Schemas {
		found = append(found, postgresRisks(s.Name, s.Server)...)
	}
	return found
}

func (d declaredProbe) addresses() []riskyAddress {
	switch p := d.probe.(type) {
	case httpProbe:
		if u, err := url.Parse(p.address); err == nil {
			return riskyAddress{target: d.target, names: []string{p.variable, u.Hostname()}}.plain(u)
		}
	case sqlProbe:
		return postgresRisks(d.target, p.server)
	}
	return nil
}

// redisRisks returns the risk of a Redis' address.
func redisRisks(target string, s server) []riskyAddress {
	opt, err := redis.ParseURL(s.Address)
	if err != nil || opt.Network == "unix" {
		return nil
	}
	host, _, err := net.SplitHostPort(opt.Addr)
	if err != nil || isLocal(host) {
		return nil
	}
	a := riskyAddress{target: target, names: []string{s.Variable, host}}
	switch {
	case opt.TLSConfig == nil:
		a.risk, a.detail = riskPlainText, "no TLS to "+host
	case opt.TLSConfig.InsecureSkipVerify:
		a.risk, a.detail = riskUnverified, "skip_verify to "+host
	default:
		return nil
	}
	return []riskyAddress{a}
}

// postgresRisks returns the worst risk of each host of a PostgreSQL.
func postgresRisks(target string, s server) (found []riskyAddress) {
	config, err := pgconn.ParseConfig(s.Address)
	if err != nil {
		return nil
	}
	hosts := []*pgconn.FallbackConfig{{Host: config.Host, TLSConfig: config.TLSConfig}}
	for _, h := range append(hosts, config.Fallbacks...) {
		a := riskyAddress{target: target, names: []string{s.Variable, h.Host}}
		switch {
		case isLocal(h.Host):
			continue
		case h.TLSConfig == nil:
			a.risk, a.detail = riskPlainText, "sslmode allows a connection without TLS to "+h.Host
		case unverified(h.TLSConfig):
			a.risk, a.detail = riskUnverified, "sslmode does not verify "+h.Host
		default:
			continue
		}
		found = append(found, a)
	}
	// A mode that tries TLS first has both risks: the worse one counts.
	return slices.DeleteFunc(found, func(a riskyAddress) bool {
		return a.risk == riskUnverified && slices.ContainsFunc(found, func(b riskyAddress) bool {
			return b.risk == riskPlainText && b.names[1] == a.names[1]
		})
	})
}

// unverified reports whether no certificate is verified. sslmode=verify-ca
// verifies it by a function.
func unverified(c *tls.Config) bool { return c.InsecureSkipVerify && c.VerifyPeerCertificate == nil }
