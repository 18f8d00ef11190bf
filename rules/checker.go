package rules

// Checker is the group of alerts on a checker that stays up: what it found out
// must get where it is read.
func Checker() Group {
	return Group{
		Name:   "checker",
		Labels: map[string]string{"source": "pipeline"},
		Alerts: []Alert{
			{
				Name:     "PreflightOutputFailing",
				Priority: P1,
				Expr:     `preflight_checker_output_last_write_successful == 0`,
				Title:    Text{"Preflight cannot write", "프리플라이트 기록 실패"},
				Summary:  Text{"the checker of {{ $labels.env }} cannot write its {{ $labels.output }}", "{{ $labels.env }} 점검기가 {{ $labels.output }}을(를) 기록할 수 없음"},
				Actions: []Text{
					{"read the checker's log: it names the file and the error", "점검기 로그에서 파일과 오류 확인"},
					{"check the disk's free space, and that the folder is writable for the checker's user", "디스크 여유 공간과 점검기 사용자의 폴더 쓰기 권한 확인"},
					{"textfile: results of the preflight no longer arrive, do not start trading", "textfile인 경우 프리플라이트 결과가 전달되지 않으므로 거래를 시작하지 말 것"},
				},
				About: "The checks run, and their outcome does not get where it is read: textfile is what node_exporter reads, evidence what `preflight gate` reads, junit what was asked for with --junit. " +
					"The checker stays up and tries again at the next run.",
				Scenarios: []Scenario{{
					Name: "fires for the output that fails, until it is written",
					Series: []Series{
						{`preflight_checker_output_last_write_successful{job="preflight",instance="preflight:9916",env="paper",output="textfile"}`, "1x4 0x10 1x10"},
						{`preflight_checker_output_last_write_successful{job="preflight",instance="preflight:9916",env="paper",output="evidence"}`, "1x25"},
					},
					Expect: []Expect{
						{At: "4m"},
						{At: "5m", Firing: []Instance{{Labels: map[string]string{"job": "preflight", "instance": "preflight:9916", "env": "paper", "output": "textfile"}}}},
						{At: "16m"},
					},
				}},
			},
			{
				Name:     "PreflightConfigRefused",
				Priority: P1,
				Expr:     `preflight_checker_config_last_reload_successful == 0`,
				Title:    Text{"Preflight's configuration refused", "프리플라이트 설정 적용 실패"},
				Summary:  Text{"the checker of {{ $labels.env }} cannot read its configuration and goes on with the one before", "{{ $labels.env }} 점검기가 새 설정을 읽을 수 없어 이전 설정으로 동작 중"},
				Actions: []Text{
					{"read the checker's log: it names the file, the line and the key", "점검기 로그에서 파일, 줄, 키 확인"},
					{"run `preflight list` with that file until it is accepted", "해당 파일로 `preflight list`가 성공할 때까지 수정"},
				},
				About: "preflight.yml or the .env file was changed and cannot be read. What was changed is not checked, and after a restart nothing will be.",
				Scenarios: []Scenario{{
					Name: "fires while it is refused",
					Series: []Series{
						{`preflight_checker_config_last_reload_successful{job="preflight",instance="preflight:9916",env="paper"}`, "1x4 0x10 1x10"},
					},
					Expect: []Expect{
						{At: "4m"},
						{At: "5m", Firing: []Instance{{Labels: map[string]string{"job": "preflight", "instance": "preflight:9916", "env": "paper"}}}},
						{At: "16m"},
					},
				}},
			},
		},
	}
}
