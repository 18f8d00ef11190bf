package message_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/golden"
	"github.com/alertnative/preflight/webhook/message"
)

var start = time.Date(2025, 12, 21, 1, 30, 0, 0, time.UTC)

// check is an alert as the shipped rules send it.
func check(priority, check, target, summary, reason, counts string) message.Item {
	word, word2, outcome, list, list2, title := "FAIL", "실패", "failed", "Failed Checks", "실패한 점검", "check `docker ps` (redis, postgres)\ncheck .env.paper (REDIS_URL, POSTGRES_DSN)\nrun the preflight again\nescalate to operations if it keeps failing"
	ko := "`docker ps` 확인 (redis, postgres)\n.env.paper 확인 (REDIS_URL, POSTGRES_DSN)\n프리플라이트 다시 실행\n계속 실패하면 운영팀에 보고"
	if priority == "P1" {
		word, word2, outcome, list, list2, title = "WARN", "경고", "warned", "Warning Checks", "경고 점검", "it works, but needs improvement\nescalate when warnings accumulate"
		ko = "동작하지만 개선이 필요함\n경고가 쌓이면 보고"
	}
	var it message.Item
	it.Status, it.StartsAt = "firing", start
	it.Labels = template.KV{"alertname": "PreflightCheckFailed", "priority": priority, "source": "system", "env": "paper", "check": check, "target": target}
	it.Annotations = template.KV{
		"title": "Preflight " + word, "title_ko": "프리플라이트 " + word2, "summary": summary, "reason": reason,
		"headline": "Preflight " + outcome + " (" + counts + ")", "headline_ko": "프리플라이트 " + word2 + " (" + counts + ")",
		"list_title": list, "list_title_ko": list2,
		"actions": title, "actions_ko": ko, "runbook_url": "http://grafana:3000/runbook", "dashboard_url": "https://grafana.example.com/d/x",
	}
	return it
}

func ended(it message.Item, after time.Duration) message.Item {
	it.Status, it.Resolved, it.EndsAt = "resolved", true, it.StartsAt.Add(after)
	return it
}

func other(labels, annotations template.KV) message.Item {
	var it message.Item
	it.Status, it.StartsAt, it.Labels, it.Annotations = "firing", start, labels, annotations
	it.GeneratorURL = "https://prometheus.example.com/graph?g0.expr=up"
	return it
}

// titled is an alert of a rule that names a list, whose line does not name the part.
func titled(kind, part string) message.Item {
	it := other(template.KV{"alertname": "Hardware", "priority": "P1", "part": part},
		template.KV{"title": "Hardware", "headline": "Server broken", "list_title": "Broken Parts", "summary": kind + " broken"})
	it.GeneratorURL = ""
	return it
}

