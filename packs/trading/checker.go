package trading

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

var outputFailing = rules.Alert{
	Name:     "PreflightOutputFailing",
	Severity: "P1",
	Expr:     `preflight_checker_output_last_write_successful == 0`,

	Title:   "Preflight cannot write",
	Summary: "the checker of {{ $labels.env }} cannot write its {{ $labels.output }}",
	Actions: []string{
		"read the checker's log: it names the file and the error",
		"check the disk's free space, and that the folder is writable for the checker's user",
		"textfile: results of the preflight no longer arrive, do not start trading",
	},
	About: "The checks run, but their results do not reach their readers: node_exporter reads the textfile, " +
		"`preflight gate` reads the evidence, and --junit asks for junit. " +
		"The checker keeps running and tries again at the next run.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "프리플라이트 기록 실패",
		Summary: "{{ $labels.env }} 점검기가 {{ $labels.output }}을(를) 기록할 수 없음",
		Actions: []string{
			"점검기 로그에서 파일과 오류 확인",
			"디스크 여유 공간과 점검기 사용자의 폴더 쓰기 권한 확인",
			"textfile인 경우 프리플라이트 결과가 전달되지 않으므로 거래를 시작하지 말 것",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{env}} {{output}}", Width: 12},

	Scenarios: []rules.Scenario{{
		Name: "fires for the output that fails, until it is written",
		Series: `
			preflight_checker_output_last_write_successful{job="preflight", instance="preflight:9916", env="ENV", output="textfile"}  1x4 0x10 1x10
			preflight_checker_output_last_write_successful{job="preflight", instance="preflight:9916", env="ENV", output="evidence"}  1x25`,
		Expect: []rules.Expect{
			rules.Quiet("4m"),
			rules.Fires("5m", `job="preflight", instance="preflight:9916", env="ENV", output="textfile"`),
			rules.Quiet("16m"),
		},
	}},
}

var configRefused = rules.Alert{
	Name:     "PreflightConfigRefused",
	Severity: "P1",
	Expr:     `preflight_checker_config_last_reload_successful == 0`,

	Title:   "Preflight's configuration refused",
	Summary: "the checker of {{ $labels.env }} cannot read its configuration and keeps using the previous one",
	Actions: []string{
		"read the checker's log: it names the file, the line and the key",
		"run `preflight list` with that file until it is accepted",
	},
	About: "preflight.yml or the .env file was changed and cannot be read. " +
		"The change is not in force, and the checker will not start again with this file.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "프리플라이트 설정 적용 실패",
		Summary: "{{ $labels.env }} 점검기가 새 설정을 읽을 수 없어 이전 설정으로 동작 중",
		Actions: []string{
			"점검기 로그에서 파일, 줄, 키 확인",
			"해당 파일로 `preflight list`가 성공할 때까지 수정",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{env}}", Width: 12},

	Scenarios: []rules.Scenario{{
		Name: "fires while it is refused",
		Series: `
			preflight_checker_config_last_reload_successful{job="preflight", instance="preflight:9916", env="ENV"}  1x4 0x10 1x10`,
		Expect: []rules.Expect{
			rules.Quiet("4m"),
			rules.Fires("5m", `job="preflight", instance="preflight:9916", env="ENV"`),
			rules.Quiet("16m"),
		},
	}},
}
