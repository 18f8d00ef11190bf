package checks_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/fake/fakeexchange"
)

// remembering returns the check with a folder for state.
func remembering(s subject, folder string) subject {
	s.env.State = folder
	return s
}

func teapot(retryAfter string) *fakeexchange.Fault {
	return &fakeexchange.Fault{Status: http.StatusTeapot, Body: `{"code":-1003,"msg":"Way too much request weight used; IP banned."}`, RetryAfter: retryAfter}
}

func limited(retryAfter string) *fakeexchange.Fault {
	return &fakeexchange.Fault{Status: http.StatusTooManyRequests, Body: `{"code":-1003,"msg":"Too much request weight used."}`, RetryAfter: retryAfter}
}

func (e *exchanges) calls() int { return len(e.upbit.Calls()) + len(e.binance.Calls()) }

// Later runs, of other checks, too, make no call while the exchange demands it.
func TestBansAreObeyed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault  *fakeexchange.Fault
		reason string
	}{{teapot("3600"), "banned"}, {limited("3600"), "rate_limited"}} {
		e := newExchanges(t)
		folder := filepath.Join(t.TempDir(), "new", "folder")
		e.fail(tt.fault)
		for _, target := range targets {
			expect(t, remembering(e.health(), folder), target, checker.Fail, tt.reason)
		}
		before := e.calls()
		e.fail(nil)
		for _, check := range e.both() {
			for _, target := range targets {
				says(t, remembering(check, folder), target, checker.Fail, tt.reason, "no calls until 20")
			}
		}
		if made := e.calls() - before; made > 0 {
			t.Errorf("%d calls while %s: %q %q", made, tt.reason, e.upbit.Calls(), e.binance.Calls())
		}
		// Another folder knows nothing of it, and without one nothing is kept.
		expect(t, remembering(e.health(), t.TempDir()), "upbit", checker.Pass, "")
		expect(t, e.health(), "binance_spot", checker.Pass, "")
	}
}

// Where the first call of an account is refused, no other one follows.
func TestNoCallsFollowARefusal(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	e.fail(teapot("60"))
	observe(t, e.positions("live"), "upbit")
	got := append(e.upbit.Calls(), e.binance.Calls()...)
	slices.Sort(got)
	want := []string{"/api/v3/account", "/dapi/v1/positionRisk", "/fapi/v3/positionRisk", "/sapi/v1/account/apiRestrictions", "/v1/accounts", "/v1/withdraws"}
	for _, path := range got {
		if !slices.Contains(want, path) {
			t.Errorf("%s was called: %q", path, got)
		}
	}
}

// One check learns of a ban, and the others of the run stop. Calls that are under
// way are not stopped.
func TestBansInARun(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	config, env := declare(t, e.config+"exchange_health: {timeout: 20s}\nopen_positions: {timeout: 20s}", "live", e.vars...)
	run := func() (calls []string) {
		before := len(e.binance.Calls())
		report := checker.Runner{Checks: config.Checks(), Real: true}.Run(t.Context(), env)
		if report.Count(checker.Fail) == 0 {
			t.Errorf("%+v", report)
		}
		return e.binance.Calls()[before:]
	}
	whole := len(run())
	e.binance.Limit(0, time.Hour)
	first := 8 // calls that start at once
	if calls := run(); len(calls) > first || first >= whole {
		t.Errorf("%d of %d calls of a run that the exchange limits: %q", len(calls), whole, calls)
	}
}

// kept returns the only ban in a folder, with the name and the text of its file.
func kept(t *testing.T, folder string) (name, text string, lasts time.Duration) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "exchange.ban-*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var ban struct{ Since, Until time.Time }
	if err := json.Unmarshal(data, &ban); err != nil {
		t.Fatal(err)
	}
	return filepath.Base(files[0]), string(data), ban.Until.Sub(ban.Since)
}

