package checks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/lazy"
)

// databaseConfig declares the targets of the check Database.
type databaseConfig struct {
	Redis    *redisConfig    `yaml:"redis"`
	Postgres *postgresConfig `yaml:"postgres"`
}

// redisConfig declares a Redis. The address is in an environment variable,
// never in the file.
type redisConfig struct {
	URLFrom     string        `yaml:"url_from"`     // name of the variable with the address
	Timeout     time.Duration `yaml:"timeout"`      // 2s by default
	ReadOnly    bool          `yaml:"read_only"`    // accept a replica
	WriteProbe  *bool         `yaml:"write_probe"`  // true by default, except with read_only
	ProbePrefix *string       `yaml:"probe_prefix"` // "preflight:probe:" by default
	Cluster     bool          `yaml:"cluster"`      // follow redirections, and probe every primary
}

// postgresConfig declares a PostgreSQL.
type postgresConfig struct {
	URLFrom    string        `yaml:"url_from"`
	Timeout    time.Duration `yaml:"timeout"`
	ReadOnly   bool          `yaml:"read_only"`
	WriteProbe *bool         `yaml:"write_probe"`
	Insert     statements    `yaml:"insert"` // run and rolled back
	Tables     tableRights   `yaml:"tables"` // rights that the role must have
}

// statements is one statement of SQL, or a list of them.
type statements []string

// UnmarshalYAML accepts a text in the place of a list with one text.
func (s *statements) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*s = make(statements, 1)
		return n.Decode(&(*s)[0])
	}
	return n.Decode((*[]string)(s))
}

// tableRights holds the rights on tables, by the name of the table.
type tableRights map[string][]string

const defaultProbePrefix = "preflight:probe:"

func (c databaseConfig) observer(env checker.Env) observer {
	return database{Redis: c.Redis.server(env), Postgres: c.Postgres.server(env)}
}

func (c *redisConfig) server(env checker.Env) *redisServer {
	if c == nil {
		return nil
	}
	r := &redisServer{
		server: declaredServer(env, c.URLFrom, c.Timeout, c.ReadOnly, c.WriteProbe),
		Prefix: defaultProbePrefix, Cluster: c.Cluster,
	}
	if c.ProbePrefix != nil {
		r.Prefix = *c.ProbePrefix
	}
	return r
}

func (c *postgresConfig) server(env checker.Env) *postgresServer {
	if c == nil {
		return nil
	}
	s := declaredServer(env, c.URLFrom, c.Timeout, c.ReadOnly, c.WriteProbe)
	s.Address = postgresAddress(env, c.URLFrom)
	return &postgresServer{server: s, Inserts: c.Insert, Rights: c.Tables.list()}
}

func declaredServer(env checker.Env, variable string, timeout time.Duration, readOnly bool, probe *bool) server {
	return server{
		Variable: variable, Address: env.Value(variable), Timeout: cmp.Or(timeout, defaultTimeout),
		ReadOnly: readOnly, Probe: !readOnly && (probe == nil || *probe),
	}
}

// list returns the rights in a fixed order.
func (t tableRights) list() (all []tableRight) {
	for _, table := range slices.Sorted(maps.Keys(t)) {
		for _, right := range t[table] {
			all = append(all, tableRight{table, strings.ToUpper(right)})
		}
	}
	return all
}

func (c databaseConfig) Problems(checker.Env) (problems []checker.Problem) {
	if r := c.Redis; r != nil {
		problems = append(problems, serverProblems(targetRedis, "REDIS_URL", r.URLFrom, r.Timeout, r.ReadOnly, r.WriteProbe)...)
	}
	if p := c.Postgres; p != nil {
		problems = append(problems, serverProblems(targetPostgres, "POSTGRES_DSN", p.URLFrom, p.Timeout, p.ReadOnly, p.WriteProbe)...)
		problems = append(problems, p.insertProblems()...)
		problems = append(problems, p.Tables.problems()...)
	}
	return problems
}

func serverProblems(key, example, variable string, timeout time.Duration, readOnly bool, probe *bool) []checker.Problem {
	problems := append(variableProblem(variable, "address", example, key, "url_from"), timeoutProblem(timeout, key, "timeout")...)
	if readOnly && probe != nil && *probe {
		problems = append(problems, wrong("a server with read_only: true takes no probe: remove one of the two", key, "write_probe"))
	}
	return problems
}

// insertStatement matches the start of a statement that adds rows.
var insertStatement = lazy.Regexp(`(?i)^\s*insert\s+into\s`)

func (c postgresConfig) insertProblems() (problems []checker.Problem) {
	for i, statement := range c.Insert {
		path := []any{targetPostgres, "insert"}
		if len(c.Insert) > 1 {
			path = append(path, i)
		}
		if !insertStatement().MatchString(statement) {
			problems = append(problems, wrong("write a statement such as INSERT INTO orders (id) VALUES (0)", path...))
		}
	}
	if len(c.Insert) > 0 && c.ReadOnly {
		problems = append(problems, wrong("a server with read_only: true takes no insert: remove one of the two", targetPostgres, "insert"))
	}
	return problems
}

// grantable are the rights on a table.
var grantable = []string{"select", "insert", "update", "delete", "truncate", "references", "trigger"}

func (t tableRights) problems() (problems []checker.Problem) {
	for _, table := range slices.Sorted(maps.Keys(t)) {
		if len(t[table]) == 0 {
			problems = append(problems, wrong("list the rights, for example [select, insert]", targetPostgres, "tables", table))
		}
		for i, right := range t[table] {
			if !slices.Contains(grantable, strings.ToLower(right)) {
				problems = append(problems, wrong(fmt.Sprintf("%q is no right on a table (there are %s)", right, strings.Join(grantable, ", ")),
					targetPostgres, "tables", table, i))
			}
		}
	}
	return problems
}
