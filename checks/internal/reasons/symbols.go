package reasons

// Symbols returns the reasons of checks that compare declared symbols with an
// exchange.
func Symbols() List {
	return List{
		{
			Name: "unknown_symbol", Meaning: "the exchange does not have a declared symbol, or not any more",
			Remedy:        "correct the symbol in preflight.yml, or stop trading it",
			KoreanMeaning: "선언된 종목이 거래소에 없거나 더 이상 없음", KoreanRemedy: "preflight.yml의 종목을 수정하거나 거래를 중단",
		},
		{
			Name: "symbol_not_trading", Meaning: "a declared symbol does not trade now",
			Remedy:        "look at the exchange's notices; do not trade the symbol until its state is normal",
			KoreanMeaning: "선언된 종목이 현재 거래되지 않음", KoreanRemedy: "거래소 공지를 확인하고 상태가 정상이 될 때까지 거래하지 말 것",
		},
		{
			Name: "delisting", Meaning: "the exchange has announced the end of trading of a declared symbol",
			Remedy:        "close the positions before that time, and remove the symbol",
			KoreanMeaning: "선언된 종목의 거래 종료가 공지됨", KoreanRemedy: "그 시각 전에 포지션을 청산하고 종목을 제거",
		},
		{
			Name: "order_value_refused", Meaning: "the declared order is worth less or more than the exchange accepts",
			Remedy:        "change order_size or price in preflight.yml and in the trading system",
			KoreanMeaning: "선언된 주문의 금액이 거래소의 최소보다 작거나 최대보다 큼", KoreanRemedy: "preflight.yml과 거래 시스템의 주문 수량 또는 가격을 변경",
		},
		{
			Name: "order_price_refused", Meaning: "the declared price does not fit the filters of the symbol",
			Remedy:        "change price in preflight.yml and in the trading system to the steps in the detail",
			KoreanMeaning: "선언된 가격이 종목의 필터에 맞지 않음", KoreanRemedy: "preflight.yml과 거래 시스템의 가격을 상세 내용의 호가 단위에 맞출 것",
		},
	}
}
