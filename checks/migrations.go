package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/alertnative/preflight/checker"
)

// migrationsConfig configures the check Migrations.
type migrationsConfig []migrationConfig

// migrationConfig declares the schema of one database.
type migrationConfig struct {
	Name    string        `yaml:"name"`     // value of the label "target"
	URLFrom string        `yaml:"url_from"` // variable with the address
	Folder  string        `yaml:"folder"`   // folder of the migrations
	Tool    string        `yaml:"tool"`     // goose by default
	Table   string        `yaml:"table"`    // the tool's own by default
	Timeout time.Duration `yaml:"timeout"`  // 2s by default
}

func (c migrationsConfig) observer(env checker.Env) observer {
	var m migrations
	for _, d := range c {
		tool, _ := toolNamed(cmp.Or(d.Tool, goose)) // Problems reports an unknown one
		m.Schemas = append(m.Schemas, schema{
			Name: d.Name, Folder: env.Path(d.Folder), Tool: tool, Table: cmp.Or(d.Table, tool.table), Named: d.Table != "",
			Server: server{Variable: d.URLFrom, Address: postgresAddress(env, d.URLFrom), Timeout: cmp.Or(d.Timeout, defaultTimeout)},
		})
	}
	return m
}

func (c migrationsConfig) Problems(checker.Env) (problems []checker.Problem) {
	seen := map[string]bool{}
	for i, d := range c {
		_, known := toolNamed(cmp.Or(d.Tool, goose))
		switch {
		case d.Name == "":
			problems = append(problems, wrong("give it a name", i, "name"))
		case seen[d.Name]:
			problems = append(problems, wrong(d.Name+" is declared twice", i, "name"))
		case d.Folder == "":
			problems = append(problems, wrong("name the folder of the migrations", i, "folder"))
		case !known:
			problems = append(problems, wrong(fmt.Sprintf("%q is none of %s: check the schema of another tool with a check of your own (checks, sql)", d.Tool, strings.Join(toolNames(), ", ")), i, "tool"))
		}
		seen[d.Name] = true
		problems = append(problems, variableProblem(d.URLFrom, "address", "POSTGRES_DSN", i, "url_from")...)
		problems = append(problems, timeoutProblem(d.Timeout, i, "timeout")...)
	}
	return problems
}

// migrations checks that the schemas in PostgreSQL have the version that the
// code expects: exactly the migrations of the folder are applied.
type migrations struct{ Schemas []schema }

// schema is the schema of a database and the folder of its migrations.
type schema struct {
	Name   string
	Server server
	Folder string
	Tool   migrationTool
	Table  string // the tool's table, with a schema if it is outside the search path
	Named  bool   // preflight.yml names the table
}

// targets returns the names of the schemas.
func (m migrations) targets() []string {
	var names []string
	for _, s := range m.Schemas {
		names = append(names, s.Name)
	}
	return names
}

// maxDuration returns the longest timeout of a schema.
func (m migrations) maxDuration() time.Duration {
	longest := time.Duration(0)
	for _, s := range m.Schemas {
		longest = max(longest, s.Server.Timeout)
	}
	return longest
}

// run checks all schemas concurrently.
func (m migrations) run(ctx context.Context, env checker.Env) []checker.Observation {
	out := make([]checker.Observation, len(m.Schemas))
	shared := sessionsOf(env)
	var wg sync.WaitGroup
	for i, s := range m.Schemas {
		wg.Go(func() { out[i] = s.observe(ctx, shared) })
	}
	wg.Wait()
	return out
}

