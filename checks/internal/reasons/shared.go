package reasons

// Connection returns the reasons of checks that connect to a server.
func Connection() List {
	return List{
		{
			Name: "connection_refused", Meaning: "nothing listens at the address",
			Remedy:        "start the server, or correct the address",
			KoreanMeaning: "해당 주소에서 수신하는 프로그램이 없음", KoreanRemedy: "서버를 시작하거나 주소를 수정",
		},
		{
			Name: "timeout", Meaning: "no answer came in time",
			Remedy:        "look at the server's load and at the network between; then at the timeout",
			KoreanMeaning: "제한 시간 안에 응답이 없음", KoreanRemedy: "서버 부하와 네트워크를 확인한 뒤 제한 시간을 검토",
		},
		{
			Name: "host_not_found", Meaning: "the host's name is not known",
			Remedy:        "correct the name in the address, or the name server",
			KoreanMeaning: "호스트 이름을 찾을 수 없음", KoreanRemedy: "주소의 이름 또는 DNS를 수정",
		},
		{
			Name: "tls_failed", Meaning: "no secure connection could be made",
			Remedy:        "check the certificate, its names and its date, and the TLS setting in the address",
			KoreanMeaning: "보안 연결을 맺을 수 없음", KoreanRemedy: "인증서와 그 이름, 기한, 주소의 TLS 설정 확인",
		},
		{
			Name: "unreachable", Meaning: "the connection broke or could not be made",
			Remedy:        "look at the network and at the server's log",
			KoreanMeaning: "연결이 끊겼거나 맺을 수 없음", KoreanRemedy: "네트워크와 서버 로그 확인",
		},
	}
}

// Postgres returns the reasons of checks that use PostgreSQL.
func Postgres() List {
	return List{
		PlainText(), UnverifiedTLS(),
		{
			Name: "auth_failed", Meaning: "the server refused the user or the password",
			Remedy:        "correct the credentials in the address",
			KoreanMeaning: "서버가 사용자 또는 비밀번호를 거부함", KoreanRemedy: "주소의 인증 정보를 수정",
		},
		{
			Name: "loading", Meaning: "the server is starting or stopping and takes no commands",
			Remedy:        "wait; read its log if it takes long",
			KoreanMeaning: "서버가 시작 또는 종료 중이라 명령을 받지 않음", KoreanRemedy: "기다리고, 오래 걸리면 서버 로그 확인",
		},
		{
			Name: "no_such_database", Meaning: "the server has no database of that name",
			Remedy:        "correct the name in the address, or create the database",
			KoreanMeaning: "서버에 그 이름의 데이터베이스가 없음", KoreanRemedy: "주소의 이름을 수정하거나 데이터베이스를 생성",
		},
		{
			Name: "too_many_connections", Meaning: "the server takes no more connections",
			Remedy:        "find the clients that hold them, or raise the limit",
			KoreanMeaning: "서버가 연결을 더 받지 않음", KoreanRemedy: "연결을 점유한 쪽을 찾거나 한도를 늘릴 것",
		},
		{
			Name: "session_attrs", Meaning: "no server of the address is of the kind that target_session_attrs demands",
			Remedy:        "look for the primary or the standby that is missing, or correct target_session_attrs in the address",
			KoreanMeaning: "target_session_attrs가 요구하는 종류의 서버가 주소에 없음", KoreanRemedy: "빠진 주 서버 또는 대기 서버를 확인하거나 주소의 target_session_attrs를 수정",
		},
		{
			Name: "wrong_server", Meaning: "a server of another kind answers at the address",
			Remedy:        "correct the host and the port in the address; the variables of two servers may be swapped",
			KoreanMeaning: "해당 주소에서 다른 종류의 서버가 응답함", KoreanRemedy: "주소의 호스트와 포트를 수정: 두 서버의 변수가 바뀌었을 수 있음",
		},
		{
			Name: "refused_command", Meaning: "the server answered with an error",
			Remedy:        "read the detail in the evidence, and the server's log",
			KoreanMeaning: "서버가 오류로 응답함", KoreanRemedy: "증거 파일의 상세 내용과 서버 로그 확인",
		},
	}
}

