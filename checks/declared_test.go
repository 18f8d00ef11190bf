package checks_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

func TestDeclaredHTTP(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" {
			w.WriteHeader(http.StatusTeapot)
		}
		fmt.Fprint(w, `{"up": true}`)
	}))
	t.Cleanup(service.Close)
	for _, tt := range []struct {
		keys   string
		status checker.Status
		reason string
	}{
		{"http: {url: URL/health}", checker.Pass, ""},
		{"http: {url: URL/nosuch}", checker.Fail, "unexpected_status"},
		{"http: {url: URL/nosuch, status: [200, 418]}", checker.Pass, ""},
		{"http: {url: URL/health, status: [204]}", checker.Fail, "unexpected_status"},
		{`http: {url: URL/health, contains: '"up": true'}`, checker.Pass, ""},
		{`http: {url: URL/health, contains: '"up": false'}`, checker.Fail, "unexpected_content"},
		{"http: {url: URL/health}, warn: {above: 0}", checker.Warn, "above_limit"},
		{"http: {url: URL/health}, warn: {above: 0}, fail: {above: 0}", checker.Fail, "above_limit"},
		{"http: {url: URL/health}, fail: {below: 1000}", checker.Fail, "below_limit"},
		{"http: {url_from: UNSET}", checker.Fail, "not_configured"},
	} {
		check := declaredCheck("{name: HTTP, timeout: 20s, " + strings.ReplaceAll(tt.keys, "URL/", service.URL+"/") + "}")
		expect(t, check, "http", tt.status, tt.reason)
	}
	// The address may hold a secret.
	check := declaredCheck("{name: HTTP, http: {url_from: V}}", "V="+service.URL+"/s3cret")
	if o := expect(t, check, "http", checker.Fail, "unexpected_status"); strings.Contains(o.Detail, "s3cret") {
		t.Errorf("%+v", o)
	}
}

func TestDeclaredTCP(t *testing.T) {
	t.Parallel()
	open := silent(t)
	tcp := func(keys string, vars ...string) subject {
		return declaredCheck("{name: TCP, target: gateway, timeout: 20s, "+keys+"}", vars...)
	}
	expect(t, tcp("tcp: {address: '"+open+"'}"), "gateway", checker.Pass, "")
	expect(t, tcp("tcp: {address_from: V}", "V="+open), "gateway", checker.Pass, "")
	expect(t, tcp("tcp: {address_from: V}"), "gateway", checker.Fail, "not_configured")
	expect(t, tcp("tcp: {address_from: V}", "V=nowhere"), "gateway", checker.Fail, "malformed")
	expect(t, tcp("tcp: {address: '"+open+"'}, warn: {above: 0}"), "gateway", checker.Warn, "above_limit")
	expect(t, tcp("tcp: {address: '"+open+"'}, fail: {below: 100}"), "gateway", checker.Fail, "below_limit")
	expect(t, tcp("tcp: {address: '"+refused(t)+"'}"), "gateway", checker.Fail, "connection_refused")
	expect(t, tcp("tcp: {address: 'nosuch.invalid:1'}"), "gateway", checker.Fail, "host_not_found")
	expect(t, tcp("tcp: {address: '255.255.255.255:1'}"), "gateway", checker.Fail, "unreachable")
	expect(t, declaredCheck("{name: TCP, timeout: 50ms, tcp: {address: '"+fullBacklog(t)+"'}}"), "tcp", checker.Fail, "timeout")
}

func TestDeclaredCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		keys, reason string
		status       checker.Status
	}{
		{"command: [true]", "", checker.Pass},
		{"command: [echo, words]", "", checker.Pass},
		{"command: [sh, -c, 'exit 3']", "exit_code", checker.Fail},
		{"command: [sh, -c, 'kill -9 $$']", "exit_code", checker.Fail},
		{"command: [nosuchprogram]", "no_such_program", checker.Fail},
		{"command: [/etc/hostname]", "no_such_program", checker.Fail},
		{"command: [echo, ' 81%'], warn: {above: 80}, fail: {above: 95}", "above_limit", checker.Warn},
		{"command: [echo, '96'], warn: {above: 80}, fail: {above: 95}", "above_limit", checker.Fail},
		{"command: [echo, '80'], warn: {above: 80}, fail: {above: 95}", "", checker.Pass},
		{"command: [echo, '4'], fail: {below: 5}", "below_limit", checker.Fail},
		{"command: [echo, s3cret], fail: {below: 5}", "not_a_number", checker.Fail},
		{"command: [echo, NaN], fail: {below: 5}", "not_a_number", checker.Fail},
		// A process that the command leaves behind does not delay the run.
		{"timeout: 100ms, command: [sh, -c, 'sleep 1000 & sleep 1000']", "timeout", checker.Fail},
	} {
		o := expect(t, declaredCheck("{name: Command, "+tt.keys+"}"), "command", tt.status, tt.reason)
		if strings.Contains(o.Detail, "s3cret") {
			t.Errorf("%+v", o)
		}
	}
}

func TestDeclaredSQL(t *testing.T) {
	t.Parallel()
	dsn := testservers.StartPostgres(t).DSN()
	for _, tt := range []struct {
		query, reason string
		status        checker.Status
	}{
		{"SELECT 5", "", checker.Pass},
		{"SELECT 11.5, 'ignored' UNION ALL SELECT 1, ''", "above_limit", checker.Warn},
		{"SELECT 21::bigint", "above_limit", checker.Fail},
		{"SELECT false", "below_limit", checker.Fail},
		{"SELECT 1 WHERE false", "no_value", checker.Fail},
		{"SELECT NULL::int", "no_value", checker.Fail},
		{"SELECT 'words'", "not_a_number", checker.Fail},
		{"SELECT 'NaN'::float", "not_a_number", checker.Fail},
		{"SELEC 1", "refused_command", checker.Fail},
		{"CREATE TABLE t ()", "refused_command", checker.Fail}, // the transaction is read-only
	} {
		check := declaredCheck(fmt.Sprintf("{name: SQL, timeout: 20s, sql: {url_from: V, query: %q}, warn: {above: 10}, fail: {above: 20, below: 1}}", tt.query), "V="+dsn)
		expect(t, check, "sql", tt.status, tt.reason)
	}
}
