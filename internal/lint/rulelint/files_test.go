package rulelint_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/internal/lint/rulelint"
)

const lost = `groups:
  - name: g
    rules:
      - alert: Größe
        expr: sum(up) == 0
        annotations: {summary: '{{ $labels.pair }}'}
`

// Every encoding that Prometheus reads gives the same places. Others are said.
func TestEncodings(t *testing.T) {
	t.Parallel()
	utf16le := []byte("\xff\xfe")
	for _, unit := range utf16.Encode([]rune(lost)) {
		utf16le = append(utf16le, byte(unit), byte(unit>>8))
	}
	for name, test := range map[string]struct {
		data []byte
		want []string // parts of the output
	}{
		"UTF-8":           {[]byte(lost), []string{"<stdin>:6:44: ", "1 finding in 1 rule"}},
		"byte order mark": {[]byte("\ufeff" + lost), []string{"<stdin>:6:44: ", "1 finding in 1 rule"}},
		"CRLF":            {[]byte(strings.ReplaceAll(lost, "\n", "\r\n")), []string{"<stdin>:6:44: ", "1 finding in 1 rule"}},
		"CR":              {[]byte(strings.ReplaceAll(lost, "\n", "\r")), []string{"<stdin>:6:44: ", "1 finding in 1 rule"}},
		"UTF-16":          {utf16le, []string{"<stdin>:6:44: ", "1 finding in 1 rule"}},
		"UTF-16, no mark": {utf16le[2:], []string{"<stdin>: not read: UTF-16 without a byte order mark: save it as UTF-8"}},
		"Latin 1":         {[]byte(strings.Replace(lost, "Größe", "Gr\xf6\xdfe", 1)), []string{"<stdin>:4:1: PQ001: not UTF-8: save the file as UTF-8", "<stdin>:6:44: ", "2 findings in 1 rule"}},
		"binary":          {[]byte("groups:\x00\x01\x02\x7fELF"), []string{"<stdin>: not read: binary, not text"}},
		"empty":           {nil, []string{"<stdin>: not read: no rules in it"}},
		"line separator":  {[]byte("# a\u2028# b\u0085" + lost), []string{"<stdin>:8:44: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := lint([]string{rulelint.Stdin}, bytes.NewReader(test.data))
			got := output(t, report)
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			if report.Failed() != strings.Contains(got, "<stdin>: not read") {
				t.Errorf("failed: %v\n%s", report.Failed(), got)
			}
		})
	}
}

// A run goes on behind files that cannot be read. Each is one line.
func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(at("a.yml"), []byte(lost), 0o644))
	must(os.Symlink("gone.yml", at("dangling.yml")))
	must(os.Symlink("circle.yml", at("circle.yml")))
	must(os.Symlink("a.yml", at("again.yml")))
	must(syscall.Mkfifo(at("pipe.yml"), 0o644))
	must(os.Mkdir(at("folder.yml"), 0o755))
	must(os.Symlink("..", at("folder.yml/up")))
	must(os.WriteFile(at("notes.txt"), []byte("groups:"), 0o644))
	must(os.WriteFile(at("values.yaml"), []byte("a: b"), 0o644))
	huge, err := os.Create(at("huge.yml"))
	must(err)
	must(huge.Truncate(1 << 30))
	must(huge.Close())
	listener, err := net.Listen("unix", at("s.yml"))
	must(err)
	defer listener.Close()

	got := strings.ReplaceAll(output(t, lint([]string{dir}, nil)), dir+"/", "")
	want := `a.yml:6:44: alert "Größe", annotation "summary": PQ030: the label "pair" is not in the expression's result (it has none): it is shown as nothing
    {{ $labels.pair }}
               ^^^^
circle.yml: not read: too many levels of symbolic links
dangling.yml: not read: a symbolic link to gone.yml, which does not exist
pipe.yml: not read: a pipe, not a file: give its content as standard input
s.yml: not read: a socket, not a file
huge.yml: not read: larger than 256 MiB: split it
preflight-gen: 1 finding in 1 rule of 1 file; not read: 5 files; without rules: 1 file
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A mounted ConfigMap holds each file three times. It is read once, by the name
// that the configuration of Prometheus has.
func TestConfigMapMount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "..2026_01_01")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "a.yml"), []byte(lost), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"..data": "..2026_01_01", "a.yml": "..data/a.yml"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	report := lint([]string{dir, dir, filepath.Join(dir, "a.yml")}, nil)
	if report.Rules != 1 || report.Files != 1 || len(report.Issues) != 1 || report.Issues[0].File != filepath.Join(dir, "a.yml") {
		t.Errorf("%+v", report)
	}
}

// A short file that stands for a huge one is read in a moment.
func TestAliases(t *testing.T) {
	t.Parallel()
	merges := "a0: &a0 {alert: Down, expr: up == 0}\n"
	for i := range 30 {
		merges += fmt.Sprintf("a%d: &a%d {<<: [%s*a%d]}\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 20), i)
	}
	merges += "groups:\n- name: g\n  rules:\n  - <<: *a30\n"
	report := lint([]string{rulelint.Stdin}, strings.NewReader(merges))
	if report.Rules != 1 {
		t.Errorf("merges: %+v", report)
	}
	self := "groups:\n- name: g\n  rules:\n  - &r\n    alert: Down\n    expr: up == 0\n    <<: {<<: *r}\n"
	if report := lint([]string{rulelint.Stdin}, strings.NewReader(self)); report.Rules != 1 {
		t.Errorf("a map that merges itself: %+v", report)
	}
	deep := strings.Repeat("[", 20000) + strings.Repeat("]", 20000)
	if report := lint([]string{rulelint.Stdin}, strings.NewReader(deep)); !report.Failed() {
		t.Errorf("deep lists: %+v", report)
	}
}

// A folder without rules is not clean.
func TestEmptyFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if report := lint([]string{dir}, nil); !report.Failed() {
		t.Errorf("an empty folder: %+v", report)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.yml"), []byte("a: b"), 0o644); err != nil {
		t.Fatal(err)
	}
	report := lint([]string{dir}, nil)
	if got := output(t, report); !report.Failed() || !strings.Contains(got, dir+": not read: no rules in its 1 file\n") {
		t.Errorf("a folder without rules: %s", got)
	}
}

func output(t *testing.T, report rulelint.Report) string {
	t.Helper()
	var b strings.Builder
	if err := report.Write(&b, "text"); err != nil {
		t.Fatal(err)
	}
	report.Summary(&b)
	return b.String()
}
