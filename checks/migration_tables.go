package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// foundTable is a table of a migration tool in the database.
type foundTable struct {
	path  string // with the schema
	tool  string // "" for a tool that is not supported
	label string // name of the tool
}

// unsupportedTables are the tables of other tools by name.
func unsupportedTables() map[string]string {
	return map[string]string{
		"databasechangelog": "Liquibase", "django_migrations": "Django", "_prisma_migrations": "Prisma", "_sqlx_migrations": "sqlx",
		"__diesel_schema_migrations": "Diesel", "refinery_schema_history": "Refinery", "knex_migrations": "Knex",
		"SequelizeMeta": "Sequelize", "__EFMigrationsHistory": "Entity Framework",
	}
}

// findTables returns the tables of migration tools, those of supported ones
// first. If they cannot be listed, it returns none.
func findTables(ctx context.Context, conn *pgconn.PgConn) (found []foundTable) {
	byName := map[string]migrationTool{}
	for _, t := range migrationTools() {
		byName[t.table[strings.LastIndex(t.table, ".")+1:]] = t
	}
	names := []string{}
	for name := range byName {
		names = append(names, "'"+name+"'")
	}
	for name := range unsupportedTables() {
		names = append(names, "'"+name+"'")
	}
	rows, _ := queryText(ctx, conn, `SELECT n.nspname, c.relname,
		EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'dirty')
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND c.relname IN (`+strings.Join(names, ", ")+`) ORDER BY n.nspname, c.relname`)
	for _, row := range rows {
		schema, name := string(row[0]), string(row[1])
		t := foundTable{path: schema + "." + name, tool: byName[name].name, label: byName[name].label}
		switch {
		case t.tool == "":
			t.label = unsupportedTables()[name]
		case t.tool == "golang-migrate" && string(row[2]) != "t": // the name is common
			t.tool, t.label = "", "another tool, such as Rails or dbmate"
		}
		found = append(found, t)
	}
	slices.SortStableFunc(found, func(a, b foundTable) int {
		return strings.Compare(fmt.Sprint(a.tool == ""), fmt.Sprint(b.tool == ""))
	})
	return found
}

// settings returns the keys of preflight.yml for the table.
func (t foundTable) settings() string {
	tool, _ := toolNamed(t.tool)
	if t.path == tool.table || t.path == "public."+tool.table {
		return "set tool: " + t.tool
	}
	return fmt.Sprintf("set tool: %s, table: %s", t.tool, t.path)
}
