// Package jobs maps the names of scrape jobs in a pack to those of a site.
package jobs

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// named matches a job's name in a selector (job="webhook"), in a matcher of
// Alertmanager and in a template ($labels.job "webhook").
var named = regexp.MustCompile(`(\bjob\s*(?:=~|=|!=|!~)\s*["']|\$labels\.job\s+")([^"']+)(["'])`)

// None means that a site does not have the job.
const None = "-"

// Rename returns a copy of the pack with its scrape jobs renamed by the map. It
// removes series of scenarios whose job becomes [None].
func Rename(p preflight.Pack, names map[string]string) preflight.Pack {
	r := renamer(names)
	p.Groups = r.copy(reflect.ValueOf(p.Groups)).Interface().([]rules.Group)
	p.Dashboards = r.copy(reflect.ValueOf(p.Dashboards)).Interface().([]dashgen.Dashboard)
	p.Routing = r.copy(reflect.ValueOf(p.Routing)).Interface().(routing.Routing)
	for _, g := range p.Groups {
		for i := range g.Alerts {
			g.Alerts[i].HoldWhileDown = r.name(g.Alerts[i].HoldWhileDown)
			withoutSeries(g.Alerts[i].Scenarios)
		}
	}
	return p
}

// withoutSeries removes the series of absent jobs from scenarios.
func withoutSeries(scenarios []rules.Scenario) {
	for i, s := range scenarios {
		lines := slices.DeleteFunc(strings.Split(s.Series, "\n"), func(line string) bool { return strings.Contains(line, `job="`+None+`"`) })
		scenarios[i].Series = strings.Join(lines, "\n")
	}
}

type renamer map[string]string

func (r renamer) name(job string) string {
	if other, ok := r[job]; ok {
		return other
	}
	return job
}

func (r renamer) text(s string) string {
	return named.ReplaceAllStringFunc(s, func(match string) string {
		part := named.FindStringSubmatch(match)
		return part[1] + r.name(part[2]) + part[3]
	})
}

// copy returns a copy of the value with the jobs renamed in every text.
func (r renamer) copy(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		out.SetString(r.text(v.String()))
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(r.copy(v.Index(i)))
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeMap(v.Type()))
		for _, key := range v.MapKeys() {
			out.SetMapIndex(key, r.copy(v.MapIndex(key)))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if out.Field(i).CanSet() {
				out.Field(i).Set(r.copy(v.Field(i)))
			}
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(r.copy(v.Elem()))
		}
	}
	return out
}
