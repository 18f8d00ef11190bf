package checks

// shippedKorean returns the texts of a shipped check in Korean. A check of your
// own has them in its [Spec].
func shippedKorean(check string) Twin {
	switch check {
	case "Environment":
		return Twin{"환경 변수", "preflight.yml에 선언된 환경 변수가 있고 형식이 올바른지", []Reason{
			{"missing", "변수가 설정되지 않음", "환경 또는 해당 환경의 .env 파일에 설정"},
			{"empty", "변수의 값이 비어 있음", "값을 넣거나, 선택 변수라면 제거"},
			{"malformed", "값이 선언된 형식이 아님", "preflight.yml에 선언된 형식으로 작성"},
			{"out_of_range", "숫자가 선언된 범위를 벗어남", "preflight.yml에 선언된 범위의 숫자로 변경"},
			{"not_allowed", "선언된 값 중 하나가 아님", "preflight.yml에 선언된 값 중에서 선택"},
			{"no_such_file", "값이 가리키는 파일이 없음", "파일을 그 위치에 두거나 경로를 수정"},
		}}
	case "Secrets":
		return Twin{"비밀 값", "비밀 값이 있고, 예시 값이 아니며, 충분히 강하고, 소유자만 읽을 수 있고, 환경마다 다른지", []Reason{
			{"missing", "비밀 값이 없거나 주소에 비밀번호가 없음", "환경 또는 해당 환경의 .env 파일에 설정"},
			{"placeholder", "예시 값이 그대로 있음", "실제 비밀 값으로 교체"},
			{"weak", "추측할 수 있는 비밀 값", "openssl rand -base64 32 같은 생성기로 새로 만들 것"},
			{"shared", "다른 환경과 같은 비밀 값", "환경마다 다른 비밀 값을 만들 것"},
			{"open_to_others", "소유자 외의 사용자가 파일을 읽거나 바꿀 수 있음", "파일에 chmod 600 적용"},
			{"no_such_file", "파일이 없음", "파일을 그 위치에 두거나 preflight.yml의 경로를 수정"},
			{"unreadable", "파일을 확인할 수 없음", "파일의 소유자로 프리플라이트를 실행"},
		}}
	case "Live Safety":
		return Twin{"실거래 안전장치", "실거래가 실수로 시작될 수 없는지: 읽기 전용 가드, 실행기 가드, 실거래 키가 환경과 일치하는지", []Reason{
			{"missing", "가드 변수가 없어 프로그램이 스스로 결정함", "안전 값으로, 실거래가 의도된 곳에서는 활성 값으로 설정"},
			{"malformed", "변수가 안전 값도 활성 값도 아님", "preflight.yml에 선언된 두 값 중 하나로 작성"},
			{"armed", "실거래 환경이 아닌데 가드가 해제됨", "안전 값으로 되돌리고 누가 바꿨는지 확인"},
			{"not_armed", "실거래 환경인데 활성화된 가드가 없음", "실거래를 시작하려 할 때만 모든 가드를 활성화"},
			{"inconsistent", "실거래 환경에서 일부 가드만 활성화됨", "모두 활성화하거나 모두 해제"},
			{"live_keys", "실거래 환경이 아닌데 실거래 키가 있음", "키를 제거하고, 있어서는 안 될 곳에 있었다면 새로 발급"},
			{"missing_keys", "실거래 환경인데 키가 없음", "실거래 환경에 거래소 키를 설정"},
		}}
	case "Database":
		return Twin{"데이터베이스", "Redis가 PING에, PostgreSQL이 SELECT 1에 제한 시간 안에 응답하는지", []Reason{
			{"not_configured", "주소 변수가 설정되지 않음", "REDIS_URL과 POSTGRES_DSN을 설정하거나 preflight.yml에서 해당 데이터베이스를 제거"},
			{"malformed", "주소를 해석할 수 없음", "redis://HOST:PORT/DB 또는 postgres://USER:PASSWORD@HOST:PORT/DATABASE 형식으로 작성"},
			{"read_only", "복제본 또는 대기 서버라 쓰기를 받지 않음", "주소를 주 서버로 바꾸거나, 읽기로 충분하면 preflight.yml에 read_only: true 지정"},
		}}
	case "Exchange Health":
		return Twin{"거래소 상태", "거래소의 공개 API가 제한 시간 안에 응답하고 시계가 이 서버와 맞는지", []Reason{
			{"slow", "거래소가 응답하지만 허용된 시간보다 느림", "거래소까지의 네트워크와 상태 페이지 확인"},
		}}
	case "Open Positions":
		return Twin{"보유 포지션", "거래소 계정에 허용된 것만 있고 키로 출금할 수 없는지", []Reason{
			{"unexpected_position", "허용되지 않은 포지션이 있거나 허용량을 넘음", "누가 열었는지 확인하고, 청산하거나 preflight.yml에서 허용"},
			{"withdrawal_permission", "거래에 필요 없는 출금 관련 권한이 키에 있음", "조회와 거래만 가능한 키를 발급"},
			{"not_configured", "거래소 키가 설정되지 않음", "거래소 키 변수를 설정"},
			{"auth_failed", "거래소가 키 또는 서명을 거부함", "키를 수정: 키는 한 계정과 한 네트워크에만 속함"},
			{"key_expired", "키의 유효 기간이 지남", "거래소 사이트에서 새 키를 발급"},
			{"ip_not_allowed", "이 주소에서 사용할 수 없는 키", "이 서버의 공인 주소를 키의 허용 목록에 추가"},
			{"missing_permission", "키로 계정을 조회할 수 없음", "조회 권한을 부여"},
		}}
	case "Git Safety":
		return Twin{"Git 안전성", "거래에 쓰일 체크아웃이 깨끗하고, 예상한 브랜치나 태그이며, 비밀 파일을 추적하지 않는지", []Reason{
			{"dirty", "추적 중인 파일이 커밋과 다름", "변경을 커밋하거나 git restore로 되돌릴 것"},
			{"untracked_files", "git이 모르는 파일이 있음", "커밋하거나, 지우거나, .gitignore에 추가"},
			{"wrong_branch", "예상과 다른 브랜치가 체크아웃됨", "preflight.yml에 지정된 브랜치로 git switch"},
			{"wrong_tag", "커밋에 예상한 형식의 태그가 없음", "출시된 버전을 체크아웃하거나 태그를 달 것"},
			{"no_commit", "저장소에 커밋이 없음", "거래에 쓰일 코드를 커밋"},
			{"tracked_secret", "비밀로 보이는 파일이 추적됨", "git rm --cached로 제거하고, 비밀 값을 바꾸고, 이력에서도 제거"},
			{"not_a_repository", "git 체크아웃이 아닌 폴더", "preflight.yml의 repository를 수정하거나 체크아웃을 배포"},
			{"no_git", "git 프로그램이 없음", "git을 설치"},
			{"git_failed", "git이 오류로 응답함", "상세 내용 확인: 소유자가 다르면 git config --global --add safe.directory"},
			{"timeout", "git이 제한 시간 안에 끝나지 않음", "체크아웃의 크기와 디스크 확인"},
		}}
	case "Migrations":
		return Twin{"마이그레이션", "PostgreSQL 스키마가 폴더의 최신 마이그레이션 버전인지", []Reason{
			{"behind", "적용되지 않은 마이그레이션이 있음", "거래 전에 마이그레이션을 적용"},
			{"ahead", "폴더에 없는 마이그레이션이 데이터베이스에 있음", "스키마에 맞는 코드를 배포하거나 스키마를 되돌릴 것"},
			{"dirty", "마이그레이션이 도중에 실패함", "스키마를 직접 복구한 뒤 버전을 강제 지정 (migrate force)"},
			{"not_migrated", "마이그레이션 도구의 테이블이 없거나 비어 있음", "마이그레이션을 적용하거나 preflight.yml의 table을 수정"},
			{"no_migrations", "폴더에 마이그레이션이 없음", "preflight.yml의 folder를 수정하거나 코드와 함께 배포"},
			{"not_configured", "주소 변수가 설정되지 않음", "preflight.yml에 지정된 변수를 설정"},
			{"malformed", "주소를 해석할 수 없음", "postgres://USER:PASSWORD@HOST:PORT/DATABASE 형식으로 작성"},
		}}
	}
	return Twin{}
}