// Exchange returns the reasons of checks that call exchanges.
func Exchange() List {
	return append(List{
		OtherHost(), PlainText(),
		{
			Name: "malformed", Meaning: "the address of the API cannot be parsed",
			Remedy:        "write it as https://HOST, without a path",
			KoreanMeaning: "API 주소를 해석할 수 없음", KoreanRemedy: "경로 없이 https://HOST 형식으로 작성",
		},
		{
			Name: "maintenance", Meaning: "the exchange is under maintenance",
			Remedy:        "wait until the maintenance is over; do not trade on this exchange",
			KoreanMeaning: "거래소가 점검 중", KoreanRemedy: "점검이 끝날 때까지 기다리고 그 거래소에서 거래하지 말 것",
		},
		{
			Name: "rate_limited", Meaning: "the exchange reports too many requests from this address or account",
			Remedy:        "find the program that calls so often; wait for the time that the exchange gives",
			KoreanMeaning: "요청이 너무 잦다고 거래소가 응답함", KoreanRemedy: "무엇이 자주 요청하는지 찾고 거래소가 말한 만큼 대기",
		},
		{
			Name: "banned", Meaning: "the exchange has banned this address for too many requests",
			Remedy:        "stop all calls until the ban is over, then find the program that called so often",
			KoreanMeaning: "요청이 너무 잦아 거래소가 이 주소를 차단함", KoreanRemedy: "차단이 풀릴 때까지 요청을 멈추고 원인을 찾을 것",
		},
		{
			Name: "blocked", Meaning: "the exchange does not serve this address: its firewall, or the law of the country",
			Remedy:        "stop programs that call too often, and wait; call from an address that the exchange serves",
			KoreanMeaning: "거래소가 이 주소에 서비스하지 않음: 방화벽 또는 국가 규제", KoreanRemedy: "너무 자주 호출하는 프로그램을 멈추고 기다리거나, 서비스되는 주소에서 호출",
		},
		{
			Name: "server_error", Meaning: "the exchange reports an internal error",
			Remedy:        "wait; look at the exchange's status page",
			KoreanMeaning: "거래소가 오류로 응답함", KoreanRemedy: "기다리고, 거래소 상태 페이지 확인",
		},
		{
			Name: "unexpected_answer", Meaning: "the exchange answers with a status or an error that the check does not know",
			Remedy:        "look up the error in the exchange's documentation; without one check the address: a proxy may answer instead of the exchange",
			KoreanMeaning: "알려지지 않은 상태 코드 또는 오류로 응답함", KoreanRemedy: "거래소 문서에서 오류를 찾고, 오류가 없으면 주소 확인: 프록시가 대신 응답할 수 있음",
		},
		{
			Name: "bad_answer", Meaning: "the answer lacks something, or has it twice or in another form than documented, so nothing is known",
			Remedy:        "check the address; a proxy may answer instead of the exchange; look for a change of its API",
			KoreanMeaning: "응답에 필요한 값이 없거나 중복되거나 문서와 형식이 달라 상태를 알 수 없음", KoreanRemedy: "주소 확인: 프록시가 대신 응답할 수 있음; 거래소 API 변경 여부 확인",
		},
		{
			Name: "clock_skew", Meaning: "this machine's clock and the exchange's are too far apart",
			Remedy:        "set the clock (chronyc tracking, timedatectl); the exchange refuses signed calls",
			KoreanMeaning: "이 서버와 거래소의 시계 차이가 너무 큼", KoreanRemedy: "시계를 맞출 것 (chronyc tracking, timedatectl): 거래소가 서명된 호출을 거부함",
		},
	}, Connection()...)
}

// SetTwice is the reason of a variable that a .env file sets more than once.
func SetTwice() Reason {
	return Reason{
		Name: "set_twice", Meaning: "the .env file sets the variable more than once, and the last line counts",
		Remedy:        "keep one of the lines that the detail names",
		KoreanMeaning: ".env 파일이 한 변수를 두 번 이상 설정하며 마지막 줄이 적용됨", KoreanRemedy: "상세 내용에 있는 줄 중 하나만 남길 것",
	}
}

// OtherHost is the reason of an exchange's address that is not the exchange.
func OtherHost() Reason {
	return Reason{
		Name: "other_host", Meaning: "in an environment that trades for real, the address is not the exchange's",
		Remedy:        "remove the address from the .env file, or waive the risk under live_waivers in preflight.yml with the reason",
		KoreanMeaning: "실거래 환경인데 주소가 거래소의 주소가 아님", KoreanRemedy: ".env 파일에서 주소를 제거하거나, 이유를 적어 preflight.yml의 live_waivers에 예외로 등록",
	}
}

// PlainText is the reason of a connection that others can read on its way.
func PlainText() Reason {
	return Reason{
		Name: "plain_text", Meaning: "in an environment that trades for real, a connection to another machine may be without TLS",
		Remedy:        "use https, rediss, or sslmode=verify-full; or waive the risk under live_waivers in preflight.yml with the reason",
		KoreanMeaning: "실거래 환경인데 다른 서버로의 연결이 TLS 없이 이루어질 수 있음", KoreanRemedy: "https, rediss 또는 sslmode=verify-full을 사용하거나, 이유를 적어 preflight.yml의 live_waivers에 예외로 등록",
	}
}

// UnverifiedTLS is the reason of a connection whose server is not verified.
func UnverifiedTLS() Reason {
	return Reason{
		Name: "unverified_tls", Meaning: "in an environment that trades for real, the certificate of another machine is not verified",
		Remedy:        "use sslmode=verify-full, or leave out skip_verify; or waive the risk under live_waivers in preflight.yml with the reason",
		KoreanMeaning: "실거래 환경인데 다른 서버의 인증서를 검증하지 않음", KoreanRemedy: "sslmode=verify-full을 사용하거나 skip_verify를 제거하거나, 이유를 적어 preflight.yml의 live_waivers에 예외로 등록",
	}
}
