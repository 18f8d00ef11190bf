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
		{
			Name: "stale_ticker", Meaning: "the newest price is older than allowed, although the exchange answers",
			Remedy:        "look at the exchange's notices; raise max_ticker_age if the symbol trades so rarely",
			KoreanMeaning: "거래소는 응답하지만 최신 가격이 허용된 것보다 오래됨", KoreanRemedy: "거래소 공지를 확인하고, 거래가 드문 종목이면 max_ticker_age를 늘릴 것",
		},
		{
			Name: "market_warning", Meaning: "the exchange warns of a declared symbol",
			Remedy:        "read the exchange's notice; a delisting may follow",
			KoreanMeaning: "선언된 종목이 유의 또는 주의 종목으로 지정됨", KoreanRemedy: "거래소 공지 확인: 거래 지원 종료로 이어질 수 있음",
		},
		{
			Name: "order_size_refused", Meaning: "the declared order size does not fit the filters of the symbol",
			Remedy:        "change order_size in preflight.yml and in the trading system to the steps in the detail",
			KoreanMeaning: "선언된 주문 수량이 종목의 필터에 맞지 않음", KoreanRemedy: "preflight.yml과 거래 시스템의 주문 수량을 상세 내용의 단위에 맞출 것",
		},
		{
			Name: "limit_nearly_used", Meaning: "calls from this address use more of the rate limit than allowed",
			Remedy:        "find the programs that call so often, or use several addresses",
			KoreanMeaning: "이 주소의 호출이 허용된 것보다 많은 요청 한도를 사용함", KoreanRemedy: "자주 호출하는 프로그램을 찾거나 여러 주소를 사용",
		},
	}, append(reasons.Exchange(), reasons.Symbols()...)...)
	return spec.Spec{
		Name:         "Exchange Health",
		Looks:        "each exchange's public API answers in time, its clock agrees with this machine's, and declared symbols trade",
		Network:      true,
		Sections:     []string{Exchanges, LiveWaivers},
		Reasons:      all.English(),
		Translations: all.Korean("거래소 상태", "거래소의 공개 API가 제한 시간 안에 응답하고 시계가 이 서버와 맞으며 선언된 종목이 거래되는지"),
	}
}
