package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// Grafana posts another version and more fields than Alertmanager.
func TestGrafana(t *testing.T) {
	const line = "Memory usage of web-%d:9100 is high (B=%s)"
	inWorld(t, "7", func(w *world) {
		w.recorded("grafana/firing")
		w.after(5 * time.Second)
		w.expect(person, "1 🔔 High memory usage ["+fmt.Sprintf(line, 1, "93.24")+" [team=blue]]")
		m := w.bot.Messages(person)[0]
		if !strings.Contains(m.Text, "\n    More than 90 % of the memory") || !strings.Contains(m.Text, "Source: Payments\n") {
			t.Errorf("the chat shows\n%s", m.Text)
		}
		var buttons []string
		for _, b := range m.Buttons {
			buttons = append(buttons, fmt.Sprint(b.Row, " ", b.Text))
		}
		if got := strings.Join(buttons, ", "); got != "0 Runbook, 0 Dashboard, 0 Graph, 1 Silence, 1 Image" {
			t.Errorf("the buttons are %s", got)
		}
		if !strings.Contains(m.Buttons[1].URL, "viewPanel=4") {
			t.Errorf("the dashboard is %s", m.Buttons[1].URL)
		}
		w.recorded("grafana/grouped") // another alert of the group, and the first again
		w.after(5 * time.Second)
		w.recorded("grafana/resolved")
		w.after(5 * time.Second)
		w.expect(
			person,
			"1 ✅ High memory usage (resolved after 10m) [✅ "+fmt.Sprintf(line, 1, "41.5")+" [team=blue], resolved after 10m (not verified)] edited",
			"2 🔔 High memory usage [✅ "+fmt.Sprintf(line, 1, "41.5")+", resolved after 10m (not verified); "+fmt.Sprintf(line, 2, "97.5")+"] edited",
			"3 ✅ Resolved: High memory usage ["+fmt.Sprintf(line, 1, "41.5")+", resolved after 10m (not verified); "+fmt.Sprintf(line, 2, "97.5")+"] silent reply to 1",
		)
		if h := w.history(); len(h) != 2 || h[0].Fingerprint != "c6eadffa33fcdf37" || h[0].Annotations[api.SentBy] != api.Grafana {
			t.Errorf("the history is %+v", h)
		}
	})
}

// MissingSeries is no end, and Prometheus and Alertmanager know nothing of Grafana's
// alerts, so they do not end them.
func TestGrafanaIsNotAskedAboutElsewhere(t *testing.T) {
	reconciled(t, func(w *world, peer *recordedAPI) {
		w.recorded("grafana/firing")
		peer.answer("silenced/api-02") // it does not know the alert
		w.after(3 * time.Hour)
		if m := w.bot.Messages(person); len(m) != 1 || len(m[0].Edits) != 0 {
			t.Fatalf("the chat shows %v", m)
		}
		w.recorded("grafana/missing")
		w.after(time.Minute)
		w.expect(person, "1 🔔 High memory usage [Memory usage of web-1:9100 is high (B=93.24) [team=blue], no longer evaluated] edited")
		w.recorded("grafana/resolved")
		w.after(time.Minute)
		if m := w.bot.Messages(person); len(m) != 2 || !strings.HasPrefix(m[0].Text, "✅") {
			t.Fatalf("the chat shows %v", m)
		}
	})
}

func TestGrafanaWithoutData(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.recorded("grafana/nodata")
		w.after(5 * time.Second)
		w.recorded("grafana/error")
		w.after(5 * time.Second)
		w.recorded("grafana/test")
		w.after(5 * time.Second)
		w.expect(
			person,
			"1 🔔 No data: High memory usage [No data: High memory usage [team=blue]]",
			"2 🔔 Query failed: High memory usage [[sse.dataQueryError] failed to execute query [A]: dial tcp 10.0.0.5:9090: connect: connection refused [team=blue]]",
			"3 🔔 TestAlert [Notification test [instance=Grafana]]",
		)
	})
}