func (s schema) observe(ctx context.Context, shared *sessions) checker.Observation {
	if s.Server.Address == "" {
		return checker.Failed(s.Name, "not_configured", s.Server.Variable+" is not set")
	}
	expected, folderErr := s.Tool.read(s.Folder)
	if r := (rejection{}); errors.As(folderErr, &r) && r.reason != "no_migrations" {
		return checker.Failed(s.Name, r.reason, r.detail)
	}
	ctx, cancel := context.WithTimeout(ctx, s.Server.Timeout)
	defer cancel()
	began := time.Now()
	conn, err := shared.take(ctx, s.Server)
	if err == nil {
		defer hangUp(conn)
	}
	if folderErr != nil { // another tool may have the migrations elsewhere
		return s.notThere(ctx, conn, "no_migrations", "none in the folder")
	}
	var state schemaState
	if err == nil {
		state, err = s.state(ctx, conn, expected)
	}
	latency := time.Since(began)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "3F000"): // no such table or schema
		return s.notThere(ctx, conn, "not_migrated", "there is no table "+s.Table)
	case errors.As(err, &pg) && pg.Code == "42703": // no such column
		return s.notThere(ctx, conn, "other_tool", fmt.Sprintf("the table %s is not that of %s: %s", s.Table, s.Tool.label, pg.Message))
	case err != nil:
		reason, detail := explain(err, s.Server.Timeout)
		return checker.Failed(s.Name, reason, detail)
	case state.dirty == "" && state.at == "":
		return s.notThere(ctx, conn, "not_migrated", "no migration is applied, the newest is "+state.newest)
	}
	o := s.verdict(state)
	o.Latency = latency
	return o
}

// state reads the tool's table and compares it with the migrations.
func (s schema) state(ctx context.Context, conn *pgconn.PgConn, expected migrationSet) (schemaState, error) {
	rows, err := queryText(ctx, conn, `SELECT `+s.Tool.columns+` FROM `+quoted(s.Table))
	if err != nil {
		return schemaState{}, err
	}
	text := make([][]string, len(rows))
	for i, row := range rows {
		for _, column := range row {
			text[i] = append(text[i], string(column))
		}
	}
	return expected.state(text)
}

// verdict returns the observation of a schema that has been migrated.
func (s schema) verdict(is schemaState) checker.Observation {
	switch {
	case is.dirty != "":
		return checker.Failed(s.Name, "dirty", fmt.Sprintf("version %s is dirty", is.dirty))
	case is.ahead:
		return checker.Failed(s.Name, "ahead", fmt.Sprintf("version %s, the newest migration is %s", is.at, is.newest))
	case is.missing > 0:
		return checker.Failed(s.Name, "behind", fmt.Sprintf("version %s, %d to apply, the newest is %s", is.at, is.missing, is.newest))
	}
	detail := "at version " + is.at
	if is.note != "" {
		detail += "; " + is.note
	}
	return checker.Passed(s.Name, detail)
}

// notThere returns the failure of a schema that the tool did not migrate. If
// there is the table of another tool, the failure names it. Several programs
// may share a database, so that is the reason only if preflight.yml does not
// name the table.
func (s schema) notThere(ctx context.Context, conn *pgconn.PgConn, reason, detail string) checker.Observation {
	if conn == nil {
		return checker.Failed(s.Name, reason, detail)
	}
	found := findTables(ctx, conn)
	i := slices.IndexFunc(found, func(t foundTable) bool { return t.tool == s.Tool.name })
	switch {
	case len(found) == 0, i >= 0 && s.Named:
	case i >= 0:
		if table := found[i].path; reason == "not_migrated" && table != "public."+s.Table {
			detail += fmt.Sprintf("; there is the table %s: set table: %[1]s", table)
		}
	case found[0].tool == "":
		detail += fmt.Sprintf("; there is the table %s of %s", found[0].path, found[0].label)
		if !s.Named {
			reason = "not_supported"
		}
	default:
		detail += fmt.Sprintf("; there is the table %s of %s: %s", found[0].path, found[0].label, found[0].settings())
		if !s.Named {
			reason = "other_tool"
		}
	}
	return checker.Failed(s.Name, reason, detail)
}

// quoted returns the name of a table for SQL, each part in quotes.
func quoted(table string) string {
	parts := strings.Split(strings.ReplaceAll(table, "\x00", ""), ".")
	for i, part := range parts {
		parts[i] = `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
	}
	return strings.Join(parts, ".")
}