func TestLengthOfBans(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, tt := range []struct {
		target string
		fault  fakeexchange.Fault
		want   time.Duration
	}{
		{"binance_futures", *teapot("120"), 2 * time.Minute},
		{"binance_futures", *teapot("1"), time.Second},
		{"binance_futures", *teapot("0"), time.Second},
		{"binance_futures", *teapot("259200"), 72 * time.Hour},
		{"binance_futures", *teapot("4000000000"), 72 * time.Hour}, // longer than documented
		{"binance_futures", *teapot("99999999999999999999"), 2 * time.Minute},
		{"binance_futures", *teapot("-5"), 2 * time.Minute},
		{"binance_futures", *teapot("soon"), 2 * time.Minute},
		{"binance_futures", *teapot(""), 2 * time.Minute},
		{"binance_futures", *limited(""), time.Minute},
		{"binance_futures", *teapot(now.Add(time.Hour).UTC().Format(http.TimeFormat)), time.Hour},
		{"binance_futures", fakeexchange.Fault{Status: 418, Body: fmt.Sprintf(`{"code":-1003,"msg":"IP banned until %d."}`, now.Add(time.Hour).UnixMilli())}, time.Hour},
		{"binance_futures", fakeexchange.Fault{Status: 418, Body: `{"code":-1003,"msg":"IP banned until 9999999999999."}`}, 72 * time.Hour},
		{"binance_futures", fakeexchange.Fault{Status: 418, Body: `{"code":-1003,"msg":"IP banned until 1000000000000."}`}, time.Second},
		{"upbit", fakeexchange.Fault{Status: 418, Body: `{"error":{"name":418,"message":"blocked for 300 seconds"}}`}, 5 * time.Minute},
		{"upbit", fakeexchange.Fault{Status: 418, Body: `{"error":{"name":418,"message":"300초 동안 차단되었습니다."}}`}, 5 * time.Minute},
		{"upbit", fakeexchange.Fault{Status: 418, Body: `{"error":{"name":418,"message":"blocked for 999999999 seconds"}}`}, 72 * time.Hour},
		{"upbit", fakeexchange.Fault{Status: 418}, 2 * time.Minute},
		{"upbit", *limited(""), time.Second},
		{"upbit", *limited("7"), 7 * time.Second},
	} {
		e := newExchanges(t)
		e.fail(&tt.fault)
		folder := t.TempDir()
		config := "exchanges: {" + tt.target + ": {url_from: " + strings.ToUpper(tt.target[:strings.IndexAny(tt.target+"_", "_")]) + "}}\nexchange_health: {timeout: 20s}"
		observe(t, remembering(fromConfig(t, config, "Exchange Health", "live", e.vars...), folder), tt.target)
		if _, text, lasts := kept(t, folder); (lasts-tt.want).Abs() > time.Minute && tt.want > 30*time.Minute || lasts != tt.want && tt.want <= 5*time.Minute {
			t.Errorf("%+v: %s, want %s (%s)", tt.fault, lasts, tt.want, text)
		}
	}
}

// The end of a ban is a time of the exchange's clock.
func TestBanByAnotherClock(t *testing.T) {
	t.Parallel()
	ends := time.Now().Add(-time.Hour) // in an hour, by a clock that is two hours behind
	for _, fault := range []*fakeexchange.Fault{
		teapot(ends.UTC().Format(http.TimeFormat)),
		{Status: http.StatusTeapot, Body: fmt.Sprintf(`{"code":-1003,"msg":"IP banned until %d."}`, ends.UnixMilli())},
	} {
		e := newExchanges(t)
		e.binance.ShiftClock(-2 * time.Hour)
		e.fail(fault)
		folder := t.TempDir()
		config := "exchanges: {binance_futures: {url_from: BINANCE}}\nexchange_health: {timeout: 20s}"
		expect(t, remembering(fromConfig(t, config, "Exchange Health", "live", e.vars...), folder), "binance_futures", checker.Fail, "banned")
		if _, text, lasts := kept(t, folder); (lasts - time.Hour).Abs() > time.Minute {
			t.Errorf("%s, want an hour (%s)", lasts, text)
		}
	}
}

// Upbit counts signed calls by account. Those of other accounts and public calls
// go on, and the file does not show the key.
func TestLimitOfAnAccount(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	folder := t.TempDir()
	config := "exchanges: {upbit: {url_from: UPBIT}}\nopen_positions: {timeout: 20s, allow: [{exchange: upbit, asset: KRW}]}"
	positions := func(vars ...string) subject {
		return remembering(fromConfig(t, config, "Open Positions", "live", append(e.vars, vars...)...), folder)
	}
	e.upbit.Fail(limited("3600"))
	expect(t, positions(), "upbit", checker.Fail, "rate_limited")
	e.upbit.Fail(nil)
	before := len(e.upbit.Calls())
	expect(t, positions(), "upbit", checker.Fail, "rate_limited")
	if made := len(e.upbit.Calls()) - before; made > 0 {
		t.Errorf("%d calls", made)
	}
	expect(t, remembering(e.health(), folder), "upbit", checker.Pass, "")
	expect(t, positions("UPBIT_ACCESS_KEY="+fakeexchange.Key()), "upbit", checker.Fail, "auth_failed")
	name, text, _ := kept(t, folder)
	if strings.Contains(name+text, e.upbit.AccessKey) || strings.Contains(name+text, e.upbit.SecretKey) {
		t.Errorf("%s %s shows a key", name, text)
	}
	// A ban is about the address.
	e.upbit.Fail(teapot("3600"))
	expect(t, positions("UPBIT_ACCESS_KEY="+fakeexchange.Key()), "upbit", checker.Fail, "banned")
	e.upbit.Fail(nil)
	expect(t, remembering(e.health(), folder), "upbit", checker.Fail, "banned")
}

