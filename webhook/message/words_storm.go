package message

import (
	"fmt"
	"time"
)

// StormWords are the texts about many alerts, and about alerts that flap, in one
// language.
type StormWords struct {
	// The titles of the three kinds of summary: new alerts, reminders and ends.
	Storm       func(severity string, alerts, groups int) string
	StillFiring func(severity string, alerts, groups int) string
	Ended       func(alerts, groups int) string
	Counts      func(firing, resolved int) string
	InGroups    func(alerts, groups int) string
	MoreGroups  func(n int) string
	FullList    string

	// Flaps is about an alert that flaps, and Flapped about one that did.
	Flaps, Flapped func(times int, d time.Duration) string
	FiresAgain     func(severity, title string) string
}

func storms(language string) StormWords {
	if language == "ko" {
		return koreanStorms()
	}
	return englishStorms()
}

func englishStorms() StormWords {
	d := english().Duration
	return StormWords{
		Storm: func(severity string, alerts, groups int) string {
			return join(severity, " ", "storm: ") + count(alerts, "alert") + " in " + count(groups, "group")
		},
		StillFiring: func(severity string, alerts, groups int) string {
			return join(severity, " ", "storm: ") + count(alerts, "alert") + " in " + count(groups, "group") + " still firing"
		},
		Ended: func(alerts, groups int) string {
			return count(alerts, "alert") + " in " + count(groups, "group") + " resolved"
		},
		Counts: func(firing, resolved int) string {
			switch {
			case resolved == 0:
				return fmt.Sprintf("%d firing", firing)
			case firing == 0:
				return fmt.Sprintf("%d resolved", resolved)
			}
			return fmt.Sprintf("%d firing, %d resolved", firing, resolved)
		},
		InGroups: func(alerts, groups int) string {
			if groups == 1 {
				return fmt.Sprint(alerts)
			}
			return fmt.Sprintf("%d in %d groups", alerts, groups)
		},
		MoreGroups: func(n int) string { return "… and " + count(n, "more group") },
		FullList:   "Full list",
		Flaps: func(times int, t time.Duration) string {
			return fmt.Sprintf("flaps, %d times in %s", times, d(t))
		},
		Flapped: func(times int, t time.Duration) string {
			return fmt.Sprintf("flapped %d times in %s", times, d(t))
		},
		FiresAgain: func(severity, title string) string {
			if severity == "" {
				return "Again: " + title
			}
			return severity + " again: " + title
		},
	}
}

func koreanStorms() StormWords {
	d := korean().Duration
	return StormWords{
		Storm: func(severity string, alerts, groups int) string {
			return join(severity, " ", fmt.Sprintf("알림 폭주: 그룹 %d개, 알림 %d건", groups, alerts))
		},
		StillFiring: func(severity string, alerts, groups int) string {
			return join(severity, " ", fmt.Sprintf("알림 폭주: 그룹 %d개, 알림 %d건 계속 발생 중", groups, alerts))
		},
		Ended: func(alerts, groups int) string {
			return fmt.Sprintf("그룹 %d개의 알림 %d건 해소", groups, alerts)
		},
		Counts: func(firing, resolved int) string {
			switch {
			case resolved == 0:
				return fmt.Sprintf("발생 %d건", firing)
			case firing == 0:
				return fmt.Sprintf("해소 %d건", resolved)
			}
			return fmt.Sprintf("발생 %d건, 해소 %d건", firing, resolved)
		},
		InGroups: func(alerts, groups int) string {
			if groups == 1 {
				return fmt.Sprintf("%d건", alerts)
			}
			return fmt.Sprintf("그룹 %d개에서 %d건", groups, alerts)
		},
		MoreGroups: func(n int) string { return fmt.Sprintf("… 외 그룹 %d개", n) },
		FullList:   "전체 목록",
		Flaps: func(times int, t time.Duration) string {
			return fmt.Sprintf("불안정, %s 동안 %d회 발생", d(t), times)
		},
		Flapped: func(times int, t time.Duration) string {
			return fmt.Sprintf("%s 동안 %d회 발생", d(t), times)
		},
		FiresAgain: func(severity, title string) string { return join(severity, " ", "다시 발생: "+title) },
	}
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
