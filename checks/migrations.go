package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/alertnative/preflight/checker"
)

// migrationTool is a program that migrates a schema.
type migrationTool string

// Tools with a supported table.
const (
	goose         migrationTool = "goose"
	golangMigrate migrationTool = "golang-migrate"
)

// migrationsConfig configures the check Migrations.
type migrationsConfig []migrationConfig

// migrationConfig declares the schema of one database.
type migrationConfig struct {
	Name    string        `yaml:"name"`     // value of the label "target"
	URLFrom string        `yaml:"url_from"` // variable with the address
	Folder  string        `yaml:"folder"`   // folder of the migrations
	Tool    migrationTool `yaml:"tool"`     // goose by default
	Table   string        `yaml:"table"`    // goose_db_version or schema_migrations by default
	Timeout time.Duration `yaml:"timeout"`  // 2s by default
}

func (c migrationsConfig) observer(env checker.Env) observer {
	var m migrations
	for _, d := range c {
		schema := schema{
			Name: d.Name, Folder: env.Path(d.Folder), Tool: d.Tool, Table: d.Table,
			Server: server{Variable: d.URLFrom, Address: env.Value(d.URLFrom), Timeout: cmp.Or(d.Timeout, defaultTimeout)},
		}
		if schema.Tool == "" {
			schema.Tool = goose
		}
		if schema.Table == "" {
			schema.Table = map[migrationTool]string{goose: "goose_db_version", golangMigrate: "schema_migrations"}[schema.Tool]
		}
		m.Schemas = append(m.Schemas, schema)
	}
	return m
}

func (c migrationsConfig) Problems(checker.Env) (problems []checker.Problem) {
	seen := map[string]bool{}
	for i, d := range c {
		switch {
		case d.Name == "":
			problems = append(problems, wrong("give it a name", i, "name"))
		case seen[d.Name]:
			problems = append(problems, wrong(d.Name+" is declared twice", i, "name"))
		case d.Folder == "":
			problems = append(problems, wrong("name the folder of the migrations", i, "folder"))
		case !slices.Contains([]migrationTool{"", goose, golangMigrate}, d.Tool):
			problems = append(problems, wrong(fmt.Sprintf("%q is neither %s nor %s", d.Tool, goose, golangMigrate), i, "tool"))
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
	expected := versions(s.Folder)
	if len(expected) == 0 {
		return checker.Failed(s.Name, "no_migrations", "none in the folder")
	}
	ctx, cancel := context.WithTimeout(ctx, s.Server.Timeout)
	defer cancel()
	began := time.Now()
	applied, dirty, err := s.applied(ctx, shared, expected)
	latency := time.Since(began)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "3F000"): // no such table or schema
		return checker.Failed(s.Name, "not_migrated", "there is no table "+s.Table)
	case err != nil:
		reason, detail := explain(err, s.Server.Timeout)
		return checker.Failed(s.Name, reason, detail)
	}
	o := s.compare(expected, applied, dirty)
	o.Latency = latency
	return o
}

// compare compares the applied versions with the expected ones.
func (s schema) compare(expected, applied []int64, dirty bool) checker.Observation {
	newest := slices.Max(expected)
	missing := slices.DeleteFunc(slices.Clone(expected), func(v int64) bool { return slices.Contains(applied, v) })
	switch {
	case dirty:
		return checker.Failed(s.Name, "dirty", fmt.Sprintf("version %d is dirty", slices.Max(applied)))
	case len(applied) == 0:
		return checker.Failed(s.Name, "not_migrated", fmt.Sprintf("no migration is applied, the newest is %d", newest))
	case slices.Max(applied) > newest:
		return checker.Failed(s.Name, "ahead", fmt.Sprintf("version %d, the newest migration is %d", slices.Max(applied), newest))
	case len(missing) > 0:
		return checker.Failed(s.Name, "behind", fmt.Sprintf("version %d, %d to apply, the newest is %d", slices.Max(applied), len(missing), newest))
	}
	return checker.Passed(s.Name, fmt.Sprintf("at version %d", newest))
}

// versions returns the version numbers at the start of the migrations' names.
func versions(folder string) []int64 {
	entries, _ := os.ReadDir(folder)
	found := map[int64]bool{}
	for _, e := range entries {
		number, _, ok := strings.Cut(e.Name(), "_")
		v, err := strconv.ParseInt(number, 10, 64)
		if ok && err == nil && v > 0 && !e.IsDir() && slices.Contains([]string{".sql", ".go"}, filepath.Ext(e.Name())) {
			found[v] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// applied reads the applied versions from the database.
func (s schema) applied(ctx context.Context, shared *sessions, expected []int64) (versions []int64, dirty bool, err error) {
	conn, err := shared.take(ctx, s.Server)
	if err != nil {
		return nil, false, err
	}
	defer hangUp(conn)
	table := pgx.Identifier(strings.Split(s.Table, ".")).Sanitize()
	if s.Tool == goose {
		versions, err = gooseVersions(ctx, conn, table)
		return versions, false, err
	}
	// golang-migrate stores only the newest version. All earlier ones are
	// applied.
	rows, err := queryText(ctx, conn, `SELECT version, dirty FROM `+table+` LIMIT 1`)
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	version, err := strconv.ParseInt(string(rows[0][0]), 10, 64)
	if err != nil {
		return nil, false, err
	}
	for _, v := range expected {
		if v < version {
			versions = append(versions, v)
		}
	}
	return append(versions, version), string(rows[0][1]) == "t", nil
}

// gooseVersions returns the applied versions in goose's table. A version that
// was rolled back and applied again has several rows: the last one counts.
func gooseVersions(ctx context.Context, conn *pgconn.PgConn, table string) (applied []int64, err error) {
	rows, err := queryText(ctx, conn, `SELECT id, version_id, is_applied FROM `+table)
	if err != nil {
		return nil, err
	}
	type row struct {
		id      int64
		applied bool
	}
	last := map[int64]row{}
	for _, r := range rows {
		id, err := strconv.ParseInt(string(r[0]), 10, 64)
		if err != nil {
			return nil, err
		}
		version, err := strconv.ParseInt(string(r[1]), 10, 64)
		if err != nil {
			return nil, err
		}
		if before, ok := last[version]; !ok || id > before.id {
			last[version] = row{id, string(r[2]) == "t"}
		}
	}
	for version, r := range last {
		if r.applied && version > 0 {
			applied = append(applied, version)
		}
	}
	return applied, nil
}
