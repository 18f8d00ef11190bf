package message_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// When alerts end, their lines become longer. An edit leaves out recommended
// actions before names.
func TestAnEditKeepsTheNames(t *testing.T) {
	t.Parallel()
	f, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tail := range []string{"does not answer", "is nearly full, see the board"} {
		const n = 42
		var items []message.Item
		for i := range n {
			host := fmt.Sprintf("server-%02d", i)
			items = append(items, other(template.KV{"alertname": "Down", "area": fmt.Sprint("area-", i/3), "host": host},
				template.KV{"summary": "the exporter of " + host + " " + tail, "actions": "connect to `" + host + "` and look at its log"}))
		}
		messages, err := f.Format(message.Notice{Kind: message.Alert, Items: items, Now: start})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			listed := make([]message.Item, len(m.Items))
			for i, place := range m.Items {
				listed[i] = items[place]
				listed[i].Resolved, listed[i].Closed = i > 0, message.Unverified
			}
			edited, err := f.Edit(message.Notice{Kind: message.Alert, Items: listed, Now: start.Add(time.Hour), Part: m.Part, Parts: m.Parts})
			if err != nil {
				t.Fatal(err)
			}
			text := edited.Document.String()
			for i, it := range listed {
				if host := it.Labels["host"]; !strings.Contains(text, host) || i > 0 && strings.Contains(text, "connect to `"+host) {
					t.Errorf("%s: %s is not in its place in\n%s", tail, host, text)
				}
			}
		}
	}
}

// A long text is cut so that what distinguishes the alerts stays.
func TestLongTextsKeepTheLabels(t *testing.T) {
	t.Parallel()
	f, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, annotations := range map[string]template.KV{
		"a description":      {"description": strings.Repeat("the disk is full ", 60)},
		"a name in its end":  {"description": strings.Repeat("the disk is full ", 26) + "host web-%d sda-%[1]d"},
		"a value":            {"summary": strings.Repeat("the disk is full ", 60), "value": "97.5"},
		"a line of the rule": {"list_title": "Disks", "summary": strings.Repeat("the disk is full ", 60)},
	} {
		for _, n := range []int{1, 2, 30} {
			var items []message.Item
			for i := range n {
				texts := template.KV{}
				for name, text := range annotations {
					if texts[name] = text; strings.Contains(text, "%") {
						texts[name] = fmt.Sprintf(text, i)
					}
				}
				items = append(items, other(template.KV{"alertname": "Full", "instance": fmt.Sprint("web-", i), "device": fmt.Sprint("sda-", i)}, texts))
			}
			messages, err := f.Format(message.Notice{Kind: message.Alert, Items: items, Now: start})
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for _, m := range messages {
				for _, line := range linesOf(m.Document.String()) {
					seen[line] = true
					if annotations["value"] != "" && !strings.Contains(line, "(value=97.5) [") && n > 1 {
						t.Errorf("%s: %d alerts have the line %q", name, n, line)
					}
					if annotations["list_title"] == "" && (!strings.Contains(line, "web-") || !strings.Contains(line, "sda-")) {
						t.Errorf("%s: %d alerts have the line %q", name, n, line)
					}
				}
			}
			if len(seen) != n {
				t.Errorf("%s: %d alerts have %d lines", name, n, len(seen))
			}
		}
	}
}

// In a message about several rules each line names its rule, and its severity if
// there are several.
func TestSeveralRules(t *testing.T) {
	t.Parallel()
	failed := other(template.KV{"alertname": "KubeJobFailed", "severity": "critical", "namespace": "shop", "job_name": "bill", "job": "ksm"}, template.KV{"summary": "Failed to complete."})
	loops := other(template.KV{"alertname": "KubePodCrashLooping", "severity": "warning", "namespace": "shop", "pod": "cart", "job": "ksm"}, template.KV{"summary": "Pod is crash looping."})
	down := other(template.KV{"alertname": "NodeDown", "severity": "critical", "namespace": "shop", "instance": "web", "job": "node"}, nil)
	for _, c := range []struct {
		items  []message.Item
		source string
		want   string
	}{
		{[]message.Item{failed}, "ksm", "Failed to complete. [job_name=bill, namespace=shop]"},
		{[]message.Item{failed, loops, down}, "ksm, node", "KubeJobFailed: Failed to complete. [severity=critical, job_name=bill]; NodeDown [severity=critical, instance=web]; " +
			"KubePodCrashLooping: Pod is crash looping. [severity=warning, pod=cart]"},
		{[]message.Item{failed, down}, "ksm, node", "KubeJobFailed: Failed to complete. [job_name=bill]; NodeDown [instance=web]"},
	} {
		text := shown(t, c.items...)
		if got := strings.Join(linesOf(text), "; "); got != c.want || !strings.Contains(text, "\nSource: "+c.source+"\n") {
			t.Errorf("%s\nhas not the source %s and the lines %s", text, c.source, c.want)
		}
	}
	f, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := f.Format(message.Notice{Kind: message.Resolution, Items: []message.Item{ended(failed, time.Hour)}, Firing: []message.Item{loops}, Now: start.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	const want = "KubeJobFailed: Failed to complete. [severity=critical, job_name=bill], resolved after 1h; KubePodCrashLooping: Pod is crash looping. [severity=warning, pod=cart]"
	if got := strings.Join(linesOf(messages[0].Document.String()), "; "); got != want {
		t.Errorf("the resolution has the lines %s", got)
	}
}

// Missing data and failed queries are named after their rules.
func TestRulesWithoutData(t *testing.T) {
	t.Parallel()
	of := func(name, rule string) message.Item {
		return other(template.KV{"alertname": name, "rulename": rule}, template.KV{"summary": "[no value] is high", "grafana_state_reason": "NoData"})
	}
	if got := strings.Join(linesOf(shown(t, of("DatasourceNoData", "CPU"))), "; "); got != "[no value] is high" {
		t.Errorf("one rule has the lines %s", got)
	}
	if got := strings.Join(linesOf(shown(t, of("DatasourceError", "CPU"), of("DatasourceNoData", "CPU"), of("DatasourceNoData", "Disk"))), "; "); got !=
		"Query failed: CPU: [no value] is high; No data: CPU: [no value] is high; No data: Disk: [no value] is high" {
		t.Errorf("several rules have the lines %s", got)
	}
}

// A label is left out only if the text contains its value as a word.
func TestLabelsThatTextsContainInWords(t *testing.T) {
	t.Parallel()
	labels := func(more string) template.KV {
		return template.KV{"alertname": "ProductionErrors", "cluster": "prod", "shard": "1", "instance": "10.0.0.1:9", "namespace": "shop", "x": more}
	}
	texts := template.KV{"summary": "shop has errors on 10.0.0.1:9100"}
	if got := strings.Join(linesOf(shown(t, other(labels("y"), texts))), "; "); got != "shop has errors on 10.0.0.1:9100 [cluster=prod, instance=10.0.0.1:9, shard=1, x=y]" {
		t.Errorf("the line is %s", got)
	}
	text := shown(t, other(labels("y"), texts), other(labels("z"), texts))
	if got := strings.Join(linesOf(text), "; "); got != "shop has errors on 10.0.0.1:9100 [x=y]; shop has errors on 10.0.0.1:9100 [x=z]" ||
		!strings.Contains(text, "\nLabels: cluster=prod, instance=10.0.0.1:9, shard=1\n") {
		t.Errorf("%s", text)
	}
}