// ownKorean returns the reasons of the checks that preflight.yml adds. Their
// names and what they look at are written there.
func ownKorean(p probe) []Reason {
	twins := []Reason{
		{"above_limit", "값이 한도보다 큼", "점검이 재는 대상을 확인: 한도는 preflight.yml에 있음"},
		{"below_limit", "값이 한도보다 작음", "점검이 재는 대상을 확인: 한도는 preflight.yml에 있음"},
		{"not_configured", "주소 변수가 설정되지 않음", "preflight.yml에 지정된 변수를 설정"},
	}
	switch p.(type) {
	case httpProbe:
		return append(twins,
			Reason{"malformed", "주소를 해석할 수 없음", "http://HOST:PORT/PATH 형식으로 작성"},
			Reason{"unexpected_status", "HTTP 상태 코드가 예상과 다름", "서비스의 로그 확인"},
			Reason{"unexpected_content", "응답에 예상한 문구가 없음", "서비스의 응답과 로그 확인"},
		)
	case tcpProbe:
		return append(twins, Reason{"malformed", "주소를 해석할 수 없음", "HOST:PORT 형식으로 작성"})
	case commandProbe:
		return append(twins,
			Reason{"exit_code", "프로그램이 실패함", "preflight.yml의 명령을 직접 실행하고 출력을 확인"},
			Reason{"no_such_program", "프로그램을 시작할 수 없음", "설치하거나 preflight.yml의 명령을 수정"},
			Reason{"not_a_number", "한도가 있는데 프로그램이 숫자를 출력하지 않음", "명령이 숫자 하나를 출력하게 하거나 한도를 제거"},
			Reason{"timeout", "프로그램이 제한 시간 안에 끝나지 않음", "직접 실행해 본 뒤 제한 시간을 검토"},
		)
	case sqlProbe:
		return append(twins,
			Reason{"malformed", "주소를 해석할 수 없음", "postgres://USER:PASSWORD@HOST:PORT/DATABASE 형식으로 작성"},
			Reason{"no_value", "질의 결과에 행이 없거나 NULL", "preflight.yml의 질의를 직접 실행: coalesce()로 숫자를 만들 수 있음"},
			Reason{"not_a_number", "첫 번째 값이 숫자가 아님", "질의가 숫자 하나를 먼저 선택하게 할 것"},
		)
	}
	return twins
}

