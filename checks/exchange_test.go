package checks_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/fake/fakeexchange"
	"github.com/alertnative/preflight/internal/stack/proc"
)

// exchanges holds the fakes and the checks' configuration for them.
type exchanges struct {
	t       *testing.T
	upbit   *fakeexchange.Upbit
	binance *fakeexchange.Binance
	config  string
	vars    []string
}

func newExchanges(t *testing.T) *exchanges {
	t.Helper()
	e := &exchanges{t: t, upbit: fakeexchange.NewUpbit(), binance: fakeexchange.NewBinance()}
	e.upbit.Limit(1e9, time.Second) // tests call more often than a checker
	e.binance.Limit(1e9, time.Minute)
	upbit, binance := httptest.NewServer(e.upbit), httptest.NewServer(e.binance)
	t.Cleanup(upbit.Close)
	t.Cleanup(binance.Close)
	e.config = "exchanges: {upbit: {url_from: UPBIT}, binance_spot: {url_from: BINANCE}, binance_futures: {url_from: BINANCE}, binance_coin_futures: {url_from: BINANCE}}\n"
	e.vars = []string{
		"UPBIT=" + upbit.URL, "BINANCE=" + binance.URL + "/",
		"UPBIT_ACCESS_KEY=" + e.upbit.AccessKey, "UPBIT_SECRET_KEY=" + e.upbit.SecretKey,
		"BINANCE_API_KEY=" + e.binance.APIKey, "BINANCE_API_SECRET=" + e.binance.APISecret,
	}
	e.config += "live_waivers: [{of: UPBIT, risk: other_host, reason: a fake}, {of: BINANCE, risk: other_host, reason: a fake}]\n"
	return e
}

// targets are the targets of both checks.
var targets = []string{"upbit", "binance_spot", "binance_futures", "binance_coin_futures"}

func (e *exchanges) health(vars ...string) subject {
	return fromConfig(e.t, e.config+"exchange_health: {timeout: 20s, max_latency: 20s}", "Exchange Health", "live", append(e.vars, vars...)...)
}

const allowed = `
open_positions:
  timeout: 20s
  allow:
  - {exchange: upbit, asset: KRW}
  - {exchange: upbit, asset: BTC, max: 0.5}
  - {exchange: binance_spot, asset: USDT}
  - {exchange: binance_futures, asset: ETHUSDT, max: 2}
  - {exchange: binance_futures, asset: '*', envs: [test]}
`

func (e *exchanges) positions(env string, vars ...string) subject {
	return fromConfig(e.t, e.config+allowed, "Open Positions", env, append(e.vars, vars...)...)
}

// both returns the checks of exchanges in a live environment.
func (e *exchanges) both(vars ...string) []subject {
	return []subject{e.health(vars...), e.positions("live", vars...)}
}

func (e *exchanges) fail(f *fakeexchange.Fault) {
	e.upbit.Fail(f)
	e.binance.Fail(f)
}

func TestExchangesAreWell(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	for _, check := range e.both() {
		for _, target := range targets {
			if o := expect(t, check, target, checker.Pass, ""); o.Latency <= 0 {
				t.Errorf("%+v has no latency", o)
			}
		}
	}
}

// Faults that an exchange shows to every caller.
func TestExchangeFaults(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	for _, tt := range []struct {
		fault  fakeexchange.Fault
		reason string
	}{
		{fakeexchange.Maintenance(), "maintenance"},
		{fakeexchange.Broken(), "server_error"},
		{fakeexchange.Firewall(), "blocked"},
		{fakeexchange.Restricted(), "blocked"},
		{fakeexchange.Garbage(), "bad_answer"},
		{fakeexchange.Fault{Status: http.StatusFound}, "unexpected_answer"},
	} {
		e.fail(&tt.fault)
		for _, check := range e.both() {
			for _, target := range targets {
				expect(t, check, target, checker.Fail, tt.reason)
			}
		}
	}
}

// An error without a reason of its own is shown as the exchange names it.
func TestUnknownErrors(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	for _, tt := range []struct {
		body    string
		targets []string
		says    string
	}{
		{`{"code": -4109, "msg": "This account is inactive"}`, targets[1:], "HTTP 400: Binance answers -4109"},
		{`{"error": {"name": "inactive", "message": "휴면"}}`, targets[:1], "HTTP 400: Upbit answers inactive"},
		{`<html>Bad Request</html>`, targets, "HTTP 400"},
	} {
		e.fail(&fakeexchange.Fault{Status: http.StatusBadRequest, Body: tt.body})
		for _, check := range e.both() {
			for _, target := range tt.targets {
				says(t, check, target, checker.Fail, "unexpected_answer", tt.says)
			}
		}
	}
}

