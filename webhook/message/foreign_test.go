package message_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// foreignNotices are about alerts of other people's rules.
func foreignNotices() map[string]message.Notice {
	pod := func(name, container string) message.Item {
		return other(template.KV{
			"alertname": "KubePodCrashLooping", "severity": "warning", "cluster": "prod", "namespace": "shop", "pod": name, "container": container,
			"job": "kube-state-metrics", "prometheus": "monitoring/k8s", "reason": "CrashLoopBackOff", "uid": "7c1", "endpoint": "http", "service": "ksm",
		}, template.KV{
			"summary":     "Pod is crash looping.",
			"description": fmt.Sprintf("Pod shop/%s (%s) is in waiting state (reason: \"CrashLoopBackOff\") on cluster prod.", name, container),
			"runbook_url": "https://runbooks.example.com/kubepodcrashlooping",
		})
	}
	silenced := pod("cart-5c", "app")
	silenced.Silence = message.Silence{Until: start.Add(4 * time.Hour), By: "kim@example.com"}
	var many []message.Item
	for i := range 8 {
		it := pod(fmt.Sprint("cart-", i), "app")
		it.Silence = silenced.Silence
		if i == 7 {
			it.Silence = message.Silence{}
		}
		many = append(many, it)
	}
	values := func(host, url string) message.Item {
		return other(template.KV{"alertname": "High memory usage", "grafana_folder": "Payments", "instance": host, "team": "blue", "__alert_rule_uid__": "x"},
			template.KV{"summary": "Memory is nearly full", "__values__": `{"B":93.23943,"C":1}`, "silence_url": url, "image_url": "http://grafana:3000/a.png"})
	}
	noData := other(template.KV{"alertname": "DatasourceNoData", "rulename": "High memory usage", "datasource_uid": "PBF", "ref_id": "A"},
		template.KV{"grafana_state_reason": "NoData"})
	return map[string]message.Notice{
		"kube":            {Kind: message.Alert, Items: []message.Item{pod("cart-5c", "app"), pod("cart-7d", "app"), pod("cart-7d", "sidecar")}},
		"kube-resolution": {Kind: message.Resolution, Items: []message.Item{ended(pod("cart-5c", "app"), time.Hour)}, Firing: []message.Item{pod("cart-7d", "app")}},
		"silence":         {Kind: message.Alert, Items: []message.Item{silenced}},
		"was-silenced":    {Kind: message.Alert, Items: []message.Item{ended(silenced, time.Hour), pod("cart-7d", "app")}},
		"silences":        {Kind: message.Reminder, Items: many},
		"all-silenced":    {Kind: message.Alert, Items: many[:7]},
		"grafana": {Kind: message.Alert, Items: []message.Item{
			values("web-1", "https://grafana.example.com/silence?i=web-1"), values("web-2", "https://grafana.example.com/silence?i=web-2"),
		}},
		"no-data": {Kind: message.Alert, Items: []message.Item{noData}},
		"invisible": {Kind: message.Alert, Items: []message.Item{other(
			template.KV{"alertname": "DiskFull", "mode": "\u200b\u200b", "env": "\u3164", "source": "\u200e"},
			template.KV{"title": "\u200b\u200f \u0301", "title_ko": "\u3164", "summary": "\u2800", "description": "no space left on /", "headline": "\u200d"})}},
	}
}

// shown returns the only message of a notice as plain text, in English.
func shown(t *testing.T, items ...message.Item) string {
	t.Helper()
	f, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return formatted(t, f, items...)
}

// Alerts of one rule that differ in one label are distinguished, whichever label it
// is, and whatever else the alerts have.
func TestEveryLabelTellsAlertsApart(t *testing.T) {
	t.Parallel()
	names := []string{
		"env", "check", "target", "job", "severity", "priority", "prometheus", "replica", "source", "cluster", "project", "environment",
		"a", "device", "core", "zzz", "alertgroup", "ref_id", "delivery",
	}
	for _, name := range names {
		for _, values := range [][2]string{{"one", "two"}, {"1", "12"}, {"", "x"}, {"sda", "sda1"}, {"\u200b", "\u200c"}, {"A", "a"}, {strings.Repeat("x", 300) + "1", strings.Repeat("x", 300) + "2"}} {
			for _, annotations := range []template.KV{
				nil, {"summary": "1 of 12 sda1 failed at 10:12"}, {"title": "Down", "summary": "it is down"}, {"list_title": "Hosts", "summary": "a host is down"},
			} {
				var items []message.Item
				for _, value := range values {
					labels := template.KV{"alertname": "Down", "instance": "web", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6", "g": "7"}
					if labels[name] = value; value == "" {
						delete(labels, name)
					}
					items = append(items, other(labels, annotations))
				}
				lines := linesOf(shown(t, items...))
				if len(lines) != 2 || lines[0] == lines[1] {
					t.Errorf("%s %q, %v: the lines are %q", name, values, annotations, lines)
				}
			}
		}
	}
}

// linesOf returns the lines of the lists.
func linesOf(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if item, ok := strings.CutPrefix(line, "  - "); ok {
			lines = append(lines, strings.TrimSpace(item))
		}
	}
	return lines
}

func TestClustersAreToldApart(t *testing.T) {
	t.Parallel()
	tokyo, seoul := other(template.KV{"alertname": "Down"}, nil), other(template.KV{"alertname": "Down"}, nil)
	tokyo.Cluster, seoul.Cluster = "tokyo", "seoul"
	if lines := linesOf(shown(t, tokyo, seoul)); len(lines) != 2 || lines[0] != "Down [cluster=tokyo]" || lines[1] != "Down [cluster=seoul]" {
		t.Errorf("the lines are %q", lines)
	}
}

