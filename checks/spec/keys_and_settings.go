package spec

import "github.com/alertnative/preflight/checks/internal/reasons"

// keysAndSettings returns the reasons of Open Positions about the keys and the
// settings of accounts.
func keysAndSettings() reasons.List {
	return reasons.List{
		{
			Name: "cannot_trade", Meaning: "the keys or the account may not trade",
			Remedy:        "give the keys the permission for orders, and unlock the account; trades: false declares keys that only read",
			KoreanMeaning: "키 또는 계정으로 거래할 수 없음", KoreanRemedy: "키에 주문 권한을 주고 계정 제한을 해제: 조회 전용 키는 trades: false로 선언",
		},
		{
			Name: "permissions_not_read", Meaning: "the permissions of the keys are not known, because no API for spot trading reports them",
			Remedy:        "declare binance_spot with the same keys; in a live environment, check that the address is the exchange's own",
			KoreanMeaning: "현물 API에서 키 권한을 조회할 수 없어 알 수 없음", KoreanRemedy: "같은 키로 binance_spot을 선언하고, 실거래 환경이면 주소가 거래소의 실제 주소인지 확인",
		},
		{
			Name: "key_expires_soon", Meaning: "the keys expire within the declared time",
			Remedy:        "make new keys before the old ones expire",
			KoreanMeaning: "선언된 기간 안에 키가 만료됨", KoreanRemedy: "만료 전에 새 키를 발급",
		},
		{
			Name: "transfer_permission", Meaning: "the keys can transfer to other accounts, which trading does not need",
			Remedy:        "turn off internal and universal transfers of the keys",
			KoreanMeaning: "거래에 필요 없는 계정 간 이체 권한이 키에 있음", KoreanRemedy: "키의 내부 이체와 유니버설 이체 권한을 해제",
		},
		{
			Name: "no_ip_list", Meaning: "the keys can be used from every address, and lose the permission to trade after some time",
			Remedy:        "restrict the keys to this machine's public address",
			KoreanMeaning: "키를 모든 주소에서 사용할 수 있고 일정 기간 뒤 거래 권한을 잃음", KoreanRemedy: "키를 이 서버의 공인 주소로 제한",
		},
		{
			Name: "symbol_not_permitted", Meaning: "the account lacks a permission that a declared symbol needs",
			Remedy:        "have the account approved for the symbol, or stop trading it",
			KoreanMeaning: "선언된 종목에 필요한 권한이 계정에 없음", KoreanRemedy: "그 종목에 대한 계정 승인을 받거나 거래를 중단",
		},
		{
			Name: "wrong_position_mode", Meaning: "the position mode of the account is not the declared one",
			Remedy:        "change the mode on the exchange, which needs closed positions, or correct position_mode",
			KoreanMeaning: "계정의 포지션 모드가 선언과 다름", KoreanRemedy: "포지션을 닫고 거래소에서 모드를 바꾸거나 position_mode를 수정",
		},
		{
			Name: "wrong_multi_assets", Meaning: "multi-assets mode is on or off, other than declared",
			Remedy:        "change the mode on the exchange, or correct multi_assets",
			KoreanMeaning: "멀티 에셋 모드가 선언과 다름", KoreanRemedy: "거래소에서 모드를 바꾸거나 multi_assets를 수정",
		},
		{
			Name: "wrong_margin_type", Meaning: "the margin type of a symbol is not the declared one",
			Remedy:        "change it on the exchange before a position is opened, or correct margin_type",
			KoreanMeaning: "종목의 마진 유형이 선언과 다름", KoreanRemedy: "포지션을 열기 전에 거래소에서 바꾸거나 margin_type을 수정",
		},
		{
			Name: "wrong_leverage", Meaning: "the leverage of a symbol is not the declared one",
			Remedy:        "change it on the exchange, or correct leverage",
			KoreanMeaning: "종목의 레버리지가 선언과 다름", KoreanRemedy: "거래소에서 바꾸거나 leverage를 수정",
		},
	}
}
