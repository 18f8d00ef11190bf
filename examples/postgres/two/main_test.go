package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"acme.example/observability/internal/try"
	postgres "acme.example/observability/postgres/pack"
	"github.com/alertnative/preflight"
)

func TestGenerates(t *testing.T) {
	dir := try.Generate(t, site())
	try.Accepted(t, dir)
	for file, want := range map[string][]string{
		"prometheus/rules/orders.yml":  {"for: 1m", "team: orders", "0.9", "title_ko: PostgreSQL 중단"},
		"prometheus/rules/billing.yml": {"for: 30s", "team: billing", "0.8", "title_ko: 결제 DB 중단", "call the bank", "PostgresReplicationLags"},
	} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s lacks %q:\n%s", file, w, text)
			}
		}
	}
}

// with returns the site with other packs.
func with(packs ...preflight.Pack) preflight.Site {
	s := site()
	s.Packs = packs
	return s
}

func TestMistakes(t *testing.T) {
	plain := postgres.Pack(postgres.Options{Job: "orders-db"})
	for name, m := range map[string]struct {
		site preflight.Site
		want string
	}{
		"the pack twice, without As":      {with(plain, postgres.Pack(postgres.Options{Job: "billing-db"})), `the site takes the pack "postgres" twice, with different contents: give each another name with preflight.As`},
		"twice for one job":               {with(plain.With(preflight.As("a")), plain.With(preflight.As("b"))), `the packs "a" and "b" have it, and no label distinguishes their results`},
		"a job that the site has not":     {with(orders(), postgres.Pack(postgres.Options{Job: "bill-db"})), `job "bill-db": DF018: the site does not have this job`},
		"an override that changes a name": {with(orders().With(preflight.Override{Alert: "PostgresUp", For: "1m"})), `the pack has no alert "PostgresUp"`},
		"an alert left out without a why": {with(orders().With(preflight.Without{Alert: "PostgresDown"})), "Why is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := try.Findings(t, m.site); !strings.Contains(got, m.want) {
				t.Errorf("the findings lack %q:\n%s", m.want, got)
			}
		})
	}
}
