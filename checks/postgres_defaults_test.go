package checks_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// The system's client completes an address by variables of the .env file, so the
// checks must see the server that it sees.
func TestPostgresVariables(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	u, err := url.Parse(postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	host, port, user, database := u.Hostname(), u.Port(), u.User.Username(), strings.TrimPrefix(u.Path, "/")
	all := []string{"PGHOST=" + host, "PGPORT=" + port, "PGUSER=" + user, "PGPASSWORD=" + password, "PGDATABASE=" + database, "PGSSLMODE=disable"}
	nowhere := []string{"PGHOST=127.0.0.1", "PGPORT=1", "PGUSER=unknown", "PGPASSWORD=wrong", "PGDATABASE=none", "PGSSLMODE=verify-full"}
	whole := "host=" + host + " port=" + port + " user=" + user + " password='" + password + "' dbname=" + database + " sslmode=disable"
	for _, tt := range []struct {
		address string
		vars    []string
		status  checker.Status
		reason  string
	}{
		{"postgres://", all, checker.Pass, ""},
		{"postgresql:///" + database, all, checker.Pass, ""},
		{"postgres://" + u.Host, all, checker.Pass, ""},
		{"postgres://" + user + "@/?sslmode=disable", all, checker.Pass, ""},
		{"dbname=" + database, all, checker.Pass, ""},
		{"user=" + user, append([]string{"PGPASSWORD=" + `it's\wrong`}, all[:3]...), checker.Fail, "auth_failed"},
		// The address counts more.
		{postgres.DSN(), nowhere, checker.Pass, ""},
		{whole, nowhere, checker.Pass, ""},
		{"postgres:///" + database, nowhere, checker.Fail, "connection_refused"},
		{"postgres://" + host + "/" + database, nowhere, checker.Fail, "connection_refused"},
		{"postgres://[::1]/" + database, nowhere, checker.Fail, "connection_refused"},
	} {
		for _, declaration := range []struct{ text, check, target string }{
			{"database: {postgres: {url_from: P, timeout: 20s}}", "Database", "postgres"},
			{"checks: [{name: SQL, sql: {url_from: P, query: select 1}, timeout: 20s, fail: {above: 1}}]", "SQL", "sql"},
		} {
			check := fromConfig(t, declaration.text, declaration.check, "paper", append([]string{"P=" + tt.address}, tt.vars...)...)
			if o := observe(t, check, declaration.target); o.Status != tt.status || o.Reason != tt.reason {
				t.Errorf("%s of %q: %+v", declaration.check, strings.ReplaceAll(tt.address, password, "…"), o)
			}
		}
	}
}
