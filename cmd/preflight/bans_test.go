package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/fake/fakeexchange"
)

// testBans checks that no run calls an exchange that demanded a pause: those of
// the same process, of another one after a kill, and those of the gate.
func testBans(t *testing.T, c *built) {
	upbit, binance := fakeexchange.NewUpbit(), fakeexchange.NewBinance()
	upbit.Fail(&fakeexchange.Fault{Status: http.StatusTeapot, Body: `{"error":{"name":418,"message":"blocked for 3600 seconds"}}`})
	binance.Fail(&fakeexchange.Fault{Status: http.StatusTooManyRequests, Body: `{"code":-1003,"msg":"Too much request weight used."}`, RetryAfter: "3600"})
	servers := map[string]http.Handler{"upbit": upbit, "binance_spot": binance}
	config := "exchange_health: {timeout: 1m, max_latency: 1m}\nexchanges:\n"
	for name, handler := range servers {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		config += fmt.Sprintf("  %s: {url: %q}\n", name, server.URL)
	}
	c.config(config)
	s := c.startEvery(nil, "--real-check")
	s.becomes(runsTotal, above(5))
	s.process.Kill()
	upbit.Fail(nil)
	binance.Fail(nil)
	made := func() int { return len(upbit.Calls()) + len(binance.Calls()) }
	if made() > 3 { // those of the first run
		t.Errorf("%q %q", upbit.Calls(), binance.Calls())
	}
	before := made()
	out, _ := c.command(t.Context(), "--real-check", "--no-metrics").CombinedOutput()
	for _, want := range []string{
		"upbit: no calls until 20", "(banned)", "binance_spot: no calls until 20", "(rate_limited)",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	gate := c.command(t.Context(), "gate", "--env=paper", "--run", "--no-metrics", "--", "echo", "trading")
	if out, err := gate.CombinedOutput(); err == nil || strings.Contains(string(out), "trading") {
		t.Errorf("%v\n%s", err, out)
	}
	if made() != before {
		t.Errorf("calls went on: %q %q", upbit.Calls(), binance.Calls())
	}
}