func notices() map[string]message.Notice {
	redis := check("P0", "Database", "redis", "Database: Redis PING failed", "connection_refused", "7/8 PASS, 1 FAIL")
	upbit := check("P0", "Exchange Health", "upbit", "Exchange Health: Upbit API timeout", "timeout", "6/8 PASS, 2 FAIL")
	upbit.StartsAt = start.Add(5 * time.Second)
	warned := check("P1", "Git Safety", "branch", "Git Safety: branch — unexpected_branch", "unexpected_branch", "7/8 PASS, 1 WARN")
	silenced := ended(redis, 10*time.Minute)
	silenced.Closed = message.Silenced
	stale := other(template.KV{"alertname": "PreflightStale", "priority": "P1", "source": "system", "env": "paper"}, template.KV{"title": "Preflight stale", "summary": "no run for 30m"})
	now := start.Add(90 * time.Minute)
	all := map[string]message.Notice{
		"p0":         {Kind: message.Alert, Items: []message.Item{upbit, redis}},
		"p1":         {Kind: message.Alert, Items: []message.Item{warned}},
		"mixed":      {Kind: message.Alert, Items: []message.Item{stale, warned}},
		"half":       {Kind: message.Alert, Items: []message.Item{upbit, ended(redis, 10*time.Minute)}},
		"edited":     {Kind: message.Alert, Items: []message.Item{ended(upbit, 5*time.Minute), ended(redis, 10*time.Minute)}},
		"reminder":   {Kind: message.Reminder, Items: []message.Item{upbit, redis}},
		"resolution": {Kind: message.Resolution, Items: []message.Item{ended(redis, 10*time.Minute)}, Firing: []message.Item{upbit}},
		"silenced":   {Kind: message.Resolution, Items: []message.Item{silenced}},
		"digest":     {Kind: message.Digest, Items: []message.Item{ended(warned, time.Minute), ended(stale, 26*time.Hour)}},
		"truncated":  {Kind: message.Alert, Items: []message.Item{redis}, More: 3, Truncated: 5},
		"foreign": {Kind: message.Alert, Items: []message.Item{other(
			template.KV{"alertname": "InstanceDown", "severity": "critical", "instance": "web-1:9100", "job": "node"},
			template.KV{"description": "web-1:9100 has been down for more than 5 minutes."})}},
		"bare": {Kind: message.Alert, Items: []message.Item{other(template.KV{"alertname": "Bare", "device": "sda", "mode": "ro"}, nil)}},
		"consul": {Kind: message.Alert, Items: []message.Item{other(
			template.KV{"alertname": "ConsulCheckCritical", "severity": "critical", "check": "service:web", "node": "web-1", "job": "consul"},
			template.KV{"description": "A health check of web-1 is critical."})}},
		"same": {Kind: message.Alert, Items: []message.Item{
			titled("disk", "sda"), titled("disk", "sdb"), titled("fan", "left"),
		}},
		"nothing": {Kind: message.Alert, Items: []message.Item{other(nil, nil)}},
		"hostile": {Kind: message.Alert, Items: []message.Item{other(
			template.KV{"alertname": "<b>&\"'</a>", "check": "\u202Egnp.exe", "target": "x\x00y\nz", "env": "a\tb"},
			template.KV{"summary": "</code> `a <i> b` & `open", "actions": "run `rm <x>`\n\n  `` \nrun `rm <x>`", "runbook_url": "javascript:alert(1)", "dashboard_url": "http://u:secret@h.example.com/"})}},
	}
	maps.Copy(all, foreignNotices())
	for name, n := range all {
		n.Now = now
		all[name] = n
	}
	return all
}

func TestMessagesLookAsTheyShould(t *testing.T) {
	t.Parallel()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []message.Options{{Language: "en"}, {Language: "ko", Location: seoul}} {
		o.Remedies = remedies
		f, err := message.New(o)
		if err != nil {
			t.Fatal(err)
		}
		for name, n := range notices() {
			t.Run(o.Language+"/"+name, func(t *testing.T) {
				messages, err := f.Format(n)
				if err != nil {
					t.Fatal(err)
				}
				var got strings.Builder
				for _, m := range messages {
					fmt.Fprintln(&got, m.Document.HTML())
					for _, b := range m.Document.Buttons {
						fmt.Fprintf(&got, "[%s] row %d, %s\n", b.Text, b.Row+1, b.URL)
					}
				}
				golden.Compare(t, filepath.Join("testdata", name+"."+o.Language+".html"), []byte(got.String()))
			})
		}
	}
}

func TestTheOrderIsThatOfNoInput(t *testing.T) {
	t.Parallel()
	f, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := notices()["p0"]
	a, err := f.Format(n)
	if err != nil {
		t.Fatal(err)
	}
	n.Items[0], n.Items[1] = n.Items[1], n.Items[0]
	b, err := f.Format(n)
	if err != nil {
		t.Fatal(err)
	}
	if a[0].Document.HTML() != b[0].Document.HTML() {
		t.Errorf("the order of the input shows:\n%s\n%s", a[0].Document.HTML(), b[0].Document.HTML())
	}
}

