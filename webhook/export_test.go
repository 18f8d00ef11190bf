package webhook

import (
	"context"
	"strconv"
)

// FillDisk makes the spool's database fail as on a full disk, until it is
// called with false.
func (s *Service) FillDisk(full bool) error {
	pages := 1 << 30
	if full {
		pages = 1 // SQLite takes the present size for less
	}
	_, err := s.spool.tx.conn.ExecContext(context.Background(), "PRAGMA max_page_count = "+strconv.Itoa(pages))
	return err
}

// ProtectDisk makes the spool's database fail as on a disk that can't be
// written, until it is called with false.
func (s *Service) ProtectDisk(protected bool) error {
	_, err := s.spool.tx.conn.ExecContext(context.Background(), "PRAGMA query_only = "+strconv.FormatBool(protected))
	return err
}
