package message

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Words are the texts of one language. Templates reach them as .Words.
type Words struct {
	language string // of the annotations; empty is English

	Source, Time, Environment string
	Actions                   string
	Alerts                    string
	Alert                     string // replaces a name that is missing or invisible
	Labels                    string
	Resolved                  string
	StillFiring               string
	Runbook, Dashboard, Graph string
	Silence, Image            string

	// Titles: of a resolution, of what was resolved, of a reminder, of a digest.
	ResolvedTitle func(priority, title string) string
	ResolvedAfter func(title, duration string) string
	FiringFor     func(title, duration string) string
	DigestTitle   func(n int) string
	// After marks the end of one alert in a list.
	After  func(duration string) string
	Closed map[Closed]string
	// Unverified follows the end of an alert that nothing proves. Stale and Again
	// follow the line of an alert that is open.
	Unverified, Stale string
	Again             func(time string) string
	// Silenced follows the line of a silenced alert. SilencedUntil has the end of
	// the silence and its creator, and counts the alerts if n is not 0.
	Silenced      string
	SilencedUntil func(time, by string, n int) string
	// NoData and QueryFailed are the titles of Grafana's alerts about a rule
	// without data and about a query that failed.
	NoData, QueryFailed string
	More                func(n int) string
	Truncated           func(n uint64) string
	PostedTo            func(path string) string
	LeftOut             func(n int) string // labels and annotations
	Test                string             // the text of a test message
	// Minimum names alerts whose text was refused.
	Minimum   func(alerts string, resolved bool) string
	AndTitles func(title string, n int) string
	Duration  func(time.Duration) string
}

// Languages returns the languages of messages.
func Languages() []string { return slices.Sorted(maps.Keys(languages())) }

func languages() map[string]Words { return map[string]Words{"en": english(), "ko": korean()} }

// units writes a duration with its two largest units, whole seconds below a
// minute.
func units(d time.Duration, day, hour, minute, second string) string {
	d = d.Round(time.Second)
	two := func(a time.Duration, unitA string, b time.Duration, unitB string) string {
		if b == 0 {
			return fmt.Sprintf("%d%s", a, unitA)
		}
		return fmt.Sprintf("%d%s %d%s", a, unitA, b, unitB)
	}
	const oneDay = 24 * time.Hour
	switch {
	case d >= oneDay:
		return two(d/oneDay, day, d%oneDay/time.Hour, hour)
	case d >= time.Hour:
		return two(d/time.Hour, hour, d%time.Hour/time.Minute, minute)
	case d >= time.Minute:
		return two(d/time.Minute, minute, d%time.Minute/time.Second, second)
	default:
		return fmt.Sprintf("%d%s", d/time.Second, second)
	}
}
