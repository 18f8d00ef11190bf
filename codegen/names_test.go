package codegen_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/rules"
)

// A group may have any name. prometheus.yml loads its file, and its tests find
// it.
func TestGroupNamesThatAreNoFileNames(t *testing.T) {
	t.Parallel()
	names := map[string]string{
		"a/b": "a-b.yml", "../../b": "-..-..-b.yml", "a b [x] *": "a-b--x---.yml", `c:\d?`: "c--d-.yml", "kubernetes-apps/x": "kubernetes-apps-x.yml", "대기열": "대기열.yml",
	}
	p := broker()
	for i, name := range slices.Sorted(maps.Keys(names)) {
		a := queueLong()
		a.Name = "QueueLong" + string(rune('A'+i))
		p.Groups = append(p.Groups, rules.Group{Name: name, Alerts: []rules.Alert{a}})
	}
	dir := t.TempDir()
	mustGenerate(t, mq(p), "--out="+dir)
	made := tree(t, dir)
	for group, name := range names {
		contains(t, made["prometheus/rules/"+name], "name: "+group[:1], "alert: QueueLong")
	}
	for path, text := range made {
		if in, _ := filepath.Match("prometheus/rules/*.yml", path); strings.Contains(path, "rules/") && !in {
			t.Errorf("rules/*.yml does not load %s", path)
		}
		if file := filepath.Base(path); strings.HasPrefix(path, "prometheus/tests/QueueLong") && !slices.ContainsFunc(slices.Collect(maps.Values(names)), func(n string) bool {
			return strings.Contains(text, "../rules/"+n)
		}) {
			t.Errorf("%s loads another rule file:\n%s", file, text)
		}
	}
	tests, err := filepath.Glob(filepath.Join(dir, "prometheus/tests/*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	accepted(t, "promtool", append([]string{"test", "rules"}, tests...)...)
}

// Two names that would give the same file give two files.
func TestGroupNamesWithSameFile(t *testing.T) {
	t.Parallel()
	s := mq(broker())
	group := func(name, alert string) string {
		return `{name: ` + name + `, rules: [{alert: ` + alert + `, expr: queue_depth > 5, labels: {severity: info}}]}`
	}
	s.Packs[0].RuleFiles = fstest.MapFS{
		"a.yml": {Data: []byte("groups: [" + group("apps/x", "Disk is full") + ", " + group("apps:x", "Disk:is:full") + ", " + group("apps-x", "Disk-is-full") + "]")},
	}
	made := files(t, s)
	contains(t, made["prometheus/rules/apps-x.yml"], "name: apps-x")
	rulefiles, pages := 0, 0
	for path := range made {
		if strings.HasPrefix(path, "prometheus/rules/apps-x") {
			rulefiles++
		}
		if strings.HasPrefix(path, "runbooks/Disk-is-full") {
			pages++
		}
	}
	if rulefiles != 3 || pages != 3 {
		t.Errorf("%d of 3 rule files and %d of 3 runbooks in %v", rulefiles, pages, paths(made))
	}
}

// A pack may be used under any name but "".
func TestNamesOfPacks(t *testing.T) {
	t.Parallel()
	for as, want := range map[string]string{"../../x y": "-..-..-x-y", "orders": "orders"} {
		made := files(t, mq(broker(queueLong()).With(preflight.As(as))))
		for _, path := range []string{"prometheus/rules/" + want + ".yml"} {
			if made[path] == "" {
				t.Errorf("no file %s in %v", path, paths(made))
			}
		}
	}
	contains(t, findings(t, mq(broker(queueLong()).With(preflight.As("")))), `pack "queue", As: DF008: the name is empty`)
	// The last of several names applies, to dashboards too.
	s := acme()
	s.Packs[0] = s.Packs[0].With(preflight.As("before"), preflight.As("other"))
	for path, text := range files(t, s) {
		if strings.Contains(path, "other-before") || strings.Contains(text, "other-before") || strings.Contains(text, "before other") {
			t.Errorf("%s has both names", path)
		}
	}
}
