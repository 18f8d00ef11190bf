package codegen_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
)

// YAML is one document, which is read completely.
func TestYAMLIsReadWhole(t *testing.T) {
	t.Parallel()
	files := func(list map[string]string) change {
		return func(s *preflight.Site) {
			held := fstest.MapFS{}
			for name, text := range list {
				held[name] = &fstest.MapFile{Data: []byte(text)}
			}
			s.Packs[0].RuleFiles = held
		}
	}
	const rule, other = "groups: [{name: a, rules: [{alert: X, expr: queue_up == 0, labels: {sev: grey}}]}]\n", "groups: [{name: b, rules: [{alert: Y, expr: queue_up == 0, labels: {sev: grey}}]}]\n"
	const at = `pack "queue", RuleFiles: DF019: `
	plantEach(t, queueSite, map[string]planted{
		"a job":                     {ofJob(func(j *preflight.Job) { j.YAML = "honor_labels: true\n" }), ""},
		"a job of two documents":    {ofJob(func(j *preflight.Job) { j.YAML = "honor_labels: true\n---\nsample_limit: 5\n" }), `job "queue": DF019: YAML: has more than one document`},
		"a job and a line":          {ofJob(func(j *preflight.Job) { j.YAML = "---\nhonor_labels: true\n---\n" }), ""},
		"Telegram of two documents": {notified(func(r *routing.Receiver) { r.Telegram[0].YAML = "message: a\n---\nmessage: b\n" }), "Telegram.YAML: DF019: line 3, column 1: it has more than one document"},
		"a rule file":               {files(map[string]string{"a.yml": "# of others\n---\n" + rule}), ""},
		"comments beside it":        {files(map[string]string{"a.yml": rule, "b.yml": "# nothing yet\n"}), ""},
		"two documents":             {files(map[string]string{"a.yml": rule + "---\n" + other}), at + "a.yml: has more than one document"},
		"another case":              {files(map[string]string{"a.yml": rule, "x.YML": other}), at + "x.YML is not read: give it a name that ends in .yml"},
		"another name":              {files(map[string]string{"a.yml": rule, "y.rules": other}), at + "y.rules is not read"},
		"a name without an end":     {files(map[string]string{"a.yml": rule, "alerts": other}), at + "alerts is not read"},
		"other files":               {files(map[string]string{"a.yml": rule, "README.md": "# Rules\n\ngroups: none", "x.json": "{}"}), ""},
		"an unknown key": {files(map[string]string{"a.yml": strings.Replace(rule, "labels", "lables", 1)}),
			at + `a.yml:1: unknown key "lables" in groups[0].rules[0] (did you mean "labels"?)`},
		"an unknown key and a change": {all(files(map[string]string{"a.yml": strings.Replace(rule, "labels", "lables", 1)}), taken(preflight.Override{Alert: "X", For: "5m"})), "did you mean"},
		"a manifest":                  {files(map[string]string{"a.yml": "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups: []\n"}), at + "a.yml: it is a manifest of the kind PrometheusRule: embed a rule file"},
		"neither of two":              {files(map[string]string{"a.yml": "groups: [{name: a, rules: [{expr: up}]}]\n"}), at + "a.yml:1: groups[0].rules[0]: a rule needs one of alert and record"},
		"a list":                      {files(map[string]string{"a.yml": "[a]\n"}), at + "a.yml:1: a list is not a set of keys"},
		"a group twice":               {files(map[string]string{"a.yml": rule, "b.yml": strings.Replace(other, "name: b", "name: a", 1)}), `group "a": DF007`},
	})
}

// A finding about a file names it once.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	s := shipped()
	s.Packs[0] = tradingWith("/nope.yml")
	found := findings(t, s)
	contains(t, found, `/nope.yml: pack "trading", option Config: DF019: open: no such file`)
	if n := strings.Count(found, "/nope.yml"); n != 1 {
		t.Errorf("the file is named %d times:\n%s", n, found)
	}
}
