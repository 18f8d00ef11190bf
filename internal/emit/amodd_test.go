package emit_test

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/emit/amfile"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/routing"
)

// odd are values that readers of YAML take for different types.
var odd = []string{"yes", "on", "n", "~", "null", "true", "5", "0x10", "1_000", "1.5", "08:00", "12:30:45", "2026-01-02", "''", "5m", "[a]", "{a: b}", "[5, true]", "a=b", "{{ .Status }}"}

// Every value that Alertmanager takes is taken, and every other one is a finding.
// Each value of a configuration gets every fourth of the odd ones.
func TestOddValuesOfOthers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"deep.yml", "zones.yml", "global.yml"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := configuration(t, name)
			lines := strings.Split(text, "\n")
			for i, n := range scalars(t, text) {
				line := []rune(lines[n.Line-1])
				for j := i % 4; j < len(odd); j += 4 {
					value := odd[j]
					changed := append([]string(nil), lines...)
					end := valueEnd(n, line)
					changed[n.Line-1] = string(line[:n.Column-1]) + value + string(line[end:])
					compareReaders(t, strings.Join(changed, "\n"))
				}
			}
		})
	}
}

// compareReaders compares the findings on a configuration with Alertmanager's
// verdict.
func compareReaders(t *testing.T, text string) {
	t.Helper()
	c := &emit.Context{Site: &site.Site{Routing: routing.Routing{YAML: text}}}
	_, want := amfile.Load([]byte(text))
	_, got := c.Alertmanager()
	if got != nil && (strings.Contains(got.Error(), "AM013") || strings.Contains(got.Error(), "is empty: leave the item out") || strings.Contains(got.Error(), "has no value, and Alertmanager ignores the key")) {
		return // Alertmanager takes a secret, an empty item, and an empty setting
	}
	if (want == nil) != (got == nil) {
		t.Errorf("Alertmanager: %v, findings: %v\n%s", want, got, text)
	}
}

// scalars returns the plain and quoted values of a text, on one line each.
func scalars(t *testing.T, text string) []*yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	var out []*yaml.Node
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 {
				continue
			}
			if child.Kind == yaml.ScalarNode && child.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && child.Anchor == "" {
				out = append(out, child)
			}
			walk(child)
		}
	}
	walk(&doc)
	return out
}

// valueEnd returns the place in a line after a scalar.
func valueEnd(n *yaml.Node, line []rune) int {
	at := n.Column - 1
	quote := line[at]
	if quote != '"' && quote != '\'' {
		return at + len([]rune(n.Value))
	}
	for at++; line[at] != quote; at++ {
		if quote == '"' && line[at] == '\\' {
			at++
		}
	}
	return at + 1
}
