package checks_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/spec"
)

// FuzzConfig reads any text as preflight.yml. Accepted text gives checks that
// keep their contract, and errors name the file.
func FuzzConfig(f *testing.F) {
	shipped, err := os.ReadFile("../preflight.yml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shipped)
	for _, text := range []string{
		"", "~", "a: &x [*x]", "environment: {required: [{name: A, format: integer, min: 1}]}\n---\n", "live_safety: {live_keys: [A]}",
		"checks: [{name: A, command: [x]}, {name: B, sql: {url_from: P, query: q}, fail: {above: 1}}]",
		"migrations: [{name: a, url_from: P, folder: f}]", "git_safety: {tag: '[a-'}", "live_envs: []\nsecrets: {files: [a, a]}", "0\n0\n\n00",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parse(string(data))
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "p.yml:") && !strings.HasPrefix(line, " ") {
					t.Errorf("%q does not name the file", line)
				}
			}
			return
		}
		seen := map[string]bool{}
		for _, check := range c.Checks() {
			spec := check.Spec()
			if spec.Name == "" || spec.Looks == "" || seen[spec.Name] {
				t.Errorf("%+v", spec)
			}
			seen[spec.Name] = true
			targets := map[string]bool{}
			for _, target := range check.Targets(c.Env("paper", nil).For(check)) {
				if target == "" || targets[target] {
					t.Errorf("%s has the target %q twice, or without a name", spec.Name, target)
				}
				targets[target] = true
			}
		}
	})
}

// FuzzExchangeAnswers gives an arbitrary answer to every call. Nothing panics,
// every reason is a declared one, and an unreadable account is never reported
// as empty.
func FuzzExchangeAnswers(f *testing.F) {
	for _, a := range []struct {
		status int
		body   string
	}{
		{200, ""}, {200, "null"}, {200, "[]"}, {200, "{}"}, {200, `[{"market":"KRW-BTC"}]`}, {200, `{"serverTime":1}`}, {200, `{"serverTime":"x"}`},
		{200, `[{"currency":"BTC","balance":"1e400","locked":"0"}]`}, {200, `[{"currency":"BTC","balance":"NaN","locked":"0"}]`},
		{200, `{"balances":[{"asset":"BTC","free":"1","locked":""}]}`}, {200, `[{"symbol":"BTCUSDT","positionAmt":"-1"}]`}, {200, `[{"symbol":"A","positionAmt":"1","positionSide":"LONG","asset":"A","balance":"-0","orderId":1,"algoId":1}]`},
		{200, `[{"currency":"BTC","balance":"1","locked":"0","uuid":"1","market":"KRW-BTC","trade_price":1e400,"trade_timestamp":1}]`},
		{200, `{"status":0,"serverTime":9223372036854775807,"balances":[],"enableWithdrawals":false}`},
		{401, `{"error":{"name":"jwt_verification","message":"x"}}`}, {401, `{"error":{"name":401}}`}, {400, `{"code":-1021}`}, {400, `{"code":"x"}`},
		{429, ""}, {418, "{"}, {400, `{"code":-1121}`}, {200, `[{"symbol":"BTCUSDT","marginType":"CROSSED","leverage":5}]`},
		{200, `{"rateLimits":[],"symbols":[{"symbol":"BTCUSDT","status":"TRADING","isSpotTradingAllowed":true,"permissionSets":[],"contractType":"PERPETUAL","deliveryDate":1,"filters":[{"filterType":"LOT_SIZE","minQty":"1","maxQty":"0","stepSize":"1e-9"}]}]}`},
		{200, `{"price":"0","closeTime":1,"time":1,"canTrade":true,"permissions":[],"dualSidePosition":true,"multiAssetsMargin":false}`},
		{503, "maintenance"}, {302, ""}, {404, ""}, {500, "점검"},
	} {
		f.Add(a.status, []byte(a.body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Mbx-Used-Weight-1m", "1")
			w.Header().Set("Remaining-Req", "group=market; min=600; sec=9")
			w.WriteHeader(status)
			_, _ = w.Write(body)
		}))
		defer server.Close()
		config := fmt.Sprintf("exchanges:\n"+
			"  upbit: {url: %[1]q, order_test: true, symbols: [{symbol: KRW-BTC, order_size: 1, price: 1}]}\n"+
			"  binance_spot: {url: %[1]q, symbols: [{symbol: BTCUSDT, order_size: 1}]}\n"+
			"  binance_futures: {url: %[1]q, position_mode: hedge, symbols: [{symbol: BTCUSDT, order_size: 1, price: 1, leverage: 5}]}\n"+
			"  binance_coin_futures: {url: %[1]q, symbols: [{symbol: BTCUSDT, order_size: 1}]}\n"+
			"exchange_health: {timeout: 1m, max_latency: 1m, max_used_limit: 0.5}\nopen_positions: {timeout: 1m, allow: [{exchange: upbit, asset: BTC, max_value: 1, quote: KRW}]}", server.URL)
		vars := []string{"UPBIT_ACCESS_KEY=a", "UPBIT_SECRET_KEY=s", "BINANCE_API_KEY=a", "BINANCE_API_SECRET=s"}
		for _, name := range []string{"Exchange Health", "Open Positions"} {
			check := fromConfig(t, config, name, "live", vars...)
			report := checker.Runner{Checks: []checker.Check{check.Check}, Real: true}.Run(t.Context(), check.env)
			for _, o := range report.Results[0].Observations {
				if o.Reason == spec.InternalError || o.Status != checker.Pass && o.Detail == "" {
					t.Errorf("%s: %d %q: %+v", check.Spec().Name, status, body, o)
				}
				if o.Status == checker.Pass && status != http.StatusOK {
					t.Errorf("%s: %d %q passes: %+v", check.Spec().Name, status, body, o)
				}
			}
		}
	})
}
