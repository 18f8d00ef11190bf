package rulelint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/lint/suggest"
)

// kind is the kind of a field's value.
type kind int

const (
	anything kind = iota
	textual
	integer
	duration
	items // a list
	texts // a map of texts
)

// Fields of Prometheus, with those that Thanos and Mimir add to a group, and
// those of vmalert.
var (
	fileFields  = map[string]kind{"groups": items, "namespace": textual}
	groupFields = map[string]kind{
		"name": textual, "interval": duration, "query_offset": duration, "limit": integer, "rules": items, "labels": texts,
		"partial_response_strategy": textual,
		"source_tenants":            items, "evaluation_delay": duration, "align_evaluation_time_on_interval": anything, "remote_write": anything,
	}
	ruleFields = map[string]kind{
		"record": textual, "alert": textual, "expr": textual, "for": duration, "keep_firing_for": duration,
		"labels": texts, "annotations": texts,
	}
	vmalertGroup = map[string]kind{
		"type": textual, "concurrency": integer, "eval_offset": duration, "eval_delay": duration, "eval_alignment": anything,
		"params": anything, "headers": anything, "notifier_headers": anything, "tenant": textual, "extra_filter_labels": texts, "debug": anything,
	}
	vmalertRule = map[string]kind{"debug": anything, "update_entries_limit": integer}

	vmalertGroups = union(groupFields, vmalertGroup)
	vmalertRules  = union(ruleFields, vmalertRule)
)

func union(a, b map[string]kind) map[string]kind {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// isVmalert reports whether groups have fields that only vmalert knows.
func (s *source) isVmalert(groups *yaml.Node) bool {
	return s.vmalert || slices.ContainsFunc(list(groups), func(g *yaml.Node) bool {
		return hasKey(g, vmalertGroup) || slices.ContainsFunc(list(child(g, "rules")), func(r *yaml.Node) bool { return hasKey(r, vmalertRule) })
	})
}

func hasKey(n *yaml.Node, keys map[string]kind) bool {
	if n = deref(n); n == nil || n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if _, ok := keys[n.Content[i].Value]; ok {
			return true
		}
	}
	return false
}

// field is a key of a map with its value.
type field struct{ key, value *yaml.Node }

// fields returns the fields of a map that have the right kind, also those of
// merge keys. It reports unknown fields, fields that are there twice, and
// values of another kind. Fields without a value are left out.
func (s *source) fields(n *yaml.Node, what, where string, known map[string]kind) map[string]field {
	out := map[string]field{}
	s.collect(n, out, func(f field) bool {
		kind, ok := known[f.key.Value]
		switch {
		case isAction(f.value) && s.template:
			return false
		case !ok:
			s.unknown(f.key, what, known)
			return false
		case null(f.value):
			return false
		}
		return s.hasKind(f, where, kind)
	}, map[*yaml.Node]bool{})
	return out
}

// collect adds the fields of a map that pass the test. Fields of the map itself
// take precedence over those of merge keys.
// It skips the maps in done.
func (s *source) collect(n *yaml.Node, out map[string]field, ok func(field) bool, done map[*yaml.Node]bool) {
	if done[n] {
		return
	}
	done[n] = true
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		f := field{n.Content[i], deref(n.Content[i+1])}
		switch f.key = deref(f.key); {
		case f.key.Kind != yaml.ScalarNode:
			if !s.template {
				s.bad(f.key, "", "", "%s is not a name of a field", shape(f.key))
			}
			continue
		case isMerge(f.key) || null(f.key):
			continue
		}
		if badBinary(f.key) || badBinary(f.value) {
			s.bad(f.key, "", "", "%s: the value tagged !!binary is not base64", f.key.Value)
			continue
		}
		if line := seen[f.key.Value]; line > 0 {
			s.bad(f.key, "", "", "%s is there twice: also in line %d", f.key.Value, line)
			continue
		}
		seen[f.key.Value] = f.key.Line
		if _, there := out[f.key.Value]; ok(f) && !there {
			out[f.key.Value] = f
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !isMerge(n.Content[i]) {
			continue
		}
		maps := merged(n.Content[i+1])
		if len(maps) == 0 {
			s.bad(n.Content[i], "", "", "a merge key needs a map, or a list of maps")
			continue
		}
		for _, m := range maps {
			s.collect(m, out, ok, done)
		}
	}
}

// badBinary reports whether YAML cannot decode a scalar.
func badBinary(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!binary" && n.Decode(new(string)) != nil
}

// unknown reports a field that Prometheus refuses.
func (s *source) unknown(key *yaml.Node, what string, known map[string]kind) {
	names := slices.Sorted(maps.Keys(known))
	near := ""
	if name := suggest.Nearest(key.Value, names); name != "" {
		near = "; did you mean " + name + "?"
	}
	s.bad(key, "", "", "a %s has no field %q (it has %s)%s", what, key.Value, strings.Join(shown(what, names), ", "), near)
}

// shown returns the fields to list: the usual ones, in the order of the
// documentation.
func shown(what string, names []string) []string {
	switch what {
	case "group":
		return []string{"name", "interval", "query_offset", "limit", "labels", "rules"}
	case "rule":
		return []string{"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
	}
	return names
}

// isAction reports whether a value is an unquoted template action: {{ x }} is a
// map in a map for YAML.
func isAction(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 && len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode
}

// hasKind reports a value of the wrong kind.
func (s *source) hasKind(f field, where string, kind kind) bool {
	n, name := f.value, f.key.Value
	switch kind {
	case textual, integer, duration:
		if n.Kind != yaml.ScalarNode {
			s.bad(n, where, name, "%s is not a single value", shape(n))
			return false
		}
	case items:
		if n.Kind != yaml.SequenceNode {
			s.bad(n, where, name, "%s is not a list", shape(n))
			return false
		}
	case texts:
		if n.Kind != yaml.MappingNode {
			s.bad(n, where, name, "%s is not a map of names and texts", shape(n))
			return false
		}
	}
	switch kind {
	case integer:
		if n.Decode(new(int)) != nil {
			s.bad(n, where, name, "%q is not an integer", n.Value)
			return false
		}
	case duration:
		if _, err := s.duration(n); err != nil {
			s.bad(n, where, name, "%v", err)
			return false
		}
	}
	return true
}

func shape(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		if isAction(n) {
			return "{{ … }} without quotes is a map for YAML: it"
		}
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	}
	return fmt.Sprintf("%q", n.Value)
}

// duration parses a duration as the program does that evaluates the file.
func (s *source) duration(n *yaml.Node) (time.Duration, error) {
	if s.made(n.Value) {
		return 0, nil
	}
	d, err := model.ParseDuration(n.Value)
	if err != nil && s.vmalert {
		if ms, vmErr := metricsql.PositiveDurationValue(n.Value, 0); vmErr == nil {
			return time.Duration(ms) * time.Millisecond, nil
		}
	}
	return time.Duration(d), err
}

var anAction = regexp.MustCompile(`\{\{.*\}\}`)

// made reports whether a template makes a part of the text.
func (s *source) made(text string) bool {
	return s.template && strings.ContainsRune(text, blank) || strings.Contains(text, "{{") && anAction.MatchString(text)
}
