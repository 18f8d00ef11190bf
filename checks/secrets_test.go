package checks_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/fake/fakeexchange"
	"github.com/alertnative/preflight/internal/stack/system"
)

func TestSecretValues(t *testing.T) {
	t.Parallel()
	good := fakeexchange.Key()
	for _, tt := range []struct{ value, reason string }{
		{good, ""},
		{"postgres://u:" + good + "@h/db", ""},
		{"postgres://u@h/db?password=" + good, ""},
		{"postgres://u@h/db?password=hunter2", "weak"},
		{"postgres://u:" + good + "@h/db?sslpassword=hunter2", "weak"},
		{"postgres://u:hunter2@h/db?password=" + good, "weak"},
		{"postgres://u:hunter2@h1:5432,h2:5432/db", "weak"},
		{"postgres://u:" + good + "@h1:5432,h2:5432/db", ""},
		{"postgres://u:hunt%65r2@h/db", "weak"},
		{"redis://:hunter2@h:6379/0", "weak"},
		{"redis://h:6379?password=change-me", "placeholder"},
		{"postgres://zrqvbot:zrqvbot2024@h/db", "weak"},
		{"host=h password=" + good + " dbname=d", ""},
		{"host = h password = " + good, ""},
		{"host=h password = hunter2", "weak"},
		{"host=h password = 'hunter2' user=u", "weak"},
		{"host=h password='correct horse \\' battery staple'", ""},
		{"password='a b' host=h", "weak"},
		{"host=h user=u dbname=d", "missing"},
		{"host=h password='' user=u", "missing"},
		{"host=h sslpassword=hunter2", "weak"},
		{good + "=", ""},
		{"key=" + good, ""},
		{"Password123Password123", "weak"},
		{"iloveyouforever", "weak"},
		{"", "missing"},
		{"  ", "missing"},
		{"postgres://u@h/db", "missing"},
		{"change-me", "placeholder"},
		{"postgres://u:change-me@h/db", "placeholder"},
		{"host=h password=changeme", "placeholder"},
		{"<your key>", "placeholder"},
		{"${UPBIT_SECRET_KEY}", "placeholder"},
		{"$UPBIT_SECRET_KEY", "placeholder"},
		{"$" + good, ""},
		{"xxxxxxxxxxxxxxxxxxxxxxxxx", "placeholder"},
		{"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "placeholder"},
		{"REPLACE_WITH_REAL_KEY", "placeholder"},
		{"fill-in-the-api-key-here", "placeholder"},
		{"my-secret", "placeholder"},
		{"hunter2", "weak"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "weak"},
		{"postgres://u:abc123@h/db", "weak"},
		{"postgres://u@h/db?pwd=hunter2", "weak"},
		{"u:hunter2@tcp(h:3306)/db?parseTime=true", "weak"},
		{"u:" + good + "@tcp(h:3306)/db", ""},
		{"u:hunter2@h:5432/db", "weak"},
		{":hunter2@h:6379/0", "weak"},
		{"Server=h;Port=5432;User Id=u;Password=hunter2;", "weak"},
		{"Driver={PostgreSQL};Server=h;Uid=u;Pwd={hunter2}", "weak"},
		{"Host=h;Username=u;Password=" + good, ""},
		{"Host=h;Username=u;Password=", "missing"},
		{good + ";" + good + "=", ""},
		{"비밀번호비밀번호비밀번호", "weak"},
		{"고래 우산 달팽이 자전거 촛불", ""},
	} {
		check := fromConfig(t, "secrets: {required: [S]}", "Secrets", "paper", "S="+tt.value)
		status := checker.Fail
		if tt.reason == "" {
			status = checker.Pass
		}
		o := expect(t, check, "S", status, tt.reason)
		if secret := strings.TrimSpace(tt.value); secret != "" && strings.Contains(o.Detail, secret) {
			t.Errorf("the detail shows %q: %s", tt.value, o.Detail)
		}
	}
	optional := fromConfig(t, "secrets: {optional: [S]}", "Secrets", "paper")
	expect(t, optional, "S", checker.Pass, "")
	lenient := fromConfig(t, "secrets: {required: [S], min_entropy: 10}", "Secrets", "paper", "S=hunter2")
	expect(t, lenient, "S", checker.Pass, "")
}

// Random words are not placeholders.
func TestGeneratedSecretsPass(t *testing.T) {
	t.Parallel()
	for range 2000 {
		check := fromConfig(t, "secrets: {required: [S]}", "Secrets", "paper", "S="+fakeexchange.Key()[:40])
		if o := observe(t, check, "S"); o.Status != checker.Pass {
			t.Fatalf("%+v", o)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		return path
	}
	one, other := fakeexchange.Key(), fakeexchange.Key()
	envFile := write(".env.paper", "S="+one, 0o600)
	write("key.pem", "k", 0o640)
	write("closed.pem", "k", 0o400)
	write("file", "", 0o600)
	config, err := checker.ParseConfig(filepath.Join(dir, "preflight.yml"),
		[]byte("secrets: {required: [S], files: [key.pem, closed.pem, nosuch.pem, file/below]}"), checks.Shipped()...)
	if err != nil {
		t.Fatal(err)
	}
	env := config.Env("paper", system.Lookup([]string{"S=" + one}))
	env.File = envFile
	check := func() subject { return named(t, config, env, "Secrets") }
	expect(t, check(), "S", checker.Pass, "")
	expect(t, check(), "env_file", checker.Pass, "")
	expect(t, check(), "key.pem", checker.Fail, "open_to_others")
	expect(t, check(), "closed.pem", checker.Pass, "")
	expect(t, check(), "nosuch.pem", checker.Fail, "no_such_file")
	expect(t, check(), "file/below", checker.Fail, "unreadable")
	if err := os.Chmod(envFile, 0o644); err != nil {
		t.Fatal(err)
	}
	expect(t, check(), "env_file", checker.Fail, "open_to_others")

	// Other environments have their own secrets.
	write(".env.example", "S="+one, 0o600)
	write(".env.paper.bak", "S="+one, 0o600)
	write(".env.live", "S="+other, 0o600)
	expect(t, check(), "S", checker.Pass, "")
	write(".env.live", "S="+other+"\nANY_NAME="+one, 0o600)
	if o := expect(t, check(), "S", checker.Fail, "shared"); !strings.Contains(o.Detail, ".env.live") {
		t.Errorf("%+v does not name the file", o)
	}
	// A pipe is not waited for.
	if err := errors.Join(os.Remove(filepath.Join(dir, ".env.live")), syscall.Mkfifo(filepath.Join(dir, ".env.live"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if o := expect(t, check(), "S", checker.Pass, ""); !strings.Contains(o.Detail, "not compared with .env.live") {
		t.Errorf("%+v does not name the file that it did not compare", o)
	}
	if err := os.Remove(filepath.Join(dir, ".env.live")); err != nil {
		t.Fatal(err)
	}
	write(".env.live", "S=\"never closed", 0o600)
	if o := expect(t, check(), "S", checker.Pass, ""); !strings.Contains(o.Detail, "not compared with .env.live") {
		t.Errorf("%+v does not name the file that it did not compare", o)
	}
	// A plain .env is a file of another environment, too.
	write(".env.live", "S="+other, 0o600)
	write(".env", "X="+one, 0o600)
	if o := expect(t, check(), "S", checker.Fail, "shared"); !strings.Contains(o.Detail, ".env has") {
		t.Errorf("%+v does not name the file", o)
	}
	write(".env", "X="+other, 0o600)
	expect(t, check(), "S", checker.Pass, "")
	// It may be the file of this environment by another name.
	if err := errors.Join(os.Remove(filepath.Join(dir, ".env")), os.Symlink(".env.paper", filepath.Join(dir, ".env"))); err != nil {
		t.Fatal(err)
	}
	expect(t, check(), "S", checker.Pass, "")
	write(".env.paper", "S="+one+"\nA=1\n\nA=2\n", 0o600)
	if o := expect(t, check(), "env_file", checker.Warn, "set_twice"); !strings.Contains(o.Detail, "A is set on the lines 2, 4") {
		t.Errorf("%+v does not name the lines", o)
	}
	// A missing file is not readable by others.
	if err := os.Remove(envFile); err != nil {
		t.Fatal(err)
	}
	expect(t, check(), "env_file", checker.Pass, "")
}
