// Package codegen proves sites and writes their files.
//
// A main function of one line is a generator for any definitions:
//
//	func main() { codegen.Main(site()) }
//
// Generation is all or nothing. It checks every definition and runs every
// proof, and reports all findings at once. It writes files only if there are
// none.
package codegen

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/emit/pages"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/proof/routes"
	"github.com/alertnative/preflight/internal/proof/verdict"
)

// File is a generated file. Its path is relative to the output folder, with
// slashes.
type File struct {
	Path string
	Data []byte
}

// Generate proves a site and returns its files, sorted by path. The error joins
// all findings. The manifest lists the files and variables that the site needs at
// run time; [Write] adds the paths of the generated files.
func Generate(ctx context.Context, site preflight.Site) ([]File, error) {
	p, err := prove(ctx, site, verdict.Options{})
	if err != nil {
		return nil, err
	}
	return p.files()
}

// files returns the files of a proved site.
func (p *proved) files() ([]File, error) {
	out := &output{}
	page := pages.Pages{Checked: p.Checked, Routes: p.Routes}
	out.add("lineage.md")(page.Lineage())
	out.add("prometheus/coverage.json")(p.suite.Coverage())
	for _, t := range p.suite.Tests {
		for _, f := range t.Files() {
			out.add(f.Path)(genfile.YAML(f.File))
		}
	}
	for _, g := range p.Groups {
		out.add("prometheus/rules/" + p.RuleFileName(g))(p.RuleFile(g))
	}
	for i := range p.Alerts {
		a := &p.Alerts[i]
		if slices.ContainsFunc(p.Alerts[:i], func(x definitions.Alert) bool { return x.Name == a.Name && x.Group.Name == a.Group.Name }) {
			continue // the alert of a rule file has several severities
		}
		out.add("runbooks/" + p.FileName(a.Group, a.Name) + ".md")(page.Runbook(a))
	}
	out.add("runbooks/README.md")(page.Index())
	if len(p.Jobs) > 0 {
		out.add("prometheus/prometheus.yml")(p.Prometheus())
	}
	out.add(routes.Path)(p.Routes.Written().Data, nil)
	for _, f := range p.TemplateFiles() {
		out.add("alertmanager/templates/"+f.Name)(f.Data, nil)
	}
	out.add("alertmanager/route_tests.txt")(routes.CasesFile(p.Routes.Cases()), nil)
	out.add("alertmanager/routes.md")(routes.Page(p.Routes, p.Checked))
	if p.Site.Webhook.URL != "" {
		file := p.WebhookConfig(p.Routes.Heartbeat())
		out.add("webhook/webhook.yml")(append([]byte(genfile.Header), file.Encode()...), nil)
		for _, f := range p.Disagreements(p.Routes.Written().Data, file) {
			out.errs = append(out.errs, f)
		}
	}
	for _, d := range p.Dashboards {
		out.add("grafana/dashboards/" + d.UID + ".json")(d.JSON(p.Timing))
	}
	out.add(manifestName)(needs(p.SecretFiles(p.Routes.Written().Data), p.Variables()), nil)
	return out.files()
}

// output collects files and errors.
type output struct {
	byPath map[string][]byte
	errs   []error
}

func (o *output) add(path string) func([]byte, error) {
	return func(data []byte, err error) {
		if o.byPath == nil {
			o.byPath = map[string][]byte{}
		}
		if _, taken := o.byPath[path]; taken {
			err = finding.Finding{Code: finding.Clash, Where: fmt.Sprintf("file %q", path), Reason: "two definitions make it: rename one, or give the pack another name with preflight.As"}
		}
		if err != nil {
			o.errs = append(o.errs, err)
		}
		o.byPath[path] = data
	}
}

func (o *output) files() ([]File, error) {
	if err := errors.Join(o.errs...); err != nil {
		return nil, err
	}
	var files []File
	for _, path := range slices.Sorted(maps.Keys(o.byPath)) {
		files = append(files, File{path, o.byPath[path]})
	}
	return files, nil
}