// A contact point can be set to send no resolutions. An alert that starts later than
// its last notification has ended. Each test of a contact point is one.
func TestGrafanaWithoutResolutions(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		const alert = `{"version": "1", "orgId": 1, "state": "alerting", "status": "firing", "groupKey": "test-%d", "title": "[FIRING:1]", "message": "",
			"alerts": [{"status": "firing", "labels": {"alertname": "TestAlert", "instance": "Grafana"}, "annotations": {"summary": "Notification test"},
			"startsAt": "%s", "fingerprint": "57c6d9296de2ad39"}]}`
		started := time.Now()
		for i := range 2 {
			w.post(fmt.Appendf(nil, alert, i, started.Format(time.RFC3339Nano)), api.Loud)
			w.after(5 * time.Second)
		}
		w.expect(person, "1 🔔 TestAlert [Notification test [instance=Grafana]]")
		started = time.Now()
		w.post(fmt.Appendf(nil, alert, 2, started.Format(time.RFC3339Nano)), api.Loud)
		w.after(5 * time.Second)
		w.expect(
			person,
			"1 ✅ TestAlert (resolved after 10s) [✅ Notification test [instance=Grafana], ended, fires anew] edited",
			"2 🔔 TestAlert [Notification test [instance=Grafana]]",
			"3 ✅ Resolved: TestAlert [Notification test [instance=Grafana], ended, fires anew] silent reply to 1",
		)
	})
}

// Before version 9 Grafana posts one alert without a list.
func TestGrafanaBeforeVersion9(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.recorded("grafana-legacy/firing")
		w.after(5 * time.Second)
		w.recorded("grafana-legacy/nodata")
		w.after(5 * time.Minute)
		w.recorded("grafana-legacy/resolved")
		w.after(5 * time.Second)
		w.expect(
			person,
			"1 ✅ Memory alert (resolved after 5m 5s) [✅ Memory of web-1 is nearly full [team=blue], resolved after 5m 5s (not verified)] edited",
			"2 ✅ Resolved: Memory alert [Memory of web-1 is nearly full [team=blue], resolved after 5m 5s (not verified)] silent reply to 1",
		)
	})
}

// One metric of two hosts met the condition. The message has both values.
func TestGrafanaBeforeVersion9OfTwoHosts(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.post([]byte(`{"ruleName":"Memory alert","state":"alerting","orgId":1,"message":"Memory is nearly full","evalMatches":[
			{"metric":"Memory","value":98.2,"tags":{"host":"web-1"}}, {"metric":"Memory","value":91.5,"tags":{"host":"web-2"}}]}`), api.Loud)
		w.after(5 * time.Second)
		w.expect(person, "1 🔔 Memory alert [Memory is nearly full (Memory=98.2, Memory web-2=91.5)]")
	})
}

// Two organisations of a Grafana share no group.
func TestOrganisationsOfGrafana(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		const alert = `{"version": "1", "orgId": %d, "state": "alerting", "status": "firing", "groupKey": "{}:{}", "title": "[FIRING:1]", "message": "look at %d",
			"alerts": [{"status": "firing", "labels": {"alertname": "A", "org": "%[1]d"}, "startsAt": "2026-03-01T10:00:00Z", "fingerprint": "%[1]d"}]}`
		for org := range 2 {
			w.post(fmt.Appendf(nil, alert, org+1, org+1), api.Loud)
			w.after(5 * time.Second)
		}
		w.expect(person, "1 🔔 A [look at 1 [org=1]]", "2 🔔 A [look at 2 [org=2]]")
	})
}

// vmalert and the rulers of Mimir and Loki send by an Alertmanager.
func TestOtherRulers(t *testing.T) {
	inWorld(t, "7", func(w *world) {
		w.recorded("vmalert/grouped")
		w.after(5 * time.Second)
		w.recorded("mimir/firing")
		w.after(5 * time.Second)
		w.expect(
			person,
			"1 ⚠️ WARNING: HostHighCpuLoad [Host high CPU load (instance 10.1.0.4:9100); Host high CPU load (instance 10.1.0.5:9100)]",
			"2 🚨 CRITICAL: LokiRequestErrors [Errors of requests to Loki [cluster=prod]]",
		)
		m := w.bot.Messages(person)
		for i, want := range []string{"\nLabels: datacenter=icn1\n", "\n    loki/distributor loki_api_v1_push is experiencing 12.35% errors."} {
			if !strings.Contains(m[i].Text, want) || strings.Contains(m[i].Text, "map[") || strings.Contains(m[i].Text, "SYSTEM") {
				t.Errorf("message %d is\n%s", i+1, m[i].Text)
			}
		}
	})
}
