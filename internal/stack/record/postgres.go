package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
)

// collectors are collectors of postgres_exporter that are off by default, but
// that packs may use.
var collectors = []string{
	"--collector.database_wraparound", "--collector.long_running_transactions", "--collector.postmaster", "--collector.process_idle",
	"--collector.stat_activity_autovacuum", "--collector.stat_statements", "--collector.stat_wal_receiver", "--collector.statio_user_indexes",
	"--collector.xlog_location",
}

// statements create an object for each exposed metric.
var statements = []string{
	"CREATE EXTENSION pg_stat_statements",
	"CREATE TABLE recorded (id int PRIMARY KEY)",
	"INSERT INTO recorded VALUES (1)",
	"SELECT pg_create_physical_replication_slot('recorded', true)",
}

// recordPostgres records postgres_exporter with a PostgreSQL of its own.
func recordPostgres(ctx context.Context, dir string) (err error) {
	db, err := servers.StartPostgres(ctx, servers.Config{
		Dir:     filepath.Join(dir, "postgres"),
		Options: []string{"wal_level=replica", "max_wal_senders=2", "shared_preload_libraries=pg_stat_statements"},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, sql := range statements {
		if err := db.Exec(ctx, sql); err != nil {
			return err
		}
	}
	path, err := servers.Find("postgres_exporter")
	if err != nil {
		return err
	}
	version, err := versionOf(ctx, path)
	if err != nil {
		return err
	}
	port, err := proc.ReservePort()
	if err != nil {
		return err
	}
	defer port.Release()
	url := "http://" + port.Addr()
	exporter, err := proc.Start(ctx, proc.Spec{
		Name: "postgres_exporter", Path: path, Log: filepath.Join(dir, "postgres_exporter.log"),
		Args:  append([]string{"--web.listen-address=" + port.Addr()}, collectors...),
		Env:   append(os.Environ(), "DATA_SOURCE_NAME="+db.DSN()),
		Ready: proc.HTTP(url + "/metrics"),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, exporter.Stop()) }()
	return write("postgres_exporter@"+version, url)
}

var minor = regexp.MustCompile(`version (\d+\.\d+)`)

// versionOf returns the version of a program of the Prometheus family without
// the patch level.
func versionOf(ctx context.Context, path string) (string, error) {
	out, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
	if err != nil {
		return "", err
	}
	m := minor.FindSubmatch(out)
	if m == nil {
		return "", errors.New("postgres_exporter prints no version")
	}
	return string(m[1]), nil
}