func TestOwnTemplates(t *testing.T) {
	t.Parallel()
	write := func(name, text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	f, err := message.New(message.Options{Templates: write("alert.tmpl", `<i>{{.Title}}</i> {{range .Items}}{{.Labels.target}}{{end}}`)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Format(notices()["p1"])
	if err != nil {
		t.Fatal(err)
	}
	if want := "<i>⚠️ P1: Preflight WARN</i> branch"; m[0].Document.HTML() != want {
		t.Errorf("%q, not %q", m[0].Document.HTML(), want)
	}
	for want, dir := range map[string]string{
		"no such file":        filepath.Join(t.TempDir(), "none"),
		"alert.tmpl":          write("alert.tmpl", `{{.Title`),
		"can't evaluate":      write("digest.tmpl", `{{.Nothing}}`),
		"writes no text":      write("resolution.tmpl", `{{""}}`),
		"writes too much":     write("alert.tmpl", strings.Repeat("x", 5000)),
		`no messages in "xx"`: "",
	} {
		o := message.Options{Templates: dir}
		if dir == "" {
			o.Language, want = "xx", `no messages in language "xx": choose one of en, ko`
		}
		if _, err := message.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, not %s", err, want)
		}
	}
}

// A template can pass its trial and fail on an alert that is unlike the sample.
func TestTheShippedTemplateReplacesAFailingOne(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"fails":      `{{if eq .Environment "paper"}}{{index .Lists 99}}{{end}}{{.Title}}`,
		"says none":  `{{if ne .Environment "paper"}}{{.Title}}{{end}}`,
		"too much":   `{{.Title}}{{if eq .Environment "paper"}}` + strings.Repeat("x", message.MaxLength) + `{{end}}`,
		"only a tag": `<b>{{if ne .Environment "paper"}}{{.Title}}{{end}}</b>`,
		"markup":     `{{.Title}}{{if eq .Environment "paper"}}<div>x</div>{{end}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "alert.tmpl"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			var failures []error
			f, err := message.New(message.Options{Templates: dir, Failed: func(err error) { failures = append(failures, err) }})
			if err != nil {
				t.Fatal(err)
			}
			plain, err := message.New(message.Options{})
			if err != nil {
				t.Fatal(err)
			}
			n := notices()["p0"]
			got, err := f.Format(n)
			if err != nil {
				t.Fatal(err)
			}
			want, err := plain.Format(n)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) || got[0].Document.HTML() != want[0].Document.HTML() {
				t.Errorf("wrote\n%s\nnot\n%s", got[0].Document.HTML(), want[0].Document.HTML())
			}
			if _, err := f.Edit(n); err != nil {
				t.Error(err)
			}
			if len(failures) != 2 || !strings.HasPrefix(failures[0].Error(), "templates: ") {
				t.Errorf("reported %v", failures)
			}
		})
	}
}

// The labels that Prometheus adds to all alerts distinguish none of them. A
// message shows them only if the rule was not written for these messages.
func TestExternalLabelsAreNoNews(t *testing.T) {
	t.Parallel()
	f, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	item := message.Item{}
	item.Labels = map[string]string{
		"alertname": "TargetDown", "instance": "web:80", "cluster": "local", "environment": "paper", "project": "arbitrage",
	}
	for title, want := range map[string]string{
		"Target down": "TargetDown: web is down [instance=web:80]",
		"":            "web is down [cluster=local, environment=paper, instance=web:80, project=arbitrage]",
	} {
		item.Annotations = map[string]string{"summary": "web is down", "title": title}
		messages, err := f.Format(message.Notice{Kind: message.Alert, Items: []message.Item{item}})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(messages[0].Document.HTML(), "  - "+want+"\n") && !strings.HasSuffix(messages[0].Document.HTML(), "  - "+want) {
			t.Errorf("title %q:\n%s\nis without the line %q", title, messages[0].Document.HTML(), want)
		}
	}
}
