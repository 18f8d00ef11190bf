package checker

// Languages of the command's output.
const (
	english = "en"
	korean  = "ko"
)

// words are the terminal's texts that no check provides.
type words struct {
	summary, ready, yes, no, todo, skipped string
	why                                    map[string]string // reasons for skipping a check

	// Of a list.
	targets, none, reasons string

	// Limits of a measurement, with N for the number.
	warnsAbove, warnsBelow, failsAbove, failsBelow string

	warnings                string
	sameSeries, otherMetric string // see [clash]
}

// wordsIn returns the words of a language.
func wordsIn(language string) words {
	if language == korean {
		return words{
			summary: "합계: %d / PASS: %d / FAIL: %d / WARN: %d / SKIP: %d", ready: "LIVE 준비 완료: %s", yes: "예", no: "아니오", todo: "조치:",
			skipped: "점검하지 않아 준비 여부를 알 수 없음:",
			targets: "대상", none: "선언된 대상 없음", reasons: "사유",
			warnsAbove: "N 초과 시 경고", warnsBelow: "N 미만 시 경고", failsAbove: "N 초과 시 실패", failsBelow: "N 미만 시 실패",
			why: map[string]string{
				whyNotSelected: "선택되지 않음", whyNotReal: "--real-check 필요",
				whyNoTargets: "preflight.yml에 점검 대상이 없음", whyInterrupted: "실행이 중단됨",
			},
			warnings:    "경고:",
			sameSeries:  "%s에 같은 시계열이 있음 (예: %s): node_exporter는 %s의 값만 내보냄: %[1]s을(를) 지우거나 폴더 밖으로 옮길 것",
			otherMetric: "%s에 있는 %s의 TYPE 또는 HELP가 다름: node_exporter는 %s의 값만 내보냄: 두 파일을 같은 버전으로 쓸 것",
		}
	}
	return words{
		summary: "Total: %d / PASS: %d / FAIL: %d / WARN: %d / SKIP: %d", ready: "Ready for LIVE: %s", yes: "True", no: "False", todo: "What to do:",
		warnings:    "Warnings:",
		sameSeries:  "%s holds the same series, such as %s: node_exporter exports only those of %s: remove %[1]s, or move it out of the folder",
		otherMetric: "%s has another TYPE or HELP for %s: node_exporter exports only the series of %s: write both files with the same version",
		targets:     "targets", none: "none declared", reasons: "reasons",
		skipped:    "Skipped, so that readiness is not proved:",
		warnsAbove: "warns above N", warnsBelow: "warns below N", failsAbove: "fails above N", failsBelow: "fails below N",
	}
}
