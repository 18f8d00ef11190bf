package codegen_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// inCheck replaces a text in the Korean reasons of a check.
func inCheck(name, from, to string) change {
	return func(s *preflight.Site) {
		found := false
		for p := range s.Packs {
			for _, c := range s.Packs[p].Checks {
				for i := range c.Translations["ko"].Reasons {
					r := &c.Translations["ko"].Reasons[i]
					for _, text := range []*string{&r.Meaning, &r.Remedy} {
						if c.Name == name && strings.Contains(*text, from) {
							*text, found = replaced(*text, from, to), true
						}
					}
				}
			}
		}
		if !found {
			panic("no " + from + " in " + name)
		}
	}
}

// Words that contradict what they describe are found in checks and helps.
func TestContradictingWords(t *testing.T) {
	t.Parallel()
	const (
		latency = "arbitrage_preflight_realcheck_redis_latency_seconds"
		lastRun = "arbitrage_preflight_last_run_timestamp_seconds"
	)
	for name, m := range map[string]mistake{
		"another server in a remedy": {"DF021", `check "Database", Translations["ko"].reason "read_only", Remedy`, inCheck("Database", "주 서버", "복제 서버")},
		"a lost negation":            {"DF021", `check "Live Safety", Translations["ko"].reason "armed", Meaning`, inCheck("Live Safety", "환경이 아닌데 가드가 해제됨", "환경인데 가드가 해제됨")},
		"included and excluded":      {"DF020", `metric "` + latency, help(latency, "How long Redis took to answer PING, connecting excluded.")},
		"milliseconds of seconds":    {"DF020", `metric "` + latency, help(latency, "How long Redis took to answer PING, in milliseconds.")},
		"included and not included":  {"DF020", `metric "` + latency, help(latency, "How long Redis took to answer PING, connecting not included.")},
		"another permission":         {"DF021", `check "Open Positions", Translations["ko"].reason "withdrawal_permission", Remedy`, inCheck("Open Positions", "조회와 거래만", "조회와 출금만")},
		"swapped roles": {"DF021", `alert "ConfigReloadFailed", Translations["ko"].Summary`, in("ConfigReloadFailed", func(a *rules.Alert) {
			t := a.Translations["ko"]
			t.Summary = replaced(t.Summary, "새 설정을 거부하고 이전 설정으로", "이전 설정을 거부하고 새 설정으로")
			a.Translations["ko"] = t
		})},
		"loopback in one query": {"GR012", `panel 2`, query(2, `, device!="lo"`, "")},
		"first for last":        {"DF020", `metric "` + lastRun, help(lastRun, "When the first preflight of the environment ended.")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shipped()
			m.plant(&s)
			contains(t, findings(t, s), m.where, ": "+m.code+": ")
		})
	}
}

// Alerts and helps of other packs are compared too.
func TestContradictingWordsOfOtherPacks(t *testing.T) {
	t.Parallel()
	of := func(text string, alerts ...rules.Alert) preflight.Site {
		p := broker(queueLong())
		p.Metrics = append(p.Metrics, metrics.Exposition(text)...)
		p.Groups[0].Alerts = append(p.Groups[0].Alerts, alerts...)
		return mq(p)
	}
	const (
		failed = "# HELP queue_errors_total Messages that could not be stored.\n# TYPE queue_errors_total counter\nqueue_errors_total 1\n"
		disk   = "# HELP disk_free_bytes Free.\n# TYPE disk_free_bytes gauge\ndisk_free_bytes 1\n# HELP disk_used_bytes Used.\n# TYPE disk_used_bytes gauge\ndisk_used_bytes 1\n"
	)
	errs := func(expr string) rules.Alert {
		return rules.Alert{Name: "QueueErrors", Severity: "amber", Expr: expr, For: "5m"}
	}
	named := func(name, expr string) rules.Alert {
		return rules.Alert{Name: name, Severity: "amber", Expr: expr, For: "5m", Untested: "it is the words that are tested"}
	}
	for name, x := range map[string]struct {
		site preflight.Site
		want string
	}{
		"a count below one":       {of(failed, errs("increase(queue_errors_total[5m]) > 0.1")), "PQ044: an increase counts events, and one event exceeds 0.1"},
		"the number on the left":  {of(failed, errs("0.5 <= sum(increase(queue_errors_total[5m]))")), "PQ044: "},
		"a help of the opposite":  {of("# HELP queue_errors_total Messages that succeeded.\n# TYPE queue_errors_total counter\nqueue_errors_total 1\n", errs("rate(queue_errors_total[5m]) > 0.1")), `metric "queue_errors_total", Help: DF020: says the opposite of the name`},
		"full above free space":   {of(disk, named("DiskFull", "disk_free_bytes > 1e9")), `alert "DiskFull", expr: DF020: fires above the threshold`},
		"full below used space":   {of(disk, named("DiskFull", "disk_used_bytes < 1e9")), `alert "DiskFull", expr: DF020: fires below the threshold`},
		"low above free space":    {of(disk, named("DiskSpaceLow", "disk_free_bytes > 1e9")), `alert "DiskSpaceLow", expr: DF020: fires above the threshold`},
		"high below":              {of(failed, named("QueueHigh", "sum by (queue) (queue_depth) < 3")), `alert "QueueHigh", expr: DF020: fires below the threshold`},
		"errors at a rate":        {of(failed, errs("rate(queue_errors_total[5m]) > 0.1")), ""},
		"any error":               {of(failed, errs("increase(queue_errors_total[5m]) > 0")), ""},
		"full below free space":   {of(disk, named("DiskFull", "disk_free_bytes < 1e9")), ""},
		"full above used space":   {of(disk, named("DiskFull", "disk_used_bytes > 1e9")), ""},
		"a share of both":         {of(disk, named("DiskFull", "disk_used_bytes / (disk_used_bytes + disk_free_bytes) > 0.9")), ""},
		"one minus a share":       {of(disk, named("DiskHigh", "1 - disk_free_bytes / (disk_free_bytes + disk_used_bytes) > 0.9")), ""},
		"low below free space":    {of(disk, named("DiskSpaceLow", "disk_free_bytes < 1e9")), ""},
		"low above used space":    {of(disk, named("DiskSpaceLow", "disk_used_bytes > 1e9")), ""},
		"bytes less than one":     {of("# HELP queue_in_bytes_total In.\n# TYPE queue_in_bytes_total counter\nqueue_in_bytes_total 1\n", named("QueueIn", "increase(queue_in_bytes_total[5m]) > 0.5")), ""},
		"rejections of a success": {of("# HELP queue_errors_total Messages that succeeded only after errors.\n# TYPE queue_errors_total counter\nqueue_errors_total 1\n", errs("rate(queue_errors_total[5m]) > 0.1")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := findings(t, x.site)
			if x.want == "" && text != "" {
				t.Error(text)
			}
			contains(t, text, x.want)
		})
	}
}

// Ports of programs that serve no metrics are found for any job.
func TestPortsWithoutMetrics(t *testing.T) {
	t.Parallel()
	s := mq(broker(queueLong()))
	s.Jobs[0].ByEnv["prod"][1] = "q2:5432"
	contains(t, findings(t, s), `job "queue": DF018: 5432 is the port of PostgreSQL itself`)
}
