package codegen

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/rules"
)

// File is a generated file, its path relative to the output folder and with
// slashes.
type File struct {
	Path string
	Data []byte
}

// Generate checks the pack and returns its files, sorted by path. The error
// lists every mistake in the definitions.
func (p Pack) Generate(e Endpoints) ([]File, error) {
	p = p.sorted()
	routes, err := p.check(e)
	if err != nil {
		return nil, err
	}
	if routes == nil {
		return nil, errors.New("alertmanager.yml cannot be made: a finding on the routing is waived that must not be")
	}
	p.Routing = routes.routing
	out := &output{}
	ctx := p.context(e)
	out.add("lineage.md")(p.lineage(ctx))
	proofs, err := p.proofs(ctx)
	if err != nil {
		return nil, err
	}
	out.add("prometheus/coverage.json")(coverageFile(proofs))
	for _, t := range proofs {
		if len(t.file.Tests) > 0 {
			out.add(t.path())(genfile.YAML(t.file))
		}
	}
	for _, g := range p.Groups {
		out.add("prometheus/rules/" + g.Name + ".yml")(ctx.RuleFile(g))
		for _, a := range g.Alerts {
			out.add("runbooks/" + a.Name + ".md")(p.runbook(ctx, g, a))
		}
	}
	out.add("runbooks/README.md")(p.runbookIndex())
	out.add("prometheus/prometheus.yml")(p.prometheusFile(e))
	out.add(alertmanagerPath)(routes.data, nil)
	out.add("alertmanager/route_tests.txt")(routes.tests(), nil)
	out.add("alertmanager/routes.md")(routes.page())
	for _, d := range p.Dashboards {
		out.add("grafana/dashboards/" + d.UID + ".json")(d.JSON(p.Timing))
	}
	return out.files()
}

// output collects files and what went wrong with them.
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
			err = fmt.Errorf("two definitions make the file %s: rename one", path)
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

// context is what the pack's rules share.
func (p Pack) context(e Endpoints) rules.Context {
	ctx := rules.Context{Timing: p.Timing, Envs: p.Envs}
	if e.Runbooks != "" {
		ctx.Links.Runbook = func(alert string) string { return e.Runbooks + "/" + alert + ".md" }
	}
	if e.Grafana != "" {
		ctx.Links.Dashboard = func(uid string, panel int) string {
			link := e.Grafana + "/d/" + url.PathEscape(uid)
			if panel != 0 {
				link += "?viewPanel=" + strconv.Itoa(panel)
			}
			return link
		}
	}
	return ctx
}
