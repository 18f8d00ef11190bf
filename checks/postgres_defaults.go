package checks

import (
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/alertnative/preflight/checker"
)

// postgresDefaults are the variables that complete an address, with the
// settings that they stand for.
var postgresDefaults = []struct{ variable, setting string }{
	{"PGHOST", "host"}, {"PGPORT", "port"}, {"PGDATABASE", "dbname"}, {"PGUSER", "user"}, {"PGPASSWORD", "password"},
	{"PGSSLMODE", "sslmode"}, {"PGSSLROOTCERT", "sslrootcert"}, {"PGSSLCERT", "sslcert"}, {"PGSSLKEY", "sslkey"},
	{"PGTARGETSESSIONATTRS", "target_session_attrs"}, {"PGOPTIONS", "options"},
}

// postgresAddress returns the address of a PostgreSQL as the system's client
// completes it. The client of the checks sees the variables of this process, but
// not those of the .env file.
func postgresAddress(env checker.Env, variable string) string {
	address := env.Value(variable)
	isURL := strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
	set := settingsOf(address, isURL)
	if address == "" || slices.Contains(set, "service") {
		return address
	}
	for _, d := range postgresDefaults {
		value := env.Value(d.variable)
		if _, ok := os.LookupEnv(d.variable); ok || value == "" || slices.Contains(set, d.setting) {
			continue
		}
		switch {
		case !isURL:
			address += " " + d.setting + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
		case strings.Contains(address, "?"):
			address += "&" + d.setting + "=" + url.QueryEscape(value)
		default:
			address += "?" + d.setting + "=" + url.QueryEscape(value)
		}
	}
	return address
}

// settingsOf returns the names of the settings that an address has.
func settingsOf(address string, isURL bool) (set []string) {
	add := func(name string, there bool) {
		if there {
			set = append(set, name)
		}
	}
	if !isURL {
		settings, _ := dsnSettings(address)
		for _, s := range settings {
			add(s.name, true)
			add("dbname", s.name == "database")
		}
		return set
	}
	_, rest, _ := strings.Cut(address, "://")
	rest, query, _ := strings.Cut(rest, "?")
	hosts, database, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(hosts, '@'); i >= 0 {
		user, _, found := strings.Cut(hosts[:i], ":")
		add("user", user != "")
		add("password", found)
		hosts = hosts[i+1:]
	}
	afterIPv6 := hosts[strings.LastIndexByte(hosts, ']')+1:]
	add("port", strings.ContainsAny(afterIPv6, ":,"))
	add("host", hosts != "" && !strings.HasPrefix(hosts, ":"))
	add("dbname", database != "")
	settings, _ := url.ParseQuery(query)
	for name := range settings {
		add(name, true)
		add("dbname", name == "database")
	}
	return set
}
