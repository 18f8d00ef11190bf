package emit_test

import (
	"embed"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/routing"
)

//go:embed testdata/alertmanager/*.yml
var configurations embed.FS

func configuration(t *testing.T, name string) string {
	t.Helper()
	data, err := configurations.ReadFile("testdata/alertmanager/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// mounted has the literals that a site adds to its alertmanager.yml.
func mounted(yaml string) routing.Routing {
	return routing.Routing{
		YAML:      yaml,
		Receivers: receivers("mounted"),
		Route: routing.Route{Routes: []routing.Route{
			{Match: `source="preflight"`, Receiver: "mounted", GroupBy: []string{"alertname"}, Mute: []string{"mounted-nights"}},
		}},
		TimeIntervals: []routing.TimeInterval{{Name: "mounted-nights", Times: []string{"00:00-06:00"}}},
		Inhibit:       []routing.Inhibit{{Source: `source="preflight", severity="critical"`, Target: `source="preflight", severity="warning"`, Equal: []string{"env"}}},
	}
}

// An alertmanager.yml of others routes the same alerts as before, whether amtool
// reads the original or the generated file.
func TestRoutesOfOthersStay(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"kube-prometheus.yml", "teams.yml", "hours.yml", "clusters.yml", "deep.yml", "zones.yml", "global.yml", "operator.yml", "names.yml"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			original := configuration(t, name)
			w, c := loaded(t, mounted(original))
			was := accepted(t, []byte(original))
			is := accepted(t, w.Data)
			r := rand.New(rand.NewPCG(29, 2))
			values := valuesOf(c.Route)
			for range 200 {
				args := labelSet(r, values)
				want, err := amtool(t, append([]string{"config", "routes", "test", "--config.file", was}, args...)...)
				if err != nil {
					t.Fatalf("%v: %s", err, want)
				}
				got, _ := amtool(t, append([]string{"config", "routes", "test", "--config.file", is}, args...)...)
				if got != want {
					t.Errorf("%q: %s, want %s", args, got, want)
				}
			}
			if out, _ := amtool(t, "config", "routes", "test", "--config.file", is, "source=preflight"); out != "mounted" {
				t.Errorf("the mounted route sends to %s", out)
			}
		})
	}
}

// valuesOf returns values of the labels in routes, matching and others.
func valuesOf(root *config.Route) map[string][]string {
	out := map[string][]string{}
	var walk func(*config.Route)
	walk = func(r *config.Route) {
		for _, m := range r.AllMatchers() {
			values := []string{"other"}
			for value := range strings.SplitSeq(strings.Trim(m.Value, "^$()"), "|") {
				values = append(values, strings.NewReplacer(".*", "x", ".+", "y", "prod-(a", "prod-a", "b)", "prod-b").Replace(value))
			}
			for _, value := range values {
				if m.Name != "source" && value != "" && !slices.Contains(out[m.Name], value) {
					out[m.Name] = append(out[m.Name], value)
				}
			}
		}
		for _, child := range r.Routes {
			walk(child)
		}
	}
	walk(root)
	return out
}

// labelSet returns labels as arguments of amtool.
func labelSet(r *rand.Rand, values map[string][]string) []string {
	args := []string{"made=up"}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if r.IntN(4) > 0 {
			m := labels.Matcher{Type: labels.MatchEqual, Name: name, Value: values[name][r.IntN(len(values[name]))]}
			args = append(args, matchers.Text(&m))
		}
	}
	return args
}

// What is not a literal stays as it is written, and its origin is known.
func TestPartsOfOthersStay(t *testing.T) {
	t.Parallel()
	w, c := loaded(t, mounted(configuration(t, "teams.yml")))
	text := string(w.Data)
	contains(t, text, "# Teams in the old syntax", "# all of the databases", "match_re:", "source_match:", "send_resolved: yes", "smtp_auth_password_file: /etc/alertmanager/smtp_password")
	if got := c.Templates; !slices.Equal(got, []string{"/etc/alertmanager/templates/*.tmpl"}) {
		t.Errorf("templates: %q", got)
	}
	want := emit.RouteOrigin{YAML: true, Routes: []emit.RouteOrigin{{}, {YAML: true}, {YAML: true}, {YAML: true}}}
	if diff := cmp.Diff(want, w.Route); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]bool{true, false}, w.Inhibits); diff != "" {
		t.Error(diff)
	}
	if !w.Receivers["team-DB-pager"] || w.Receivers["mounted"] || len(c.Receivers) != 6 {
		t.Errorf("receivers: %v", w.Receivers)
	}
	w, c = loaded(t, mounted(configuration(t, "hours.yml")))
	if !w.Intervals["weekends"] || !w.Intervals["office-eu"] || w.Intervals["mounted-nights"] || len(c.TimeIntervals) != 2 {
		t.Errorf("time intervals: %v", w.Intervals)
	}
}