// A file that cannot be a ban is ignored, with a line in the log.
func TestFilesOfBans(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339Nano) }
	for _, tt := range []struct {
		text    string
		obeyed  bool
		damaged bool
	}{
		{`{"reason":"banned","since":"` + at(-time.Minute) + `","until":"` + at(time.Hour) + `"}`, true, false},
		{`{"reason":"rate_limited","since":"` + at(-time.Minute) + `","until":"` + at(time.Hour) + `"}`, true, false},
		{`{"reason":"banned","since":"` + at(-time.Hour) + `","until":"` + at(-time.Minute) + `"}`, false, false},      // over
		{`{"reason":"banned","since":"` + at(1000*time.Hour) + `","until":"` + at(1001*time.Hour) + `"}`, true, false}, // the clock was set back
		{`{"reason":"banned","since":"` + at(-time.Minute) + `","until":"` + at(1000*time.Hour) + `"}`, false, true},
		{`{"reason":"banned","since":"` + at(time.Minute) + `","until":"` + at(-time.Minute) + `"}`, false, true},
		{`{"reason":"other","since":"` + at(-time.Minute) + `","until":"` + at(time.Hour) + `"}`, false, true},
		{`{"reason":"banned","until":"` + at(time.Hour) + `"}`, false, true},
		{`{"reason":"banned","since":"` + at(-time.Minute) + `","until":"tomorrow"}`, false, true},
		{"", false, true}, {"null", false, true}, {"{", false, true}, {strings.Repeat("x", 1<<20), false, true},
	} {
		e := newExchanges(t)
		folder := t.TempDir()
		e.upbit.Fail(teapot("3600"))
		observe(t, remembering(e.health(), folder), "upbit")
		e.upbit.Fail(nil)
		name, _, _ := kept(t, folder)
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		check := remembering(e.health(), folder)
		check.env.Log = slog.New(slog.NewTextHandler(&log, nil))
		if o := observe(t, check, "upbit"); (o.Status == checker.Fail) != tt.obeyed {
			t.Errorf("%.100q: %+v", tt.text, o)
		}
		if got := log.String(); strings.Contains(got, "is ignored") != tt.damaged {
			t.Errorf("%.100q: the log has %q", tt.text, got)
		}
		// After the clock was set back, the ban starts again, once.
		if tt.obeyed {
			if _, text, lasts := kept(t, folder); lasts > time.Hour+time.Minute+time.Second || strings.Contains(text, at(1000 * time.Hour)[:10]) {
				t.Errorf("%q became %q", tt.text, text)
			}
			continue
		}
		// A new ban replaces it.
		e.upbit.Fail(teapot("7200"))
		observe(t, remembering(e.health(), folder), "upbit")
		e.upbit.Fail(nil)
		expect(t, remembering(e.health(), folder), "upbit", checker.Fail, "banned")
	}
}

// Where the file cannot be written, the process obeys, and the log says so.
func TestBansThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e.fail(teapot("3600"))
	var log bytes.Buffer
	check := remembering(e.health(), blocked)
	check.env.Log = slog.New(slog.NewTextHandler(&log, nil))
	expect(t, check, "upbit", checker.Fail, "banned")
	if !strings.Contains(log.String(), "The ban cannot be written") {
		t.Errorf("the log has %q", &log)
	}
	before := e.calls()
	e.fail(nil)
	expect(t, remembering(e.health(), blocked), "upbit", checker.Fail, "banned")
	if made := e.calls() - before; made > 0 {
		t.Errorf("%d calls", made)
	}
}

// A check of kind http does not call a host that an exchange has banned this
// address from.
func TestBansHoldForDeclaredChecks(t *testing.T) {
	t.Parallel()
	e := newExchanges(t)
	folder := t.TempDir()
	check := remembering(declaredCheck("{name: HTTP, timeout: 20s, http: {url_from: UPBIT, status: [404]}}", e.vars...), folder)
	expect(t, check, "http", checker.Pass, "")
	e.upbit.Fail(teapot("3600"))
	expect(t, remembering(e.health(), folder), "upbit", checker.Fail, "banned")
	e.upbit.Fail(nil)
	before := e.calls()
	says(t, check, "http", checker.Fail, "unexpected_status", "no calls until 20")
	if made := e.calls() - before; made > 0 {
		t.Errorf("%d calls", made)
	}
}

// Of two demands, the longer one counts, in whatever order they come.
func TestTheLongerDemandCounts(t *testing.T) {
	t.Parallel()
	var both sync.WaitGroup
	both.Add(2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		both.Done()
		both.Wait() // both calls are under way
		status, seconds := http.StatusTooManyRequests, "60"
		if r.URL.Path == "/api/v3/time" {
			status, seconds = http.StatusTeapot, "3600"
		}
		w.Header().Set("Retry-After", seconds)
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	folder := t.TempDir()
	check := remembering(fromConfig(t, "exchanges: {binance_spot: {url: '"+server.URL+"'}}\nexchange_health: {timeout: 20s}", "Exchange Health", "live"), folder)
	observe(t, check, "binance_spot")
	if _, text, lasts := kept(t, folder); lasts != time.Hour {
		t.Errorf("%s", text)
	}
	expect(t, check, "binance_spot", checker.Fail, "banned")
}
