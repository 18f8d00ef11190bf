package declared

import (
	"slices"

	"github.com/alertnative/preflight/checks/internal/reasons"
)

// limits returns the reasons that every declared check has.
func limits() reasons.List {
	return reasons.List{
		{
			Name: "above_limit", Meaning: "the number is above the limit",
			Remedy:        "inspect the measured system; the limit is in preflight.yml",
			KoreanMeaning: "값이 한도보다 큼", KoreanRemedy: "점검이 재는 대상을 확인: 한도는 preflight.yml에 있음",
		},
		{
			Name: "below_limit", Meaning: "the number is below the limit",
			Remedy:        "inspect the measured system; the limit is in preflight.yml",
			KoreanMeaning: "값이 한도보다 작음", KoreanRemedy: "점검이 재는 대상을 확인: 한도는 preflight.yml에 있음",
		},
	}
}

func httpReasons() reasons.List {
	return slices.Concat(limits(), reasons.List{
		reasons.PlainText(),
		{
			Name: "unexpected_status", Meaning: "the HTTP status is not one of the expected ones",
			Remedy:        "look at the service's log",
			KoreanMeaning: "HTTP 상태 코드가 예상과 다름", KoreanRemedy: "서비스의 로그 확인",
		},
		{
			Name: "unexpected_content", Meaning: "the answer does not contain the expected text",
			Remedy:        "read the service's answer and its log",
			KoreanMeaning: "응답에 예상한 문구가 없음", KoreanRemedy: "서비스의 응답과 로그 확인",
		},
		{
			Name: "not_configured", Meaning: "the variable with the address is not set",
			Remedy:        "set the variable that preflight.yml names",
			KoreanMeaning: "주소 변수가 설정되지 않음", KoreanRemedy: "preflight.yml에 지정된 변수를 설정",
		},
		{
			Name: "malformed", Meaning: "the address cannot be parsed",
			Remedy:        "write it as http://HOST:PORT/PATH",
			KoreanMeaning: "주소를 해석할 수 없음", KoreanRemedy: "http://HOST:PORT/PATH 형식으로 작성",
		},
	}, reasons.Connection())
}

func tcpReasons() reasons.List {
	return slices.Concat(limits(), reasons.List{
		{
			Name: "not_configured", Meaning: "the variable with the address is not set",
			Remedy:        "set the variable that preflight.yml names",
			KoreanMeaning: "주소 변수가 설정되지 않음", KoreanRemedy: "preflight.yml에 지정된 변수를 설정",
		},
		{
			Name: "malformed", Meaning: "the address cannot be parsed",
			Remedy:        "write it as HOST:PORT",
			KoreanMeaning: "주소를 해석할 수 없음", KoreanRemedy: "HOST:PORT 형식으로 작성",
		},
	}, reasons.Connection().Without("tls_failed"))
}

func commandReasons() reasons.List {
	return slices.Concat(limits(), reasons.List{
		{
			Name: "exit_code", Meaning: "the program failed",
			Remedy:        "run the command of preflight.yml by hand and read its output",
			KoreanMeaning: "프로그램이 실패함", KoreanRemedy: "preflight.yml의 명령을 직접 실행하고 출력을 확인",
		},
		{
			Name: "no_such_program", Meaning: "the program cannot be started",
			Remedy:        "install it, or correct the command in preflight.yml",
			KoreanMeaning: "프로그램을 시작할 수 없음", KoreanRemedy: "설치하거나 preflight.yml의 명령을 수정",
		},
		{
			Name: "not_a_number", Meaning: "limits are set, but the program did not print a number",
			Remedy:        "make the command print one number, or remove the limits",
			KoreanMeaning: "한도가 있는데 프로그램이 숫자를 출력하지 않음", KoreanRemedy: "명령이 숫자 하나를 출력하게 하거나 한도를 제거",
		},
		{
			Name: "timeout", Meaning: "the program did not finish in time",
			Remedy:        "run it by hand; then look at the timeout",
			KoreanMeaning: "프로그램이 제한 시간 안에 끝나지 않음", KoreanRemedy: "직접 실행해 본 뒤 제한 시간을 검토",
		},
	})
}

func sqlReasons() reasons.List {
	return slices.Concat(limits(), reasons.List{
		{
			Name: "no_value", Meaning: "the query gave no row, or NULL",
			Remedy:        "run the query of preflight.yml by hand; coalesce() gives a number instead",
			KoreanMeaning: "질의 결과에 행이 없거나 NULL", KoreanRemedy: "preflight.yml의 질의를 직접 실행: coalesce()로 숫자를 만들 수 있음",
		},
		{
			Name: "not_a_number", Meaning: "the first value is not a number",
			Remedy:        "make the query select one number as its first value",
			KoreanMeaning: "첫 번째 값이 숫자가 아님", KoreanRemedy: "질의가 숫자 하나를 먼저 선택하게 할 것",
		},
		{
			Name: "not_configured", Meaning: "the variable with the address is not set",
			Remedy:        "set the variable that preflight.yml names",
			KoreanMeaning: "주소 변수가 설정되지 않음", KoreanRemedy: "preflight.yml에 지정된 변수를 설정",
		},
		{
			Name: "malformed", Meaning: "the address cannot be parsed",
			Remedy:        "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE",
			KoreanMeaning: "주소를 해석할 수 없음", KoreanRemedy: "postgres://USER:PASSWORD@HOST:PORT/DATABASE 형식으로 작성",
		},
	}, reasons.Postgres(), reasons.Connection())
}
