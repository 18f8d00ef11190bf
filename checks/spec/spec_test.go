package spec_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/checker/spec"
	shipped "github.com/alertnative/preflight/checks/spec"
)

func TestMetricNames(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, d := range spec.NewRunFamilies("arbitrage", shipped.Shipped()...).All() {
		if err := d.Validate(); err != nil {
			t.Error(err)
		}
		got[d.Name] = string(d.Type) + " " + strings.Join(d.LabelNames(), ",")
	}
	want := map[string]string{
		"arbitrage_preflight_runs_total":                         "counter env",
		"arbitrage_preflight_last_success":                       "gauge env",
		"arbitrage_preflight_duration_seconds":                   "histogram env",
		"arbitrage_preflight_checks_total":                       "counter env,check,status",
		"arbitrage_preflight_realcheck_redis_latency_seconds":    "histogram env",
		"arbitrage_preflight_realcheck_postgres_latency_seconds": "histogram env",
		"arbitrage_preflight_realcheck_redis_write_seconds":      "histogram env",
		"arbitrage_preflight_realcheck_postgres_write_seconds":   "histogram env",
		"arbitrage_preflight_ready_for_live":                     "gauge env",
		"arbitrage_preflight_check_status":                       "gauge env,check,status",
		"arbitrage_preflight_target_status":                      "gauge env,check,target,status",
		"arbitrage_preflight_check_problem":                      "gauge env,check,target,status,reason",
		"arbitrage_preflight_check_duration_seconds":             "histogram env,check",
		"arbitrage_preflight_last_run_timestamp_seconds":         "gauge env",
		"arbitrage_preflight_build_info":                         "gauge env,version,goversion",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestShipped(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range shipped.Shipped() {
		names = append(names, s.Name)
	}
	if d := cmp.Diff([]string{
		"Environment", "Secrets", "Live Safety", "Database", "Exchange Health", "Open Positions", "Git Safety", "Migrations",
	}, names); d != "" {
		t.Errorf("checks (-want +got):\n%s", d)
	}
	for _, s := range shipped.Shipped() {
		if s.Looks == "" {
			t.Errorf("%s has no Looks", s.Name)
		}
		seen := map[string]bool{}
		for _, r := range s.AllReasons() {
			if seen[r.Name] {
				t.Errorf("%s has the reason %q twice", s.Name, r.Name)
			}
			seen[r.Name] = true
			if r.Meaning == "" || r.Remedy == "" {
				t.Errorf("%s: reason %q has no meaning or remedy", s.Name, r.Name)
			}
		}
	}
}

func TestKoreanTranslations(t *testing.T) {
	t.Parallel()
	hangul := func(text string) bool {
		return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Hangul, r) })
	}
	eight := len(shipped.Shipped())
	for i, s := range slices.Concat(shipped.Shipped(), declaredSpecs(t)) {
		shown := s.In("ko")
		if i < eight && (!hangul(shown.Name) || !hangul(shown.Looks)) {
			t.Errorf("%s: %q, %q", s.Name, shown.Name, shown.Looks)
		}
		for _, r := range shown.Reasons {
			if !hangul(r.Meaning) || !hangul(r.Remedy) {
				t.Errorf("%s: %s: %q, %q", s.Name, r.Name, r.Meaning, r.Remedy)
			}
		}
	}
}

// declaredSpecs returns the specs of one check of each kind.
func declaredSpecs(t *testing.T) []spec.Spec {
	t.Helper()
	specs, err := shipped.Declared(write(t, `checks:
- {name: Router, http: {url: 'http://h/x'}}
- {name: Gateway, tcp: {address_from: GATEWAY}}
- {name: Disk Space, looks: the disk has room, command: [/bin/df]}
- {name: Orders, sql: {url_from: DSN, query: SELECT 1}, fail: {above: 1}}
`))
	if err != nil {
		t.Fatal(err)
	}
	return specs
}

// write writes a preflight.yml and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "preflight.yml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestDeclared(t *testing.T) {
	t.Parallel()
	var got []string
	for _, s := range declaredSpecs(t) {
		if !s.Network {
			t.Errorf("%s needs no --real-check", s.Name)
		}
		for _, r := range s.AllReasons() {
			if r.Meaning == "" || r.Remedy == "" {
				t.Errorf("%s: %+v", s.Name, r)
			}
		}
		got = append(got, s.Name+": "+s.Looks)
	}
	if d := cmp.Diff([]string{
		"Router: http://h/x answers as expected", "Gateway: the address in GATEWAY takes connections",
		"Disk Space: the disk has room", "Orders: a query on the database in DSN",
	}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// The generator and the checker refuse the same names.
func TestDeclaredMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"check: []\n":                                            `1: unknown key "check" (did you mean "checks"?)`,
		"checks: [{name: A, tpc: {}}]\n":                         `1: unknown key "tpc" in checks[0] (did you mean "tcp"?)`,
		"checks: [{name: database, command: [x]}]\n":             `1: checks[0].name: there is a check "database" already`,
		"checks: [{name: disk, command: [x]}]\n":                 `1: checks[0].name: there is a check "disk" already`,
		"checks: [{name: A}]\n":                                  "1: checks[0]: must be of one kind: http, tcp, command or sql",
		"checks: []\n---\nchecks: []\n":                          " has more than one document: a line of --- starts another",
		"disk: {path: /}\nsecrets: {required: [A]}\nother: {}\n": `3: unknown key "other"`,
	} {
		file := write(t, text)
		_, err := shipped.Declared(file, spec.Spec{Name: "Disk"})
		if err == nil || !strings.HasPrefix(err.Error(), file+":"+want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
	if specs, err := shipped.Declared(write(t, "environment: {}\n")); err != nil || len(specs) != 0 {
		t.Errorf("%v, %v", specs, err)
	}
	if _, err := shipped.Declared("no/such.yml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