// The checks would do without the white space around a key; the system may send
// it.
func TestPaddedKeys(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	for _, env := range []string{"paper", "live"} {
		says(t, e.positions(env, "UPBIT_SECRET_KEY="+e.upbit.SecretKey+"\n"), "upbit", checker.Fail, "auth_failed", "UPBIT_SECRET_KEY starts or ends with white space")
		says(t, e.positions(env, "BINANCE_API_KEY= "+e.binance.APIKey), "binance_spot", checker.Fail, "auth_failed", "BINANCE_API_KEY starts or ends with white space")
	}
}

// A caller with too many requests is limited, and banned if it continues.
func TestExchangeLimits(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.upbit.Limit(1, time.Hour)
	e.binance.Limit(1, time.Hour)
	seen := map[string]bool{}
	for range 20 {
		for _, check := range e.both() {
			for _, target := range targets {
				o := observe(t, check, target)
				seen[check.Spec().Name+" "+target+" "+o.Reason] = true
				if o.Reason != "" && o.Reason != "rate_limited" && o.Reason != "banned" {
					t.Fatalf("%+v", o)
				}
			}
		}
	}
	for _, check := range e.both() {
		for _, target := range targets {
			if key := check.Spec().Name + " " + target + " "; !seen[key+"banned"] {
				t.Errorf("%s was never banned: %v", key, seen)
			}
		}
	}
	e = newExchanges(t)
	e.upbit.Limit(0, time.Hour)
	e.binance.Limit(0, time.Hour)
	if o := expect(t, e.health(), "binance_futures", checker.Fail, "rate_limited"); !strings.Contains(o.Detail, "no calls until ") {
		t.Errorf("%+v does not say when to retry", o)
	}
	e = newExchanges(t)
	e.upbit.Limit(0, time.Hour)
	expect(t, e.positions("live"), "upbit", checker.Fail, "rate_limited")
}

func TestBinanceMaintenanceByItsStatus(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.binance.Maintain(true)
	expect(t, e.health(), "binance_spot", checker.Fail, "maintenance")
	expect(t, e.health(), "binance_futures", checker.Pass, "")
}

// Test networks have neither a system status nor permissions.
func TestBinanceTestnet(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.binance.Testnet(true)
	expect(t, e.health(), "binance_spot", checker.Pass, "")
	expect(t, e.positions("paper"), "binance_spot", checker.Pass, "")
	expect(t, e.positions("live"), "binance_spot", checker.Warn, "wallet_not_read")
}

func TestExchangeClocks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		offset time.Duration
		apart  bool
	}{{-time.Minute, true}, {-4 * time.Second, true}, {4 * time.Second, true}, {500 * time.Millisecond, false}} {
		e := newExchanges(t)
		e.upbit.ShiftClock(tt.offset)
		e.binance.ShiftClock(tt.offset)
		for _, target := range targets {
			status, reason := checker.Pass, ""
			if tt.apart {
				status, reason = checker.Fail, "clock_skew"
			}
			expect(t, e.health(), target, status, reason)
		}
	}
	// A signed call with a wrong time is refused.
	e := newExchanges(t)
	e.binance.ShiftClock(-time.Minute)
	expect(t, e.positions("live"), "binance_spot", checker.Fail, "clock_skew")
	expect(t, e.positions("live"), "binance_futures", checker.Fail, "clock_skew")
	e.binance.ShiftClock(time.Minute)
	expect(t, e.positions("live"), "binance_spot", checker.Fail, "clock_skew")
}

func TestExchangeSlow(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.upbit.Delay(20 * time.Millisecond)
	check := fromConfig(t, e.config+"exchange_health: {timeout: 20s, max_latency: 10ms}", "Exchange Health", "live", e.vars...)
	if o := expect(t, check, "upbit", checker.Warn, "slow"); o.Latency < 20*time.Millisecond {
		t.Errorf("%+v", o)
	}
}

// silent returns the address of a server that accepts connections and never
// answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// hangsUp returns the address of a server that accepts connections and closes
// them.
func hangsUp(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	return listener.Addr().String()
}

// refused returns an address without a listener.
func refused(t *testing.T) string {
	t.Helper()
	port, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Release)
	return port.Addr()
}