// A title that leaves no mark on a screen is never shown.
func TestInvisibleTitlesAreReplaced(t *testing.T) {
	t.Parallel()
	invisible := []string{
		"", " ", "\t\n", "\u200b", "\u200e\u200f", "\u00ad", "\u034f", "\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\ufeff", "\u2060\u2063",
		"\u0301", "\u20dd", "\ufe0f", "\u202e", "\U000e0041", "\ufffc", "\x00\x1b", "\u2028", strings.Repeat("\u200b", 3000) + "late",
	}
	for _, text := range invisible {
		for name, want := range map[string]string{"DiskFull": "DiskFull", text: "Alert"} {
			got := shown(t, other(template.KV{"alertname": name}, template.KV{"title": text, "title_en": text, "summary": text}))
			if title, _, _ := strings.Cut(got, "\n"); title != "🔔 "+want {
				t.Errorf("title %.20q and name %.20q: %q", text, name, title)
			}
			if lines := linesOf(got); len(lines) != 1 || lines[0] != want {
				t.Errorf("title %.20q and name %.20q: the lines are %q", text, name, lines)
			}
		}
	}
	for _, text := range []string{"!", "한", "e\u0301", "🚨", "—", "مرحبا", "7"} {
		if got := shown(t, other(template.KV{"alertname": "A"}, template.KV{"title": text})); !strings.HasPrefix(got, "🔔 "+text+"\n") {
			t.Errorf("%q is not shown:\n%s", text, got)
		}
	}
}

// The description stands below the summary, shortened, and yields to the alerts.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	about := func(annotations template.KV) string {
		return shown(t, other(template.KV{"alertname": "Down", "instance": "web"}, annotations))
	}
	for _, c := range []struct {
		annotations template.KV
		want        string
	}{
		{template.KV{"summary": "it is down", "description": "start web\nagain"}, "  - it is down\n    start web again\n"},
		{template.KV{"summary": "it is down", "message": "start it"}, "  - it is down [instance=web]\n    start it\n"},
		{template.KV{"description": "start it", "message": "now"}, "  - start it [instance=web]\n    now\n"},
		{template.KV{"summary": "it is down", "description": "IT is down: start it"}, "  - IT is down: start it [instance=web]\n"},
		{template.KV{"summary": "it is down: start it", "description": "start it"}, "  - it is down: start it [instance=web]\n"},
		{template.KV{"summary": "full", "description": "9% left\n  VALUE = 9.1\n  LABELS = map[instance:web]"}, "  - full [instance=web]\n    9% left VALUE = 9.1\n"},
		{template.KV{"summary": "full", "description": "LABELS = map[instance:web]"}, "  - full\n    LABELS = map[instance:web]\n"},
		{template.KV{"summary": "full", "description": strings.Repeat("long ", 100)}, "  - full [instance=web]\n    " + strings.TrimRight(strings.Repeat("long ", 60)[:299], " ") + "…\n"},
		{template.KV{"list_title": "Hosts", "summary": "full", "description": "start it"}, "Hosts:\n  - full\n"},
	} {
		if got := about(c.annotations) + "\n"; !strings.Contains(got, c.want) {
			t.Errorf("%v:\n%s\nis without\n%s", c.annotations, got, c.want)
		}
	}
	f, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 60 {
		var items []message.Item
		for i := range n + 1 {
			items = append(items, other(template.KV{"alertname": "Down", "instance": fmt.Sprint("web-", i)}, template.KV{"summary": "it is down", "description": fmt.Sprint(i, strings.Repeat(" more", 80))}))
		}
		messages, err := f.Format(message.Notice{Kind: message.Alert, Items: items, Now: start})
		if err != nil || len(messages) != 1 {
			t.Fatalf("%d alerts make %d messages (%v)", n+1, len(messages), err)
		}
		if lines := linesOf(messages[0].Document.String()); len(lines) != n+1 || !strings.HasSuffix(lines[n], "]") {
			t.Fatalf("%d alerts have the lines %q", n+1, lines)
		}
	}
}

func TestMeasuredValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		annotations template.KV
		want        string
	}{
		{template.KV{"value": "93.23443434", "summary": "disk full"}, "disk full (value=93.23)"},
		{template.KV{"value": "93.23443434", "summary": "disk 93.23% full"}, "disk 93.23% full"},
		{template.KV{"value": "93 GB", "summary": "disk full"}, "disk full (93 GB)"},
		{template.KV{"value": "1234567.8", "summary": "s"}, "s (value=1235000)"},
		{template.KV{"value": "NaN", "summary": "s"}, "s (value=NaN)"},
		{template.KV{"__values__": `{"B":0,"C":1}`, "summary": "s"}, "s (B=0, C=1)"},
		{template.KV{"__values__": `{"A":5,"B":1e-9,"C":1,"D":2,"E":3,"F":4}`, "summary": "s"}, "s (A=5, B=0.000000001, D=2)"},
		{template.KV{"__value_string__": "[ var='B0' metric='Value' labels={a=b} value=1.25 ], [ var='C' labels={} value=1 ]", "summary": "s"}, "s (B0=1.25)"},
		{template.KV{"__values__": `{"A":null,"B":2.5}`, "summary": "s"}, "s (B=2.5)"},
		{template.KV{"__values__": `{"A":null}`, "summary": "s"}, "s"},
		{template.KV{"__values__": "broken", "__value_string__": "[ broken", "summary": "s"}, "s"},
		{template.KV{"value": "7", "list_title": "L", "summary": "s"}, "s"},
	} {
		if lines := linesOf(shown(t, other(template.KV{"alertname": "A"}, c.annotations))); len(lines) != 1 || lines[0] != "A: "+c.want && lines[0] != c.want {
			t.Errorf("%v: %q, not %q", c.annotations, lines, c.want)
		}
	}
}
