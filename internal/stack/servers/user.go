package servers

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// unprivileged returns the user for PostgreSQL if this process is root, and
// gives dir to that user. Otherwise it returns nil: PostgreSQL runs as the
// current user.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, errors.New("PostgreSQL cannot run as root, and there is no user postgres or nobody: add one")
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("the id of user %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("the group of user %s: %w", u.Username, err)
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, err
	}
	if err := reachable(dir, u.Username); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// reachable reports a folder above dir that the user may not enter.
func reachable(dir, username string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for at := filepath.Dir(abs); ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return err
		}
		if info.Mode()&0o001 == 0 {
			return fmt.Errorf("root runs it as the user %s, who may not enter %s: use a folder that all users may enter (TMPDIR sets the folder of temporary files)", username, at)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}
