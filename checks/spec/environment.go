package spec

import (
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/reasons"
)

// Environment describes the check Environment.
func Environment() spec.Spec {
	all := reasons.List{
		{
			Name: "missing", Meaning: "the variable is not set",
			Remedy:        "set it in the environment or in the .env file of this environment",
			KoreanMeaning: "변수가 설정되지 않음", KoreanRemedy: "환경 또는 해당 환경의 .env 파일에 설정",
		},
		{
			Name: "empty", Meaning: "the variable is empty",
			Remedy:        "give it a value, or remove it if it is optional",
			KoreanMeaning: "변수의 값이 비어 있음", KoreanRemedy: "값을 넣거나, 선택 변수라면 제거",
		},
		{
			Name: "malformed", Meaning: "the value is not of the declared format",
			Remedy:        "write it in the format that preflight.yml declares",
			KoreanMeaning: "값이 선언된 형식이 아님", KoreanRemedy: "preflight.yml에 선언된 형식으로 작성",
		},
		{
			Name: "out_of_range", Meaning: "the number is outside the declared range",
			Remedy:        "choose a number in the range that preflight.yml declares",
			KoreanMeaning: "숫자가 선언된 범위를 벗어남", KoreanRemedy: "preflight.yml에 선언된 범위의 숫자로 변경",
		},
		{
			Name: "not_allowed", Meaning: "the value is not one of the declared ones",
			Remedy:        "choose one of the values that preflight.yml declares",
			KoreanMeaning: "선언된 값 중 하나가 아님", KoreanRemedy: "preflight.yml에 선언된 값 중에서 선택",
		},
		{
			Name: "no_such_file", Meaning: "the file that the value names does not exist",
			Remedy:        "put the file there, or correct the path",
			KoreanMeaning: "값이 가리키는 파일이 없음", KoreanRemedy: "파일을 그 위치에 두거나 경로를 수정",
		},
		reasons.SetTwice(),
	}
	return spec.Spec{
		Name:         "Environment",
		Looks:        "the environment variables that preflight.yml declares are present and well formed",
		Reasons:      all.English(),
		Translations: all.Korean("환경 변수", "preflight.yml에 선언된 환경 변수가 있고 형식이 올바른지"),
	}
}
