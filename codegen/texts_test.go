package codegen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// twin is a text, its Korean translation, and whether the translation is wrong.
type twin struct {
	wrong       bool
	own, korean string
}

var twins = []twin{
	{false, "has waited over 5 minutes", "5분 넘게 대기 중"},
	{false, "has waited over five minutes", "5분 넘게 대기 중"},
	{false, "has waited over five minutes", "다섯 분 넘게 대기 중"},
	{false, "has waited over five minutes", "300초 넘게 대기 중"},
	{true, "has waited over five minutes", "15분 넘게 대기 중"},
	{true, "has waited over 5 minutes", "5초 넘게 대기 중"},
	{true, "has waited over 5 minutes", "다섯 번 실패"},
	{false, "has waited an hour", "1시간 대기 중"},
	{false, "has waited half an hour", "30분 대기 중"},
	{false, "has waited a quarter of an hour", "15분 대기 중"},
	{true, "has waited an hour", "2시간 대기 중"},
	{false, "checked daily", "24시간마다 확인"},
	{false, "5 errors within the last hour", "지난 1시간 동안 오류 5건"},
	{false, "over 5 errors in 5 minutes", "5분 동안 오류 5 초과"},
	{false, "when 5 of them wait for 2 hours", "값이 5일 때, 2시간 대기"},
	{false, "waits 5 to 10 minutes", "5~10분 대기"},
	{true, "waits 5 to 10 minutes", "5~15분 대기"},
	{false, "the third try in 5 minutes", "5분 동안 세 번째 시도"},
	{false, "two databases are slow", "데이터베이스 2개가 느림"},
	{false, "failed twice", "두 번 실패"},
	{false, "failed", "두 번 실패"},
	{false, "retry once within 5 minutes", "5분 안에 한 번 재시도"},
	{false, "six passes in a row", "6회 연속 통과"},
	{true, "six passes in a row", "두 번 연속 통과"},
	{true, "three intervals", "세 시간"},
	{false, "three intervals", "세 주기"},
	{true, "three intervals", "2주기"},
	{false, "two thirds of 30 minutes", "30분의 3분의 2"},
	{false, "more than 5 % of port 5432", "5432 포트의 5% 초과"},
	{true, "more than 5 % fail", "15% 실패"},
	{true, "over 500 ms", "500초 초과"},
	{false, "over 500 ms", "0.5초 초과"},
	{true, "{{ $value }} minutes late", "{{ $value }}초 지연"},
	{false, "{{ $value }} minutes late", "{{ $value }}분 지연"},
	{false, "{{ $value }} late", "{{ $value }}초 지연"},

	{true, "a check warned", "점검 실패"},
	{true, "a check failed", "점검 경고"},
	{true, "a check passed", "점검 실패"},
	{false, "the run passed and failed in turn", "통과와 실패를 반복"},
	{false, "it failed: PASS again", "실패, 다시 PASS"},
	{false, "an alert fails to arrive", "경고가 도착하지 않음"},
	{false, "the configuration could not be read", "설정 읽기 실패"},
	{false, "connection failed", "연결 실패 경고"},
	{false, "warned that it cannot connect", "연결 실패"},
	{false, "pass the token", "토큰 전달"},
	{false, "`make fail` stopped", "경고"},
	{true, "no restart needed", "재시작 필요"},
	{true, "a restart is not needed", "재시작이 필요합니다"},
	{true, "a restart is needed", "재시작 불필요"},
	{true, "it needs a restart", "재시작이 필요하지 않습니다"},
	{false, "no restart needed", "재시작 불필요"},
	{false, "no restart needed", "재시작할 필요 없음"},
	{false, "nothing to do if it is rare", "드물면 조치 불필요"},
	{false, "nothing is lost, but a restart is needed", "손실은 없으나 재시작 필요"},
	{false, "restart it", "재시작 필요"},
	{false, "delete files until the space needed is free", "불필요한 파일 삭제"},
	{false, "nothing to restore: the files are kept", "필요한 파일은 보존됨"},
}

// Only wrong translations give findings.
func TestTranslations(t *testing.T) {
	t.Parallel()
	s := shipped()
	var g rules.Group
	for i, x := range twins {
		g.Alerts = append(g.Alerts, rules.Alert{
			Name: fmt.Sprintf("Case%dEnd", i), Severity: "P2", Expr: fmt.Sprintf(`up{job="webhook"} == %d`, i), Untested: "an example", Title: fmt.Sprint("Case ", i), Summary: x.own,
			Translations: map[string]rules.Translation{"ko": {Title: fmt.Sprint("사례 ", i), Summary: x.korean}},
		})
	}
	g.Name = "cases"
	s.Packs = append(s.Packs, preflight.Pack{Name: "cases", Groups: []rules.Group{g}})
	found := known(t, s, "DF021")
	for i, x := range twins {
		if got := strings.Contains(found, fmt.Sprintf(`alert "Case%dEnd", Translations["ko"].Summary: DF021: `, i)); got != x.wrong {
			t.Errorf("%q, %q: got a finding: %v, want %v", x.own, x.korean, got, x.wrong)
		}
	}
}

