package spec

import "github.com/alertnative/preflight/checks/internal/reasons"

// holdings returns the reasons of Open Positions about orders, wallets and
// values.
func holdings() reasons.List {
	return reasons.List{
		{
			Name: "resting_order", Meaning: "an order rests on the exchange that is not allowed, or more of them than allowed",
			Remedy:        "find out who placed it; cancel it, or allow it under open_positions, allow_orders: {exchange: TARGET, symbol: NAME}",
			KoreanMeaning: "허용되지 않은 미체결 주문이 있거나 허용 개수를 넘음", KoreanRemedy: "누가 주문했는지 확인하고, 취소하거나 open_positions의 allow_orders에서 허용: {exchange: TARGET, symbol: NAME}",
		},
		{
			Name: "no_price", Meaning: "the value of a position is limited, and the exchange has no price for it, or only an old one",
			Remedy:        "allow an amount with max instead of max_value, or choose a quote currency that has a market",
			KoreanMeaning: "평가액 한도가 있는데 거래소에 가격이 없거나 오래됨", KoreanRemedy: "max_value 대신 max로 수량을 허용하거나 시장이 있는 기준 통화를 선택",
		},
		{
			Name: "undeclared_wallet", Meaning: "a wallet that preflight.yml does not name holds something or owes something",
			Remedy:        "move it to where it belongs, or allow it under open_positions, allow: {exchange: TARGET, wallet: WALLET, asset: NAME}",
			KoreanMeaning: "preflight.yml에 없는 지갑에 자산 또는 부채가 있음", KoreanRemedy: "있어야 할 곳으로 옮기거나 open_positions의 allow에서 허용: {exchange: TARGET, wallet: WALLET, asset: NAME}",
		},
		{
			Name: "wallet_not_read", Meaning: "a wallet cannot be read: the exchange refuses it to these keys or this account, or the address does not have it",
			Remedy:        "give the keys the permission to read, or look at the wallet yourself; in a live environment, check that the address is the exchange's own",
			KoreanMeaning: "지갑을 조회할 수 없음: 거래소가 이 키 또는 계정에 거부하거나 해당 주소에 그 기능이 없음", KoreanRemedy: "키에 조회 권한을 부여하거나 지갑을 직접 확인하고, 실거래 환경이면 주소가 거래소의 실제 주소인지 확인",
		},
	}
}
