package codegen

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/definitions"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/proof/routes"
	"github.com/alertnative/preflight/internal/proof/suite"
	"github.com/alertnative/preflight/internal/proof/verdict"
	"github.com/alertnative/preflight/promcheck"
	"github.com/alertnative/preflight/rules"
)

// proved is a site without findings.
type proved struct {
	*definitions.Checked
	Routes routes.Proof
	suite  *suite.Suite
}

// prove resolves a site, checks its definitions and runs its proofs. The error
// joins all findings. If ctx is done, it includes the findings so far.
func prove(ctx context.Context, in preflight.Site, o verdict.Options) (*proved, error) {
	s, findings := site.New(in)
	emitter, err := newContext(s)
	if err != nil {
		return nil, errors.Join(append(asErrors(findings), err)...)
	}
	checked, err := definitions.Check(emitter)
	if err != nil {
		return nil, errors.Join(append(asErrors(findings), err)...)
	}
	p := &proved{Checked: checked}
	findings = append(findings, checked.Findings...)
	var refused error // the error of alertmanager.yml
	if p.Routes, refused = routes.Prove(checked); p.Routes != nil {
		findings = append(findings, p.Routes.Findings()...)
	}
	all := func(err error) error {
		left := fold(checked.Waive(findings))
		s.InFiles(left)
		return errors.Join(append(asErrors(left), refused, err)...)
	}
	if unreadable(findings) {
		return nil, all(nil)
	}
	if p.suite, err = suite.New(ctx, checked); err != nil {
		return nil, all(err)
	}
	broken, err := p.suite.Run(ctx, o)
	findings = append(findings, slices.DeleteFunc(broken, func(f finding.Finding) bool { return misread(f.Where, findings) })...)
	if err := all(err); err != nil {
		return nil, err
	}
	return p, nil
}

// unreadable reports whether a rule cannot be written, or is duplicated, so
// that no tests can be made.
func unreadable(findings []finding.Finding) bool {
	for _, f := range findings {
		switch f.Code {
		case finding.Syntax, finding.Unreadable, finding.Incomplete, finding.Clash:
			return true
		}
	}
	return false
}

// misread reports whether a rule or its scenarios contain unknown names.
// Failures of its scenarios are then only consequences.
func misread(where string, findings []finding.Finding) bool {
	return slices.ContainsFunc(findings, func(f finding.Finding) bool {
		switch f.Code {
		case finding.UnknownMetric, finding.UnknownLabel, finding.UnknownValue:
			return f.Where == where || strings.HasPrefix(f.Where, where+",")
		}
		return false
	})
}

func asErrors(findings []finding.Finding) []error {
	var out []error
	for _, f := range findings {
		out = append(out, f)
	}
	return out
}

// newContext returns the context for the files of a site.
func newContext(s *site.Site) (*emit.Context, error) {
	checker, err := definitions.NewChecker(s)
	if err != nil {
		return nil, err
	}
	c := &emit.Context{Site: s, Vars: vars(checker)}
	if s.RunbookURL != "" {
		c.Runbook = func(g site.Group, a rules.Alert) string {
			return strings.TrimSuffix(s.RunbookURL, "/") + "/" + url.PathEscape(s.FileName(g, a.Name)+".md")
		}
	}
	return c, nil
}

// vars returns a function for the numbers of a condition, in the unit of the
// compared value.
func vars(checker *promcheck.Checker) func(expr, wait string) texts.Vars {
	return func(expr, wait string) texts.Vars {
		facts := emit.FactsOf(expr)
		out := texts.Vars{For: wait}
		if facts.Has {
			t, _ := checker.Expr("", facts.Compared)
			out.Threshold = emit.InUnit(facts.Threshold, t.Unit)
		}
		if facts.Window > 0 {
			out.Window = model.Duration(facts.Window).String()
		}
		return out
	}
}

// notes returns notes for a correct site.
func (p *proved) notes() []string {
	out := slices.Concat(p.Checked.Notes, p.Routes.Notes())
	if p.Site.Webhook.URL != "" && !p.Routes.Heartbeat() {
		out = append(out, "no Watchdog receiver gets an alert that always fires, so a failure of alerting itself goes unnoticed: use packs/pipeline, or send an alert that always fires to a receiver with Watchdog: true")
	}
	return out
}