// TestHelps plants metrics with helps that match their type, or not.
func TestHelps(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		code, name, help string // no code: nothing is wrong with the help
	}{
		{"", "last_write_successful", "1 when the last write succeeded, else 0."},
		{"", "last_run_success", "1 when the last run executed something and none of it failed, else 0."},
		{"", "last_load_successful", "1 if the load could read its file, 0 when it could not."},
		{"", "spool_ok", "1 while no write failed."},
		{"", "replica_up", "1 when the server is up and not in recovery."},
		{"", "disk_writable", "1 while the disk is not full."},
		{"", "retry_successful", "1 when failed requests were sent again."},
		{"", "not_ready", "1 when it is not ready."},
		{"", "read_error", "1 if there was an error opening or reading the file, 0 otherwise."},
		{"", "last_run_failed", "1 when a check failed, 0 when all passed."},
		{"", "ready_for_trade", "1 when every check was executed and none failed, else 0."},
		{"DF020", "last_write_ok", "1 when the last write failed, else 0."},
		{"DF020", "last_reload_success", "1 when the last run could not read its configuration, 0 when it could."},
		{"DF020", "file_writable", "1 when the file was not written, else 0."},
		{"DF020", "ready_to_sell", "1 when the last run executed every check and some failed, else 0."},
		{"DF020", "last_probe_failed", "1 when the last probe succeeded, else 0."},
		{"DF020", "service_down", "1 while the service answers."},

		{"", "queue_redis_age_seconds", "How old the oldest entry of the queue is."},
		{"", "queue_redis_copy_seconds", "Time to copy an entry from PostgreSQL to Redis."},
		{"", "sync_pause_seconds", "How long Redis has waited."},
		{"", "upbit_ping_seconds", "How long Upbit took to answer PING."},
		{"DF020", "binance_ping_seconds", "How long the API of Upbit took."},
		{"DF020", "queue_redis_wait_seconds", "How long PostgreSQL took to answer."},

		{"DF022", "first_seconds", "How long a step took."},
		{"", "probe_build_info", "1, labelled with the version."},
		{"", "other_build_info", "1, labelled with the version."},
	} {
		s := shipped()
		unit := metrics.Bool
		if strings.HasSuffix(x.name, "_seconds") {
			unit = metrics.Seconds
		}
		metric := func(name, help string) metrics.Desc {
			return metrics.Desc{Name: "acme_" + name, Type: metrics.Gauge, Unit: unit, Help: help}
		}
		s.Packs[1].Exporters = append(s.Packs[1].Exporters, metric(x.name, x.help))
		switch x.name {
		case "binance_ping_seconds":
			s.Packs[1].Exporters = append(s.Packs[1].Exporters, metric("upbit_ping_seconds", "How long the API of Upbit took to answer."))
		case "first_seconds":
			s.Packs[1].Exporters = append(s.Packs[1].Exporters, metric("a_seconds", x.help))
		case "other_build_info":
			s.Packs[1].Exporters = append(s.Packs[1].Exporters, metric("probe_build_info", x.help))
		}
		found := known(t, s, "DF020")
		switch {
		case x.code == "" && strings.Contains(found, "Help: DF02"):
			t.Errorf("%s, %q: got %s", x.name, x.help, found)
		case x.code != "" && !strings.Contains(found, fmt.Sprintf(`metric "acme_%s", Help: %s: `, x.name, x.code)):
			t.Errorf("%s, %q: want %s, got %s", x.name, x.help, x.code, found)
		}
	}
}

// Each finding about a text can be waived at its definition.
func TestWaivedTexts(t *testing.T) {
	t.Parallel()
	waive := func(codes ...finding.Code) []finding.Waiver {
		var out []finding.Waiver
		for _, c := range codes {
			out = append(out, finding.Waiver{Code: c, Why: "an example"})
		}
		return out
	}
	s := shipped()
	a := alert(&s, "PreflightCheckWarned")
	all(
		korean("PreflightCheckWarned", func(t *rules.Translation) { t.Title = "프리플라이트 실패" }),
		in("PreflightStale", func(a *rules.Alert) { a.About += " It waits for nine intervals." }),
		at(3, func(q *dashgen.Panel) { q.Description += " At 40 s it is too late." }),
		help("preflight_webhook_spool_writable", "1 when the last write failed, else 0."),
	)(&s)
	a.Waivers = waive(finding.OtherMeaning, finding.SameText)
	alert(&s, "PreflightStale").Waivers = waive(finding.OtherNumber)
	panel(&s, 3).Waivers = waive(finding.OtherNumber)
	list := s.Packs[1].Exporters
	list[slices.IndexFunc(list, func(d metrics.Desc) bool { return d.Name == "preflight_webhook_spool_writable" })].Waivers = waive(finding.Opposite)
	if text := findings(t, s); text != "" {
		t.Error(text)
	}
}
