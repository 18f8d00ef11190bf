package spec

import (
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/reasons"
)

// ExchangeHealth describes the check Exchange Health.
func ExchangeHealth() spec.Spec {
	all := append(reasons.List{
		{
			Name: "slow", Meaning: "the exchange answers more slowly than allowed",
			Remedy:        "look at the network to the exchange and at its status page",
			KoreanMeaning: "거래소가 응답하지만 허용된 시간보다 느림", KoreanRemedy: "거래소까지의 네트워크와 상태 페이지 확인",
		},
	}, reasons.Exchange()...)
	return spec.Spec{
		Name:         "Exchange Health",
		Looks:        "each exchange's public API answers in time, and its clock agrees with this machine's",
		Network:      true,
		Sections:     []string{Exchanges, LiveWaivers},
		Reasons:      all.English(),
		Translations: all.Korean("거래소 상태", "거래소의 공개 API가 제한 시간 안에 응답하고 시계가 이 서버와 맞는지"),
	}
}
