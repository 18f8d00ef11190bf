package codegen_test

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
)

// dropping yields every removable part of a value: set fields, elements and
// keys. drop removes the part. It returns false when yield does.
func dropping(v reflect.Value, path string, yield func(path, field string, drop func()) bool) bool {
	// through visits a copy of held, and calls set if the copy changed.
	through := func(held reflect.Value, path string, set func(own reflect.Value)) bool {
		own := reflect.New(held.Type()).Elem()
		own.Set(held)
		return dropping(own, path, func(path, field string, drop func()) bool {
			return yield(path, field, func() { drop(); set(own) })
		})
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			if !f.CanSet() || f.IsZero() || f.Kind() == reflect.Func {
				continue
			}
			if !yield(path+"."+name, v.Type().String()+"."+name, f.SetZero) || !dropping(f, path+"."+name, yield) {
				return false
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			at := fmt.Sprintf("%s[%d]", path, i)
			drop := func() { v.Set(reflect.AppendSlice(v.Slice(0, i), v.Slice(i+1, v.Len()))) }
			if v.Len() > 1 && !yield(at, v.Type().String(), drop) || !dropping(v.Index(i), at, yield) {
				return false
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			at := fmt.Sprintf("%s[%v]", path, key)
			if v.Len() > 1 && !yield(at, v.Type().String(), func() { v.SetMapIndex(key, reflect.Value{}) }) ||
				!through(v.MapIndex(key), at, func(own reflect.Value) { v.SetMapIndex(key, own) }) {
				return false
			}
		}
	case reflect.Interface:
		if v.Elem().Kind() == reflect.Struct {
			return through(v.Elem(), path, v.Set)
		}
	}
	return true
}

// outcome returns the files of a site, or its findings.
func outcome(t *testing.T, s preflight.Site) string {
	t.Helper()
	list, err := codegen.Generate(t.Context(), s)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s", list)
}

// unseen lists fields without an effect, with the reason. A name without a
// leading dot is a field of a type. A name with one is a part of the site.
var unseen = map[string]string{
	".Routing.Promises":           "a promise that the routes keep changes nothing: broken ones are planted elsewhere",
	".Webhook.DefaultChat":        "while one chat is emitted, it can only be that of the receivers: another one is planted elsewhere",
	".Levels":                     "a list that is right changes nothing: wrong ones are planted elsewhere",
	".Urgent":                     "a list that is right changes nothing: wrong ones are planted elsewhere",
	".TargetLabels":               "read by the checker of expressions: other tests plant wrong labels",
	"desc.Desc.Type":              "likewise",
	"desc.Desc.Unit":              "likewise",
	"desc.Desc.Help":              "of other programs, for readers of the source",
	"desc.Desc.Cadence":           "likewise",
	"desc.Desc.Buckets":           "likewise",
	"desc.Desc.Program":           "likewise",
	"desc.Label.Values":           "likewise",
	"desc.Label.Optional":         "likewise",
	"[]float64":                   "likewise",
	"[]desc.Label":                "likewise",
	"routing.Level.Takes":         "a word that no pack uses",
	"rules.Alert.Equivalents":     "only the mutation score sees it",
	"rules.Record.Equivalents":    "only the mutation score sees it",
	"[]finding.Equivalent":        "only the mutation score sees it",
	"routing.Routing.Equivalents": "only the mutation score sees it",
	"finding.Equivalent.Mutant":   "only the mutation score sees it",
	"finding.Equivalent.Why":      "only the mutation score sees it",
	"spec.Spec.Network":           "the checker reads it",
	"spec.Spec.AtGate":            "the checker reads it",
	"spec.Spec.Timeout":           "the checker reads it",
	"spec.Spec.Sections":          "the checker reads it",
	"spec.Spec.Translations":      "the checker reads it",
	"spec.Spec.Latencies":         "the checker reads it, and the metrics of the pack are made of it",
	"spec.Latency.Target":         "likewise",
	"spec.Latency.Metric":         "likewise",
	"spec.Latency.Help":           "likewise",
	"spec.Latency.Probe":          "likewise",
	"[]spec.Latency":              "likewise",
	"spec.Translation.Name":       "the checker reads it",
	"spec.Translation.Looks":      "the checker reads it",
	"spec.Translation.Reasons":    "the checker reads it",
}

// derived are the fields with a derived default. One place must show their
// effect.
var derived = []string{"dashgen.Panel.Unit", "routing.Level.Sound"}

// leaf is a removable part of a site.
type leaf struct{ path, field string }

func (l leaf) unseen() bool {
	for name := range unseen {
		if name == l.field || strings.HasPrefix(name, ".") && strings.HasPrefix(l.path, name) {
			return true
		}
	}
	return false
}

// placed matches a panel that a dashboard places by a copy of the alert's
// literal.
var placed = regexp.MustCompile(`\.Alerts\[\d+\]\.Panel`)

// Each part of a definition has an effect on the files or the findings.
func TestEveryFieldHasEffect(t *testing.T) {
	t.Parallel()
	covered := vanishing(t, acme, func(leaf) bool { return true })
	// The shipped site covers the fields that the other site lacks.
	vanishing(t, shipped, func(l leaf) bool {
		first := !covered[l.field] && !placed.MatchString(l.path)
		covered[l.field] = true
		return first
	})
}

// vanishing removes the accepted parts, one at a time, and reports those
// without an effect. It returns the fields that it visited.
func vanishing(t *testing.T, of func() preflight.Site, wanted func(leaf) bool) map[string]bool {
	t.Helper()
	if found := findings(t, of()); found != "" {
		t.Fatalf("the whole site has findings:\n%s", found)
	}
	whole := outcome(t, of())
	var leaves []leaf
	all := of()
	dropping(reflect.ValueOf(&all).Elem(), "", func(path, field string, _ func()) bool {
		leaves = append(leaves, leaf{path, field})
		return true
	})
	met, seen, silent := map[string]bool{}, map[string]bool{}, map[string][]string{}
	for i, l := range leaves {
		met[l.field] = true
		if l.unseen() || !wanted(l) {
			continue
		}
		s := of()
		n := 0
		dropping(reflect.ValueOf(&s).Elem(), "", func(_, _ string, drop func()) bool {
			if n++; n <= i {
				return true
			}
			drop()
			return false
		})
		if outcome(t, s) == whole {
			silent[l.field] = append(silent[l.field], l.path)
		} else {
			seen[l.field] = true
		}
	}
	for _, field := range slices.Sorted(maps.Keys(silent)) {
		if !seen[field] || !slices.Contains(derived, field) {
			t.Errorf("%s leaves no trace at %s", field, strings.Join(silent[field], ", "))
		}
	}
	return met
}
