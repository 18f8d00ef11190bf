package message_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// summaryLine is the alerts of one name in one group.
func summaryLine(name, group string, rank, alerts, firing int, labels ...template.KV) message.Line {
	spread := message.NewSpread(labels[0])
	for _, l := range labels[1:] {
		spread.Add(l)
	}
	return message.Line{Name: name, Group: group, Rank: rank, Alerts: alerts, Firing: firing, Labels: spread}
}

// stormOf returns groups that labels of differing kinds distinguish.
func stormOf() message.Summary {
	labels := func(priority, name string, more ...string) template.KV {
		kv := template.KV{"alertname": name, "priority": priority, "env": "paper", "job": "node"}
		for i := 0; i < len(more); i += 2 {
			kv[more[i]] = more[i+1]
		}
		return kv
	}
	return message.Summary{Kind: message.SummaryStart, Since: start, Lines: []message.Line{
		summaryLine("HighLatency", "a", 1, 2, 1, labels("P1", "HighLatency", "pod", "web-1", "zone", "a"), labels("P1", "HighLatency", "pod", "web-2", "zone", "a")),
		summaryLine("HighLatency", "b", 1, 1, 1, labels("P1", "HighLatency", "pod", "web-3", "zone", "b")),
		summaryLine("InstanceDown", "c", 0, 1, 1, labels("P0", "InstanceDown", "instance", "db-1")),
		summaryLine("InstanceDown", "d", 0, 1, 0, labels("P0", "InstanceDown", "instance", "<db-2>")),
		summaryLine("DiskFull", "e", 2, 5000, 5000, labels("P2", "DiskFull", "disk", "/a"), labels("P2", "DiskFull", "disk", "/b")),
	}}
}

// A summary counts what Alertmanager left out, once a group, while the group fires.
func TestASummaryCountsWhatIsLeftOut(t *testing.T) {
	f, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[message.Kind]bool{message.SummaryStart: true, message.SummaryReminder: true, message.SummaryEnds: false} {
		s := stormOf()
		s.Kind, s.Lines[1].Group = kind, "a"
		for i := range s.Lines {
			s.Lines[i].Truncated = []uint64{30, 30, 0, 500, 6}[i] // the fourth group is resolved
		}
		m, _, err := f.Summarize(s)
		if got := strings.Contains(m.Document.Plain(), "\n… and 36 more that Alertmanager left out (max_alerts)\n"); err != nil || got != want {
			t.Errorf("%s: %v, %s", kind, err, m.Document.Plain())
		}
	}
}

func TestSummaries(t *testing.T) {
	for language, want := range map[string][3]string{
		"en": {`🚨 P0 storm: 5005 alerts in 5 groups
5003 firing, 2 resolved

🚨 P0 InstanceDown: 1 firing, 1 resolved
instance: ✅ <db-2>, db-1

⚠️ P1 HighLatency: 2 firing, 1 resolved
zone: a ×2, b

🔔 P2 DiskFull: 5000 firing
disk: /a, /b …

Full list: ` + "`preflight-webhook history --since=2025-12-21T01:30:00Z`", `🚨 P0 storm: 5003 alerts in 5 groups still firing`, `✅ 5005 alerts in 5 groups resolved

✅ P0 InstanceDown: 2 in 2 groups`},
		"ko": {`🚨 P0 알림 폭주: 그룹 5개, 알림 5005건
발생 5003건, 해소 2건

🚨 P0 InstanceDown: 발생 1건, 해소 1건
instance: ✅ <db-2>, db-1

⚠️ P1 HighLatency: 발생 2건, 해소 1건
zone: a ×2, b

🔔 P2 DiskFull: 발생 5000건
disk: /a, /b …

전체 목록: ` + "`preflight-webhook history --since=2025-12-21T01:30:00Z`", `🚨 P0 알림 폭주: 그룹 5개, 알림 5003건 계속 발생 중`, `✅ 그룹 5개의 알림 5005건 해소

✅ P0 InstanceDown: 그룹 2개에서 2건`},
	} {
		f, err := message.New(message.Options{Language: language})
		if err != nil {
			t.Fatal(err)
		}
		for i, kind := range []message.Kind{message.SummaryStart, message.SummaryReminder, message.SummaryEnds} {
			s := stormOf()
			if s.Kind = kind; kind == message.SummaryEnds {
				for j := range s.Lines {
					s.Lines[j].Firing = 0
				}
			}
			m, lines, err := f.Summarize(s)
			if err != nil || lines != len(s.Lines) {
				t.Fatalf("%d lines, %v", lines, err)
			}
			if got := m.Document.Plain(); !strings.HasPrefix(got, want[i]) {
				t.Errorf("%s, %s:\n%s\nnot\n%s", language, kind, got, want[i])
			}
		}
	}
}

// A summary takes up as many groups as it can name. Those that it has stay in
// it, and one that must have all counts the others.
func TestASummaryThatIsFull(t *testing.T) {
	f, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := message.Summary{Kind: message.SummaryStart, Since: start}
	for i := range 3000 {
		instance := fmt.Sprintf("a-long-name-of-a-server-%04d", i)
		s.Lines = append(s.Lines, summaryLine("Down", instance, 0, 1, 1, template.KV{"alertname": "Down", "priority": "P0", "instance": instance}))
	}
	m, lines, err := f.Summarize(s)
	if err != nil || lines < 100 || lines > 400 || m.Document.Length() > message.MaxLength {
		t.Fatalf("%d lines, %d characters, %v", lines, m.Document.Length(), err)
	}
	known := s
	known.Lines, known.Known = s.Lines[:lines], lines
	for i := range known.Lines {
		known.Lines[i].Firing = 0
	}
	if m, n, err := f.Summarize(known); err != nil || n != lines || m.Document.Length() > message.MaxLength {
		t.Errorf("after the ends %d lines, %d characters, %v", n, m.Document.Length(), err)
	}
	s.All = true
	if m, n, err := f.Summarize(s); err != nil || n != 3000 || !strings.Contains(m.Document.HTML(), " more groups") || m.Document.Length() > message.MaxLength {
		t.Errorf("with all %d lines, %d characters, %v", n, m.Document.Length(), err)
	}
}

func TestFlappingAlerts(t *testing.T) {
	f, err := message.New(message.Options{Language: "ko"})
	if err != nil {
		t.Fatal(err)
	}
	it := message.Item{}
	it.Labels = template.KV{"alertname": "Down", "priority": "P0"}
	it.StartsAt, it.EndsAt = start, start.Add(time.Minute)
	for want, n := range map[string]message.Notice{
		"🚨 P0: Down (불안정, 5분 동안 10회 발생)":       {Kind: message.Flapping, Flaps: message.Flaps{Times: 10, For: 5 * time.Minute}},
		"🚨 P0 다시 발생: Down (불안정, 5분 동안 10회 발생)": {Kind: message.Flap, Flaps: message.Flaps{Times: 10, For: 5 * time.Minute}},
		"✅ P0 해소: Down (5분 동안 10회 발생)":         {Kind: message.Flap, Flaps: message.Flaps{Times: 10, For: 5 * time.Minute, Over: true}},
	} {
		it.Resolved = n.Flaps.Over
		n.Items, n.Now = []message.Item{it}, start.Add(time.Hour)
		m, err := f.Format(n)
		if err != nil || len(m) != 1 {
			t.Fatal(m, err)
		}
		if title, _, _ := strings.Cut(m[0].Document.Plain(), "\n"); title != want {
			t.Errorf("%s\nnot\n%s", title, want)
		}
	}
}
