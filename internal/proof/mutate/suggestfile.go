package mutate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// SuggestedFile is a test file of suggestions for the rules of one file.
type SuggestedFile struct {
	Path        string
	Suggestions []Suggestion
	// Refused are suggestions on which promtool disagrees. They are not written.
	Refused []Suggestion
}

// WriteSuggestions writes the suggestions to files in a folder, those of a rule
// file and an evaluation interval to one file. A file that exists is never
// replaced: the new one has a number. Each test is first run with promtool.
func WriteSuggestions(ctx context.Context, list []Suggestion, dir, promtool string) ([]SuggestedFile, error) {
	program, err := exec.LookPath(promtool)
	if err != nil {
		return nil, fmt.Errorf("promtool checks the suggested tests: %w: install it, or name it with --promtool", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	type key struct {
		file  string
		every model.Duration
	}
	var keys []key
	groups := map[key][]Suggestion{}
	for _, s := range list {
		k := key{s.Of.File, s.File.EvaluationInterval}
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], s)
	}
	var out []SuggestedFile
	for _, k := range keys {
		f := SuggestedFile{}
		if f.Suggestions, f.Refused, err = checked(ctx, program, groups[k]); err != nil {
			return out, err
		}
		if len(f.Suggestions) > 0 {
			base := strings.TrimSuffix(filepath.Base(k.file), filepath.Ext(k.file))
			if k.every != model.Duration(step) {
				base += "_" + k.every.String()
			}
			if f.Path, err = writeNew(dir, base, f.Suggestions); err != nil {
				return out, err
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// checked runs suggestions with promtool. It returns those that pass and those
// that fail.
func checked(ctx context.Context, program string, list []Suggestion) (good, bad []Suggestion, err error) {
	dir, err := os.MkdirTemp("", "preflight-suggest-")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	passes := func(list []Suggestion) (bool, error) {
		path := filepath.Join(dir, "suggested_test.yml")
		if err := os.WriteFile(path, suggestedText(list, func(p string) string { return p }), 0o600); err != nil {
			return false, err
		}
		return exec.CommandContext(ctx, program, "test", "rules", path).Run() == nil, ctx.Err()
	}
	ok, err := passes(list)
	if ok || err != nil {
		return list, nil, err
	}
	for _, s := range list {
		switch ok, err := passes([]Suggestion{s}); {
		case err != nil:
			return nil, nil, err
		case ok:
			good = append(good, s)
		default:
			bad = append(bad, s)
		}
	}
	return good, bad, nil
}

// writeNew writes suggestions to a file that does not exist yet.
func writeNew(dir, base string, list []Suggestion) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	text := suggestedText(list, func(p string) string {
		if rel, err := filepath.Rel(abs, p); err == nil {
			return filepath.ToSlash(rel)
		}
		return p
	})
	for n := 1; ; n++ {
		name := base + "_suggested_test.yml"
		if n > 1 {
			name = fmt.Sprintf("%s_suggested_%d_test.yml", base, n)
		}
		path := filepath.Join(dir, name)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if os.IsExist(err) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.Write(text)
		if closed := f.Close(); err == nil {
			err = closed
		}
		return path, err
	}
}

// suggestedText returns a test file in which each test is a few lines. place
// returns the path of a rule file in it.
func suggestedText(list []Suggestion, place func(string) string) []byte {
	var b bytes.Buffer
	first := list[0].File
	b.WriteString("# Tests that show how the rules behave today. A person decides whether they should,\n")
	b.WriteString("# and then deletes the line with the mark above the test.\n")
	b.WriteString("rule_files:\n")
	for _, f := range first.RuleFiles {
		fmt.Fprintf(&b, "  - %s\n", quoted(place(f)))
	}
	fmt.Fprintf(&b, "evaluation_interval: %s\n", first.EvaluationInterval)
	if len(first.GroupEvalOrder) > 0 {
		fmt.Fprintf(&b, "group_eval_order: %s\n", flow(first.GroupEvalOrder))
	}
	b.WriteString("tests:\n")
	for _, s := range list {
		writeSuggestion(&b, s)
	}
	return b.Bytes()
}

func writeSuggestion(b *bytes.Buffer, s Suggestion) {
	t := s.Test()
	fmt.Fprintf(b, "  # %s\n", testfile.Mark)
	fmt.Fprintf(b, "  # Without this test nothing notices: %s\n", strings.ReplaceAll(strings.Join(s.Mutants, "; "), "\n", " "))
	fmt.Fprintf(b, "  - name: %s\n    interval: %s\n", quoted(t.Name), t.Interval)
	if len(t.Series) == 0 {
		b.WriteString("    input_series: []\n")
	} else {
		b.WriteString("    input_series:\n")
	}
	for _, x := range t.Series {
		fmt.Fprintf(b, "      - {series: %s, values: %s}\n", quoted(x.Series), quoted(x.Values))
	}
	if len(t.Alerts) > 0 {
		b.WriteString("    alert_rule_test:\n")
	}
	for _, c := range t.Alerts {
		fmt.Fprintf(b, "      - {eval_time: %s, alertname: %s, exp_alerts: [", c.At, quoted(c.Alert))
		for i, a := range c.Expected {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(b, "{exp_labels: %s", flowMap(a.Labels))
			if len(a.Annotations) > 0 {
				fmt.Fprintf(b, ", exp_annotations: %s", flowMap(a.Annotations))
			}
			b.WriteString("}")
		}
		b.WriteString("]}\n")
	}
	if len(t.Exprs) > 0 {
		b.WriteString("    promql_expr_test:\n")
	}
	for _, c := range t.Exprs {
		fmt.Fprintf(b, "      - {expr: %s, eval_time: %s, exp_samples: [", quoted(c.Expr), c.At)
		for i, x := range c.Expected {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(b, "{labels: %s", quoted(x.Labels))
			if x.Histogram != "" {
				fmt.Fprintf(b, ", histogram: %s}", quoted(x.Histogram))
			} else {
				fmt.Fprintf(b, ", value: %s}", yamlNumber(x.Value))
			}
		}
		b.WriteString("]}\n")
	}
}

func yamlNumber(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	switch text {
	case "+Inf":
		return ".inf"
	case "-Inf":
		return "-.inf"
	}
	return text
}

// quoted returns a text as YAML: in single quotes if possible, which need no
// escapes in PromQL.
func quoted(text string) string {
	if !strings.ContainsAny(text, "'\n\r\t") && strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 {
		return "'" + text + "'"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string can always be encoded
	return strings.TrimSpace(b.String())
}

func flow(list []string) string {
	var out []string
	for _, x := range list {
		out = append(out, quoted(x))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func flowMap(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, quoted(k)+": "+quoted(m[k]))
	}
	return "{" + strings.Join(out, ", ") + "}"
}
