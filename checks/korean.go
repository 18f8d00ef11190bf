package checks

// The shipped checks in Korean. A check of your own can have its texts in its
// file: what a [Spec] says in Korean is its field Korean.

var environmentKorean = Twin{
	Name:  "환경 변수",
	Looks: "preflight.yml에 선언된 환경 변수가 있고 형식이 올바른지",
	Reasons: []Reason{
		{"missing", "변수가 설정되지 않음", "환경 또는 해당 환경의 .env 파일에 설정"},
		{"empty", "변수의 값이 비어 있음", "값을 넣거나, 선택 변수라면 제거"},
		{"malformed", "값이 선언된 형식이 아님", "preflight.yml에 선언된 형식으로 작성"},
		{"out_of_range", "숫자가 선언된 범위를 벗어남", "preflight.yml에 선언된 범위의 숫자로 변경"},
		{"not_allowed", "선언된 값 중 하나가 아님", "preflight.yml에 선언된 값 중에서 선택"},
		{"no_such_file", "값이 가리키는 파일이 없음", "파일을 그 위치에 두거나 경로를 수정"},
	},
}

var databaseKorean = Twin{
	Name:  "데이터베이스",
	Looks: "Redis가 PING에, PostgreSQL이 SELECT 1에 제한 시간 안에 응답하는지",
	Reasons: append([]Reason{
		{"not_configured", "주소 변수가 설정되지 않음", "REDIS_URL과 POSTGRES_DSN을 설정하거나 preflight.yml에서 해당 데이터베이스를 제거"},
		{"malformed", "주소를 해석할 수 없음", "redis://HOST:PORT/DB 또는 postgres://USER:PASSWORD@HOST:PORT/DATABASE 형식으로 작성"},
		{"loading", "서버가 시작 또는 종료 중이라 명령을 받지 않음", "기다리고, 오래 걸리면 서버 로그 확인"},
		{"no_such_database", "서버에 그 이름의 데이터베이스가 없음", "주소의 이름을 수정하거나 데이터베이스를 생성"},
		{"too_many_connections", "서버가 연결을 더 받지 않음", "연결을 점유한 쪽을 찾거나 한도를 늘릴 것"},
		{"refused_command", "서버가 오류로 응답함", "증거 파일의 상세 내용과 서버 로그 확인"},
	}, dialKorean()...),
}

// dialKorean are the twins of dialReasons.
func dialKorean() []Reason {
	return []Reason{
		{"connection_refused", "해당 주소에서 수신하는 프로그램이 없음", "서버를 시작하거나 주소를 수정"},
		{"timeout", "제한 시간 안에 응답이 없음", "서버 부하와 네트워크를 확인한 뒤 제한 시간을 검토"},
		{"host_not_found", "호스트 이름을 찾을 수 없음", "주소의 이름 또는 DNS를 수정"},
		{"auth_failed", "서버가 사용자 또는 비밀번호를 거부함", "주소의 인증 정보를 수정"},
		{"tls_failed", "보안 연결을 맺을 수 없음", "인증서와 그 이름, 기한, 주소의 TLS 설정 확인"},
		{"unreachable", "연결이 끊겼거나 맺을 수 없음", "네트워크와 서버 로그 확인"},
	}
}

// internalErrorKorean is the twin of the reason that every check has.
var internalErrorKorean = Reason{InternalError, "점검 자체가 고장 남", "증거 파일과 함께 보고: 대상의 상태는 알 수 없음"}