// commonKorean are the twins of reasons that several checks have.
func commonKorean() []Reason {
	return []Reason{
		{InternalError, "점검 자체가 고장 남", "증거 파일과 함께 보고: 대상의 상태는 알 수 없음"},
		{"connection_refused", "해당 주소에서 수신하는 프로그램이 없음", "서버를 시작하거나 주소를 수정"},
		{"timeout", "제한 시간 안에 응답이 없음", "서버 부하와 네트워크를 확인한 뒤 제한 시간을 검토"},
		{"host_not_found", "호스트 이름을 찾을 수 없음", "주소의 이름 또는 DNS를 수정"},
		{"auth_failed", "서버가 사용자 또는 비밀번호를 거부함", "주소의 인증 정보를 수정"},
		{"tls_failed", "보안 연결을 맺을 수 없음", "인증서와 그 이름, 기한, 주소의 TLS 설정 확인"},
		{"unreachable", "연결이 끊겼거나 맺을 수 없음", "네트워크와 서버 로그 확인"},
		{"loading", "서버가 시작 또는 종료 중이라 명령을 받지 않음", "기다리고, 오래 걸리면 서버 로그 확인"},
		{"no_such_database", "서버에 그 이름의 데이터베이스가 없음", "주소의 이름을 수정하거나 데이터베이스를 생성"},
		{"too_many_connections", "서버가 연결을 더 받지 않음", "연결을 점유한 쪽을 찾거나 한도를 늘릴 것"},
		{"refused_command", "서버가 오류로 응답함", "증거 파일의 상세 내용과 서버 로그 확인"},
		{"malformed", "API 주소를 해석할 수 없음", "경로 없이 https://HOST 형식으로 작성"},
		{"maintenance", "거래소가 점검 중", "점검이 끝날 때까지 기다리고 그 거래소에서 거래하지 말 것"},
		{"rate_limited", "요청이 너무 잦다고 거래소가 응답함", "무엇이 자주 요청하는지 찾고 거래소가 말한 만큼 대기"},
		{"banned", "요청이 너무 잦아 거래소가 이 주소를 차단함", "차단이 풀릴 때까지 요청을 멈추고 원인을 찾을 것"},
		{"blocked", "거래소가 이 주소에 서비스하지 않음: 방화벽 또는 국가 규제", "서비스되는 주소에서 호출"},
		{"server_error", "거래소가 오류로 응답함", "기다리고, 거래소 상태 페이지 확인"},
		{"unexpected_answer", "거래소 문서와 다른 응답", "주소 확인: 프록시가 대신 응답할 수 있음"},
		{"clock_skew", "이 서버와 거래소의 시계 차이가 너무 큼", "시계를 맞출 것 (chronyc tracking, timedatectl): 거래소가 서명된 호출을 거부함"},
	}
}
