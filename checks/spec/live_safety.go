package spec

import (
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/reasons"
)

// LiveSafety describes the check Live Safety.
func LiveSafety() spec.Spec {
	all := reasons.List{
		{
			Name: "missing", Meaning: "the variable of the guard is not set, so the program uses its default",
			Remedy:        "set it to its safe value, or to its armed value where live trading is intended",
			KoreanMeaning: "가드 변수가 없어 프로그램이 스스로 결정함", KoreanRemedy: "안전 값으로, 실거래가 의도된 곳에서는 활성 값으로 설정",
		},
		{
			Name: "malformed", Meaning: "the variable is at neither its safe nor its armed value",
			Remedy:        "write one of the two values that preflight.yml declares",
			KoreanMeaning: "변수가 안전 값도 활성 값도 아님", KoreanRemedy: "preflight.yml에 선언된 두 값 중 하나로 작성",
		},
		{
			Name: "armed", Meaning: "a guard is armed in an environment that does not trade for real",
			Remedy:        "set it back to its safe value; find out who armed it",
			KoreanMeaning: "실거래 환경이 아닌데 가드가 해제됨", KoreanRemedy: "안전 값으로 되돌리고 누가 바꿨는지 확인",
		},
		{
			Name: "not_armed", Meaning: "no guard is armed in an environment that trades for real",
			Remedy:        "arm every guard, but only to start live trading",
			KoreanMeaning: "실거래 환경인데 활성화된 가드가 없음", KoreanRemedy: "실거래를 시작하려 할 때만 모든 가드를 활성화",
		},
		{
			Name: "inconsistent", Meaning: "this guard is not armed in an environment that trades for real, but others are",
			Remedy:        "arm all of them, or none",
			KoreanMeaning: "실거래 환경에서 일부 가드만 활성화됨", KoreanRemedy: "모두 활성화하거나 모두 해제",
		},
		{
			Name: "live_keys", Meaning: "keys of live trading are set in an environment that does not trade for real",
			Remedy:        "remove them; make new keys if they may have been exposed",
			KoreanMeaning: "실거래 환경이 아닌데 실거래 키가 있음", KoreanRemedy: "키를 제거하고, 있어서는 안 될 곳에 있었다면 새로 발급",
		},
		{
			Name: "missing_keys", Meaning: "keys are not set in an environment that trades for real",
			Remedy:        "set the exchanges' keys in the live environment",
			KoreanMeaning: "실거래 환경인데 키가 없음", KoreanRemedy: "실거래 환경에 거래소 키를 설정",
		},
	}
	return spec.Spec{
		Name:         "Live Safety",
		Looks:        "live trading cannot start by accident: read-only guard, executor guard and live keys agree with the environment",
		Sections:     []string{Exchanges},
		Reasons:      all.English(),
		Translations: all.Korean("실거래 안전장치", "실거래가 실수로 시작될 수 없는지: 읽기 전용 가드, 실행기 가드, 실거래 키가 환경과 일치하는지"),
	}
}
