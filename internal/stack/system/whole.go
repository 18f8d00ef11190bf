package system

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/alertnative/preflight/internal/stack/servers"
)

// Whole is a system with its own Redis and PostgreSQL.
type Whole struct {
	*System
	Redis    *servers.Redis
	Postgres *servers.Postgres
}

// Start starts the servers and creates the system, in a folder that other users
// can enter, because PostgreSQL may run as another user. postgres holds lines of
// postgresql.conf.
func Start(ctx context.Context, dir string, postgres ...string) (_ *Whole, err error) {
	w := &Whole{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if w.Redis, err = servers.StartRedis(ctx, servers.Config{Dir: filepath.Join(dir, "redis")}); err != nil {
		return nil, err
	}
	if w.Postgres, err = servers.StartPostgres(ctx, servers.Config{Dir: filepath.Join(dir, "postgres"), Options: postgres}); err != nil {
		return nil, err
	}
	if w.System, err = New(ctx, filepath.Join(dir, "system"), w.Redis.URL(), w.Postgres.DSN()); err != nil {
		return nil, err
	}
	return w, nil
}

// Close stops the exchanges and the servers that were started.
func (w *Whole) Close() error {
	var errs []error
	if w.System != nil {
		errs = append(errs, w.System.Close())
	}
	if w.Postgres != nil {
		errs = append(errs, w.Postgres.Close())
	}
	if w.Redis != nil {
		errs = append(errs, w.Redis.Close())
	}
	return errors.Join(errs...)
}
