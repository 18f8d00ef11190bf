package message

import (
	"fmt"
	"time"
)

func korean() Words {
	return Words{
		language: "ko",

		Source: "출처", Time: "시각", Environment: "환경",
		Actions: "권장 조치",
		Alerts:  "알림", Alert: "알림", Labels: "레이블",
		Resolved: "해소됨", StillFiring: "계속 발생 중",
		Runbook: "런북", Dashboard: "대시보드", Graph: "그래프", Silence: "사일런스", Image: "이미지",

		ResolvedTitle: func(priority, title string) string {
			if priority == "" {
				return "해소: " + title
			}
			return priority + " 해소: " + title
		},
		ResolvedAfter: func(title, d string) string { return title + " (" + d + " 만에 해소)" },
		FiringFor:     func(title, d string) string { return title + " (" + d + "째 지속 중)" },
		DigestTitle:   func(n int) string { return fmt.Sprintf("그 사이 발생했다가 해소된 알림 %d건", n) },
		After:         func(d string) string { return d + " 만에 해소" },
		Closed: map[Closed]string{
			Silenced:     "사일런스 중에 종료",
			Inhibited:    "억제 중에 종료",
			Gone:         "종료, Alertmanager에 더 이상 없음",
			Superseded:   "종료, 다시 발생",
			NoHeartbeat:  "알림 파이프라인 중단 중에 종료",
			NotEvaluated: "종료, 24시간 동안 평가되지 않음",
			RuleRemoved:  "종료, 규칙이 삭제됨",
		},
		Unverified: "(확인되지 않음)", Stale: "더 이상 평가되지 않음",
		Again:    func(time string) string { return time + "부터 다시 발생" },
		Silenced: "사일런스됨",
		SilencedUntil: func(time, by string, n int) string {
			text := time + "까지 사일런스됨"
			if by != "" {
				text += " (설정: " + by + ")"
			}
			if n > 0 {
				text = fmt.Sprintf("알림 %d건, %s", n, text)
			}
			return text
		},
		NoData: "데이터 없음", QueryFailed: "쿼리 실패",
		More: func(n int) string { return fmt.Sprintf("… 외 %d건 계속 발생 중", n) },
		LeftOut: func(n int) string {
			return fmt.Sprintf("알림의 레이블과 어노테이션이 너무 많아 %d개를 생략함", n)
		},
		PostedTo: func(path string) string { return "이 웹훅이 모르는 경로 " + path + "에서 수신됨" },
		Truncated: func(n uint64) string {
			return fmt.Sprintf("… 외 %d건은 Alertmanager가 생략함 (max_alerts)", n)
		},
		Test: "✅ preflight-webhook 시험: 이 채팅으로 알림이 옵니다",
		Minimum: func(alerts string, resolved bool) string {
			if resolved {
				alerts += " 해소"
			}
			return alerts + ", 본문 거부됨"
		},
		AndTitles: func(title string, n int) string { return fmt.Sprintf("%s (외 %d건)", title, n) },
		Duration:  func(d time.Duration) string { return units(d, "일", "시간", "분", "초") },
	}
}
