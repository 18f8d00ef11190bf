package checks_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

func TestOwnHTTP(t *testing.T) {
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
		status checks.Status
		reason string
	}{
		{"http: {url: URL/health}", checks.Pass, ""},
		{"http: {url: URL/nosuch}", checks.Fail, "unexpected_status"},
		{"http: {url: URL/nosuch, status: [200, 418]}", checks.Pass, ""},
		{"http: {url: URL/health, status: [204]}", checks.Fail, "unexpected_status"},
		{`http: {url: URL/health, contains: '"up": true'}`, checks.Pass, ""},
		{`http: {url: URL/health, contains: '"up": false'}`, checks.Fail, "unexpected_content"},
		{"http: {url: URL/health}, warn: {above: 0}", checks.Warn, "above_limit"},
		{"http: {url: URL/health}, warn: {above: 0}, fail: {above: 0}", checks.Fail, "above_limit"},
		{"http: {url: URL/health}, fail: {below: 1000}", checks.Fail, "below_limit"},
		{"http: {url_from: UNSET}", checks.Fail, "not_configured"},
	} {
		check := ownCheck("{name: HTTP, timeout: 20s, " + strings.ReplaceAll(tt.keys, "URL/", service.URL+"/") + "}")
		expect(t, check, "http", tt.status, tt.reason)
	}
	// The address may hold a secret.
	check := ownCheck("{name: HTTP, http: {url_from: V}}", "V="+service.URL+"/s3cret")
	if o := expect(t, check, "http", checks.Fail, "unexpected_status"); strings.Contains(o.Detail, "s3cret") {
		t.Errorf("%+v", o)
	}
}

func TestOwnTCP(t *testing.T) {
	t.Parallel()
	open := silent(t)
	tcp := func(keys string, vars ...string) checks.Check {
		return ownCheck("{name: TCP, target: gateway, timeout: 20s, "+keys+"}", vars...)
	}
	expect(t, tcp("tcp: {address: '"+open+"'}"), "gateway", checks.Pass, "")
	expect(t, tcp("tcp: {address_from: V}", "V="+open), "gateway", checks.Pass, "")
	expect(t, tcp("tcp: {address_from: V}"), "gateway", checks.Fail, "not_configured")
	expect(t, tcp("tcp: {address_from: V}", "V=nowhere"), "gateway", checks.Fail, "malformed")
	expect(t, tcp("tcp: {address: '"+open+"'}, warn: {above: 0}"), "gateway", checks.Warn, "above_limit")
	expect(t, tcp("tcp: {address: '"+open+"'}, fail: {below: 100}"), "gateway", checks.Fail, "below_limit")
	expect(t, tcp("tcp: {address: '"+refused(t)+"'}"), "gateway", checks.Fail, "connection_refused")
	expect(t, tcp("tcp: {address: 'nosuch.invalid:1'}"), "gateway", checks.Fail, "host_not_found")
	expect(t, tcp("tcp: {address: '255.255.255.255:1'}"), "gateway", checks.Fail, "unreachable")
	expect(t, ownCheck("{name: TCP, timeout: 50ms, tcp: {address: '"+fullBacklog(t)+"'}}"), "tcp", checks.Fail, "timeout")
}

func TestOwnCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		keys, reason string
		status       checks.Status
	}{
		{"command: [true]", "", checks.Pass},
		{"command: [echo, words]", "", checks.Pass},
		{"command: [sh, -c, 'exit 3']", "exit_code", checks.Fail},
		{"command: [sh, -c, 'kill -9 $$']", "exit_code", checks.Fail},
		{"command: [nosuchprogram]", "no_such_program", checks.Fail},
		{"command: [/etc/hostname]", "no_such_program", checks.Fail},
		{"command: [echo, ' 81%'], warn: {above: 80}, fail: {above: 95}", "above_limit", checks.Warn},
		{"command: [echo, '96'], warn: {above: 80}, fail: {above: 95}", "above_limit", checks.Fail},
		{"command: [echo, '80'], warn: {above: 80}, fail: {above: 95}", "", checks.Pass},
		{"command: [echo, '4'], fail: {below: 5}", "below_limit", checks.Fail},
		{"command: [echo, s3cret], fail: {below: 5}", "not_a_number", checks.Fail},
		{"command: [echo, NaN], fail: {below: 5}", "not_a_number", checks.Fail},
		// What it leaves behind does not hold the run.
		{"timeout: 100ms, command: [sh, -c, 'sleep 1000 & sleep 1000']", "timeout", checks.Fail},
	} {
		o := expect(t, ownCheck("{name: Command, "+tt.keys+"}"), "command", tt.status, tt.reason)
		if strings.Contains(o.Detail, "s3cret") {
			t.Errorf("%+v", o)
		}
	}
}

func TestOwnSQL(t *testing.T) {
	t.Parallel()
	dsn := testservers.StartPostgres(t).DSN()
	for _, tt := range []struct {
		query, reason string
		status        checks.Status
	}{
		{"SELECT 5", "", checks.Pass},
		{"SELECT 11.5, 'ignored' UNION ALL SELECT 1, ''", "above_limit", checks.Warn},
		{"SELECT 21::bigint", "above_limit", checks.Fail},
		{"SELECT false", "below_limit", checks.Fail},
		{"SELECT 1 WHERE false", "no_value", checks.Fail},
		{"SELECT NULL::int", "no_value", checks.Fail},
		{"SELECT 'words'", "not_a_number", checks.Fail},
		{"SELECT 'NaN'::float", "not_a_number", checks.Fail},
		{"SELEC 1", "refused_command", checks.Fail},
		{"CREATE TABLE t ()", "refused_command", checks.Fail}, // it cannot write
	} {
		check := ownCheck(fmt.Sprintf("{name: SQL, timeout: 20s, sql: {url_from: V, query: %q}, warn: {above: 10}, fail: {above: 20, below: 1}}", tt.query), "V="+dsn)
		expect(t, check, "sql", tt.status, tt.reason)
	}
}

// A configuration's own checks are checks like all others.
func TestOwnSpecs(t *testing.T) {
	t.Parallel()
	c, err := checks.ParseConfig("p.yml", []byte("checks: [{name: Disk Space, looks: the disk has room, command: [df]}, {name: Router, http: {url: 'http://h/x'}}]"))
	if err != nil {
		t.Fatal(err)
	}
	specs := c.Specs()[len(checks.Shipped()):]
	if len(specs) != 2 || specs[0].Name != "Disk Space" || specs[0].Looks != "the disk has room" || !specs[0].Network ||
		specs[1].Looks != "http://h/x answers as expected" || !specs[1].Network {
		t.Errorf("%+v", specs)
	}
	v := checks.Vocabulary(c.Specs()...)
	for _, s := range specs {
		for _, r := range s.AllReasons() {
			if r.Meaning == "" || r.Remedy == "" {
				t.Errorf("%s: %+v", s.Name, r)
			}
		}
	}
	if got := strings.Join(v.Checks, ","); !strings.HasSuffix(got, ",Disk Space,Router") {
		t.Errorf("%s", got)
	}
}
