package spec

import (
	"slices"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/reasons"
)

// OpenPositions describes the check Open Positions.
func OpenPositions() spec.Spec {
	all := append(reasons.List{
		{
			Name: "unexpected_position", Meaning: "the account holds a position that is not allowed, or a larger one",
			Remedy:        "find out who opened it; close it, or allow it under open_positions, allow: {exchange: TARGET, asset: NAME}, and the wallet if the detail names one",
			KoreanMeaning: "허용되지 않은 포지션이 있거나 허용량을 넘음", KoreanRemedy: "누가 열었는지 확인하고, 청산하거나 open_positions의 allow에서 허용: {exchange: TARGET, asset: NAME}, 상세 내용에 지갑이 있으면 wallet도 추가",
		},
		{
			Name: "withdrawal_permission", Meaning: "the keys have permissions for withdrawals, which trading does not need",
			Remedy:        "make keys that can only read and trade",
			KoreanMeaning: "거래에 필요 없는 출금 관련 권한이 키에 있음", KoreanRemedy: "조회와 거래만 가능한 키를 발급",
		},
		{
			Name: "not_configured", Meaning: "keys of the exchange are not set",
			Remedy:        "set the variables with the exchange's keys",
			KoreanMeaning: "거래소 키가 설정되지 않음", KoreanRemedy: "거래소 키 변수를 설정",
		},
		{
			Name: "auth_failed", Meaning: "the exchange refuses the keys or the signature",
			Remedy:        "correct the keys, which belong to one account and one network; on Binance also check the key's list of IP addresses and its permissions",
			KoreanMeaning: "거래소가 키 또는 서명을 거부함", KoreanRemedy: "키를 수정: 키는 한 계정과 한 네트워크에만 속함; 바이낸스에서는 키의 IP 허용 목록과 권한도 확인",
		},
		{
			Name: "key_expired", Meaning: "the keys are no longer valid",
			Remedy:        "make new keys on the exchange's site",
			KoreanMeaning: "키의 유효 기간이 지남", KoreanRemedy: "거래소 사이트에서 새 키를 발급",
		},
		{
			Name: "ip_not_allowed", Meaning: "the keys may not be used from this address",
			Remedy:        "add this machine's public address to the keys' list",
			KoreanMeaning: "이 주소에서 사용할 수 없는 키", KoreanRemedy: "이 서버의 공인 주소를 키의 허용 목록에 추가",
		},
		{
			Name: "missing_permission", Meaning: "the keys may not read the account or its orders",
			Remedy:        "give them the permission to read",
			KoreanMeaning: "키로 계정 또는 주문을 조회할 수 없음", KoreanRemedy: "조회 권한을 부여",
		},
	}, slices.Concat(holdings(), keysAndSettings(), reasons.Exchange(), reasons.Symbols())...)
	return spec.Spec{
		Name:         "Open Positions",
		Looks:        "the accounts on the exchanges have only allowed positions and orders, and keys and settings are as declared",
		Network:      true,
		Sections:     []string{Exchanges, LiveWaivers},
		Reasons:      all.English(),
		Translations: all.Korean("보유 포지션", "거래소 계정에 허용된 포지션과 주문만 있고 키와 설정이 선언과 같은지"),
	}
}
