package spec

import (
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/reasons"
)

// Secrets describes the check Secrets.
func Secrets() spec.Spec {
	all := reasons.List{
		{
			Name: "missing", Meaning: "the secret is not set, or the address has no password in it",
			Remedy:        "set it in the environment or in the .env file of this environment",
			KoreanMeaning: "비밀 값이 없거나 주소에 비밀번호가 없음", KoreanRemedy: "환경 또는 해당 환경의 .env 파일에 설정",
		},
		{
			Name: "placeholder", Meaning: "the value is a placeholder",
			Remedy:        "replace it with the real secret",
			KoreanMeaning: "예시 값이 그대로 있음", KoreanRemedy: "실제 비밀 값으로 교체",
		},
		{
			Name: "weak", Meaning: "the secret can be guessed",
			Remedy:        "make a new one with a generator, such as openssl rand -base64 32",
			KoreanMeaning: "추측할 수 있는 비밀 값", KoreanRemedy: "openssl rand -base64 32 같은 생성기로 새로 만들 것",
		},
		{
			Name: "shared", Meaning: "another environment has the same secret",
			Remedy:        "make a secret for each environment",
			KoreanMeaning: "다른 환경과 같은 비밀 값", KoreanRemedy: "환경마다 다른 비밀 값을 만들 것",
		},
		reasons.SetTwice(),
		{
			Name: "open_to_others", Meaning: "users other than the owner can read or change the file",
			Remedy:        "chmod 600 the file",
			KoreanMeaning: "소유자 외의 사용자가 파일을 읽거나 바꿀 수 있음", KoreanRemedy: "파일에 chmod 600 적용",
		},
		{
			Name: "no_such_file", Meaning: "the file does not exist",
			Remedy:        "put the file there, or correct the path in preflight.yml",
			KoreanMeaning: "파일이 없음", KoreanRemedy: "파일을 그 위치에 두거나 preflight.yml의 경로를 수정",
		},
		{
			Name: "unreadable", Meaning: "the file cannot be inspected",
			Remedy:        "run the preflight as the owner of the file",
			KoreanMeaning: "파일을 확인할 수 없음", KoreanRemedy: "파일의 소유자로 프리플라이트를 실행",
		},
	}
	return spec.Spec{
		Name:         "Secrets",
		Looks:        "secrets are present, not placeholders, strong, readable by their owner alone, and each environment has its own",
		Reasons:      all.English(),
		Translations: all.Korean("비밀 값", "비밀 값이 있고, 예시 값이 아니며, 충분히 강하고, 소유자만 읽을 수 있고, 환경마다 다른지"),
	}
}