func TestHTTPConnections(t *testing.T) {
	t.Parallel()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(untrusted.Close)
	for address, reason := range map[string]string{
		"http://" + refused(t):     "connection_refused",
		"http://nosuch.invalid":    "host_not_found",
		untrusted.URL:              "tls_failed",
		"http://" + hangsUp(t):     "unreachable",
		"no address":               "malformed",
		"http://127.0.0.1:no port": "malformed",
	} {
		e := newExchanges(t)
		for _, check := range e.both("UPBIT="+address, "BINANCE="+address) {
			for _, target := range targets {
				expect(t, check, target, checker.Fail, reason)
			}
		}
		check := declaredCheck("{name: HTTP, timeout: 20s, http: {url_from: V}}", "V="+address)
		expect(t, check, "http", checker.Fail, reason)
	}
	e := newExchanges(t)
	e.vars = append(e.vars, "UPBIT=http://"+silent(t), "BINANCE=http://"+silent(t))
	health := fromConfig(t, e.config+"exchange_health: {timeout: 100ms}", "Exchange Health", "live", e.vars...)
	positions := fromConfig(t, e.config+"open_positions: {timeout: 100ms}", "Open Positions", "live", e.vars...)
	for _, target := range targets {
		expect(t, health, target, checker.Fail, "timeout")
		expect(t, positions, target, checker.Fail, "timeout")
	}
	check := declaredCheck("{name: HTTP, timeout: 100ms, http: {url_from: V}}", "V=http://"+silent(t))
	expect(t, check, "http", checker.Fail, "timeout")
}

func TestPositions(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	// Allowed amounts, and nothing else.
	e.upbit.SetBalance("BTC", "0.5")
	e.upbit.SetBalance("XRP", "0.0")
	e.binance.SetPosition("ETHUSDT", "-2.000")
	for _, target := range targets {
		expect(t, e.positions("live"), target, checker.Pass, "")
	}
	// A larger amount than allowed, and an asset that is not allowed.
	e.upbit.SetBalance("BTC", "0.50000001")
	e.binance.SetBalance("DOGE", "1.00000000")
	e.binance.SetPosition("ETHUSDT", "-2.001")
	for target, held := range map[string]string{
		"upbit": "BTC 0.50000001", "binance_spot": "DOGE 1", "binance_futures": "ETHUSDT -2.001",
	} {
		if o := expect(t, e.positions("live"), target, checker.Fail, "unexpected_position"); !strings.Contains(o.Detail, held) {
			t.Errorf("%+v does not say that it holds %s", o, held)
		}
		if target != "binance_futures" {
			expect(t, e.positions("test"), target, checker.Warn, "unexpected_position")
		}
	}
	expect(t, e.positions("test"), "binance_futures", checker.Pass, "") // any asset is allowed in test
}

func TestKeys(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	none := []string{"UPBIT_ACCESS_KEY=", "UPBIT_SECRET_KEY=", "BINANCE_API_KEY=", "BINANCE_API_SECRET="}
	half := []string{"UPBIT_SECRET_KEY=", "BINANCE_API_SECRET="}
	wrongSecret := []string{"UPBIT_SECRET_KEY=" + fakeexchange.Key(), "BINANCE_API_SECRET=" + fakeexchange.Key()}
	wrongKey := []string{"UPBIT_ACCESS_KEY=" + fakeexchange.Key(), "BINANCE_API_KEY=" + fakeexchange.Key()}
	noKey := []string{"UPBIT_ACCESS_KEY=short", "BINANCE_API_KEY=short"}
	for _, target := range targets {
		expect(t, e.positions("paper", none...), target, checker.Pass, "")
		expect(t, e.positions("live", none...), target, checker.Fail, "not_configured")
		expect(t, e.positions("paper", half...), target, checker.Fail, "not_configured")
		for _, vars := range [][]string{wrongSecret, wrongKey, noKey} {
			expect(t, e.positions("paper", vars...), target, checker.Fail, "auth_failed")
		}
	}
	e.binance.PermitWithdrawals(true)
	e.upbit.Permit(fakeexchange.ViewWithdrawals, true)
	expect(t, e.positions("live"), "binance_spot", checker.Warn, "withdrawal_permission")
	expect(t, e.positions("live"), "upbit", checker.Warn, "withdrawal_permission")
	e.binance.PermitWithdrawals(false)

	e.upbit.Permit(fakeexchange.ViewAccounts, false)
	expect(t, e.positions("live"), "upbit", checker.Fail, "missing_permission")
	e.binance.ForbidReading(true)
	expect(t, e.positions("live"), "binance_spot", checker.Fail, "auth_failed")
	e.upbit.ForeignIP(true)
	expect(t, e.positions("live"), "upbit", checker.Fail, "ip_not_allowed")
	e.upbit.ForeignIP(false)
	e.upbit.ExpireKeys(true)
	expect(t, e.positions("live"), "upbit", checker.Fail, "key_expired")
}

// Signed calls go only to the address for which they were signed.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	called := make(chan string, 100)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.URL.Path }))
	t.Cleanup(elsewhere.Close)
	redirect := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(redirect.Close)
	for _, target := range targets {
		expect(t, e.positions("live", "UPBIT="+redirect.URL, "BINANCE="+redirect.URL), target, checker.Fail, "unexpected_answer")
	}
	if len(called) > 0 {
		t.Errorf("followed to %s", <-called)
	}
}
