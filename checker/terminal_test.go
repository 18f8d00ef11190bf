package checker

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker/spec"
)

func TestTerminal(t *testing.T) {
	t.Parallel()
	report := Report{Real: true, Results: []Result{
		{Check: "A", Status: Pass, Observations: []Observation{
			{Target: "a1", Status: Pass, Detail: "answered", Latency: 1234 * time.Microsecond}, {Target: "a2", Status: Pass},
		}},
		{Check: "B", Status: Fail, Observations: []Observation{
			Failed("b1", "broken", "it broke"), Warned("b2", "slow", "it is slow"),
		}},
		{Check: "C", Status: Skip, Why: "not selected"},
		{Check: "D", Status: Pass, Observations: []Observation{{
			Target: "command", Status: Pass, Latency: time.Second, Detail: "41",
			Measured: &Measurement{Value: 41, Unit: "%", Warn: Limit{Below: new(10.0)}, Fail: Limit{Above: new(95.0)}},
		}}},
	}}
	specs := []spec.Spec{{Name: "A"}, {Name: "B", Reasons: []spec.Reason{{Name: "broken", Remedy: "repair it"}, {Name: "slow", Remedy: "speed it up"}}}, {Name: "C"}, {Name: "D"}}
	show := func(r Report, color, quiet bool) string {
		var b strings.Builder
		shown := terminal{Out: &b, Color: color, Specs: specs[:len(r.Results)], Quiet: quiet}
		for i, result := range r.Results {
			shown.progress(i, result)
		}
		shown.summary(r)
		return b.String()
	}
	const all = `[1/4] A … PASS
      a1: answered in 1.2ms
[2/4] B … FAIL
      b1: it broke (broken)
      b2: it is slow (slow)
[3/4] C … SKIP
      not selected
[4/4] D … PASS 41% (warns below 10%, fails above 95%)

Total: 4 / PASS: 2 / FAIL: 1 / WARN: 0 / SKIP: 1
Ready for LIVE: False

What to do:
  B, b1: repair it
  B, b2: speed it up
`
	const wrong = `[2/4] B … FAIL
      b1: it broke (broken)
      b2: it is slow (slow)

Total: 4 / PASS: 2 / FAIL: 1 / WARN: 0 / SKIP: 1
Ready for LIVE: False

What to do:
  B, b1: repair it
  B, b2: speed it up

Skipped, so that readiness is not proved:
  C (not selected)
`
	skipped := []Result{report.Results[0], report.Results[2]}
	colored := strings.NewReplacer("PASS\n", "\x1b[32;1mPASS\x1b[0;22m\n", "PASS 41", "\x1b[32;1mPASS\x1b[0;22m 41", "FAIL\n", "\x1b[31;1mFAIL\x1b[0;22m\n", "SKIP\n", "\x1b[2mSKIP\x1b[22m\n")
	for name, tt := range map[string]struct{ got, want string }{
		"plain":                       {show(report, false, false), all},
		"colour":                      {show(report, true, false), colored.Replace(all)},
		"quiet":                       {show(report, false, true), wrong},
		"quiet, and nothing is wrong": {show(Report{Results: report.Results[:1]}, false, true), ""},
		"quiet, and one is skipped":   {show(Report{Results: skipped}, false, true), "Skipped, so that readiness is not proved:\n  B (not selected)\n"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got\n%q, want\n%q", name, tt.got, tt.want)
		}
	}
}

// On a terminal the statuses are aligned, although Korean characters are two
// columns wide, and long lines are wrapped.
func TestTerminalInKorean(t *testing.T) {
	t.Parallel()
	specs := []spec.Spec{
		{Name: "A", Translations: map[string]spec.Translation{"ko": {Name: "데이터베이스", Reasons: []spec.Reason{{Name: "broken", Meaning: "고장 남", Remedy: "서버를 고칠 것"}}}},
			Reasons: []spec.Reason{{Name: "broken", Meaning: "it broke", Remedy: "repair it"}, {Name: "slow", Meaning: "it is slow", Remedy: "speed it up"}}},
		{Name: "Longer than that"},
	}
	r := Report{Results: []Result{
		{Check: "A", Status: Fail, Observations: []Observation{
			Failed("redis", "broken", "127.0.0.1:6379: connection refused"), Warned("x", "slow", "it is slow"), Failed("y", "internal_error", "panic"),
		}},
		{Check: "Longer than that", Status: Skip, Why: "needs --real-check"},
	}}
	var b strings.Builder
	shown := terminal{Out: &b, Width: 44, Specs: specs, Language: korean}
	shown.start()
	for i, result := range r.Results {
		shown.progress(i, result)
	}
	shown.summary(r)
	// An overwritten line precedes each final one.
	const want = "[1/2] 데이터베이스     … \r\x1b[K[1/2] 데이터베이스     … FAIL\n" + `      redis: 고장 남 (broken):
        127.0.0.1:6379: connection refused
      x: it is slow (slow): it is slow
      y: 점검 자체가 고장 남
        (internal_error): panic
` + "[2/2] Longer than that … \r\x1b[K[2/2] Longer than that … SKIP\n" + `      --real-check 필요

합계: 2 / PASS: 0 / FAIL: 1 / WARN: 0 / SKIP: 1
LIVE 준비 완료: 아니오

조치:
  데이터베이스, redis: 서버를 고칠 것
  데이터베이스, x: speed it up
  데이터베이스, y: 증거 파일과 함께 보고:
    대상의 상태는 알 수 없음
`
	if b.String() != want {
		t.Errorf("got\n%q, want\n%q", b.String(), want)
	}
}