// A part without a route joins the literal one.
func TestPartOfAConfiguration(t *testing.T) {
	t.Parallel()
	r := nested()
	r.YAML = "receivers: [{name: old}]\ntime_intervals: [{name: holidays, time_intervals: [{months: [december]}]}]\n"
	r.Route.Routes = append(r.Route.Routes, routing.Route{Match: `old="yes"`, Receiver: "old", Mute: []string{"holidays", "nights"}})
	w, c := loaded(t, r)
	accepted(t, w.Data)
	if w.Route.YAML || c.Route.Receiver != "all" || !w.Receivers["old"] {
		t.Errorf("%+v", w)
	}
	empty := nested()
	empty.YAML = "# nothing yet\n"
	loaded(t, empty)
}

func TestMistakesInRoutingYAML(t *testing.T) {
	t.Parallel()
	kube := configuration(t, "kube-prometheus.yml")
	with := func(yaml string, edit func(*routing.Routing)) routing.Routing {
		r := mounted(yaml)
		edit(&r)
		return r
	}
	same := func(*routing.Routing) {}
	for name, x := range map[string]struct {
		of   routing.Routing
		want string
	}{
		"an unknown key":        {with(strings.Replace(kube, `"receivers":`, `"recievers":`, 1), same), "routing, YAML: DF019: line 25, column 1: Alertmanager does not know the key \"recievers\"\n    did you mean \"receivers\"?"},
		"a name without quotes": {with(strings.Replace(kube, `"receiver": "null"`, `"receiver": null`, 1), same), `receiver has no value, and Alertmanager ignores the key: give it one, or leave the key out; the name "null" needs quotes`},
		"an unknown key deep":   {with(strings.Replace(kube, `"receiver": "null"`, `"reciever": "null"`, 1), same), `Alertmanager does not know the key "reciever" in route.routes`},
		"no YAML":               {with("route: [", same), "routing, YAML: DF019: "},
		"a second document":     {with(kube+"---\n"+kube, same), "it has more than one document"},
		"a wrong duration":      {with(strings.Replace(kube, `"12h"`, `"12 hours"`, 1), same), `line 36, column 22: route.repeat_interval: Alertmanager refuses it: unknown unit " hours" in duration "12 hours"`},
		"a list for a route":    {with("route: [a]\n", same), "line 1, column 8: route: it is a list, and must be a set of keys"},
		"no list":               {with("receivers: {a: b}\nroute: {receiver: a}", same), "line 1, column 12: receivers: it is a set of keys, and must be a list"},
		"two roots":             {with(kube, func(r *routing.Routing) { r.Route.Receiver = "mounted" }), "routing, the default route: DF007: Routing.YAML has the key route too"},
		"a receiver twice":      {with(kube, func(r *routing.Routing) { r.Receivers[0].Name = "Default" }), `receiver "Default": DF007: Routing.YAML has a receiver of the name too`},
		"a time twice":          {with(kube+`"time_intervals": [{"name": "mounted-nights", "time_intervals": []}]`, same), `routing, time interval "mounted-nights": DF007: Routing.YAML has a time interval of the name too`},
		"an undefined one":      {with(strings.Replace(kube, `"receiver": "null"`, `"receiver": "nul"`, 1), same), `routing, YAML: DF019: Alertmanager refuses alertmanager.yml: undefined receiver "nul" used in route`},
		"a merged root":         {with("route: {<<: {receiver: a}}\nreceivers: [{name: a}]", same), "a merge key (<<) is at the top or in route"},
		"a URL of a webhook":    {with("receivers: [{name: a, webhook_configs: [{url: 'https://x.example/hunter2'}]}]\nroute: {receiver: a}", same), "AM013: line 1, column 42: receivers.webhook_configs.url contains a secret (the path of the URL may be one), and generated files must hold none: put it in a file, and write its path in url_file"},
		"a password":            {with("global:\n  smtp_auth_password: hunter2\nroute: {receiver: mounted}", same), "line 2, column 3: global.smtp_auth_password contains a secret, and generated files must hold none: put it in a file, and write its path in smtp_auth_password_file"},
		"a time that is none":   {with("time_intervals: [{name: a, time_intervals: [{times: [{start: '1'}]}]}]\nroute: {receiver: mounted}", same), `does not know the key "start" in time_intervals.time_intervals.times`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := refused(t, x.of)
			contains(t, found, x.want)
			if strings.Contains(found, "hunter2") {
				t.Errorf("it shows the secret:\n%s", found)
			}
		})
	}
}

// Embedded templates lie beside alertmanager.yml, and are loaded.
func TestTemplatesAreLoaded(t *testing.T) {
	t.Parallel()
	r := mounted("templates: [/etc/old/*.tmpl]\nroute: {receiver: mounted}")
	r.Templates = os.DirFS("testdata/templates")
	w, c := loaded(t, r)
	if !slices.Equal(c.Templates, []string{"/etc/old/*.tmpl", "templates/*.tmpl"}) {
		t.Errorf("templates: %q", c.Templates)
	}
	path := accepted(t, w.Data)
	dir := filepath.Join(filepath.Dir(path), "templates")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.tmpl"), []byte(`{{ define "a" }}{{ end }}`), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := amtool(t, "check-config", path)
	if err != nil {
		t.Error(out)
	}
	contains(t, out, fmt.Sprintf("%d templates", 2))
}
