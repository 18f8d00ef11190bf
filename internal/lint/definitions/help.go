package definitions

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// helps checks the help texts of the packs' metrics. Metrics of an exposition
// have other authors: only contradictions are reported for those of the site's
// own expositions.
func (c *Checked) helps() []finding.Finding {
	own := c.described()
	var out []finding.Finding
	for _, d := range own {
		report := func(from, to int, format string, args ...any) {
			out = append(out, finding.Finding{Code: finding.Opposite, Where: fmt.Sprintf("metric %q", d.Name), Part: "Help", Text: d.Help, From: from, To: to,
				Reason: fmt.Sprintf(format, args...)})
		}
		if from, to, good, ok := opposite(d); ok {
			report(from, to, "says the opposite of the name, which states a %s state", map[bool]string{true: "good", false: "bad"}[good])
		}
		if from, to, ok := oppositeCount(d); ok {
			report(from, to, "says the opposite of the name")
		}
		if from, to, word, ok := antonym(d); ok {
			report(from, to, "says the opposite of the name, which has %q", word)
		}
		if from, to, ok := otherUnit(d); ok {
			report(from, to, "names another unit than the name: values are in %s", strings.ReplaceAll(string(d.BaseUnit()), "_", " "))
		}
		for _, x := range c.otherScope(d) {
			report(x.from, x.to, "%s", x.reason)
		}
		if d.Recorded() {
			continue
		}
		if d.BaseUnit() == metrics.Bool && strings.HasPrefix(d.Help, "0 ") {
			report(0, 1, "describes 0: the help of a metric with the values 0 and 1 describes 1")
		}
		if from, to, name, ok := otherThing(d, own); ok {
			report(from, to, "is about another thing than the name, which has %q", name)
		}
	}
	return append(out, sameHelp(own)...)
}

// described returns the metrics that packs describe themselves or by the site's
// own expositions, without duplicates.
func (c *Checked) described() []metrics.Desc {
	var out []metrics.Desc
	for _, d := range slices.Concat(c.Metrics, c.Exporters) {
		_, broken := d.Problem()
		shipped := d.Recorded() && d.Program != ""
		if !broken && !shipped && !slices.ContainsFunc(out, func(x metrics.Desc) bool { return x.Name == d.Name }) {
			out = append(out, d)
		}
	}
	return out
}

var (
	goodState = regexp.MustCompile(`(?:^|_)(?:success|successful|succeeded|ready|writable|readable|up|healthy|ok|valid|reachable|available|connected|passed)$|(?:^|_)ready_`)
	badState  = regexp.MustCompile(`(?:^|_)(?:error|failed|failing|failure|down|broken|unhealthy|invalid|unreachable|unavailable)$`)
	denied    = regexp.MustCompile(`(?:^|_)(?:not|no|non|never|without)_`)

	// one matches the part of a help about the value 1: "1 when the last write
	// succeeded, else 0".
	one    = regexp.MustCompile(`\b1 (?:when|if|while|after|as long as|means|for)\b|\b1(?:: | = )`)
	oneEnd = regexp.MustCompile(`(?i),? (?:else|otherwise)\b|[,;]? (?:and )?\b0\b|[;.](?:\s|$)`)
	part   = regexp.MustCompile(`,| and | but | or `)

	negated  = regexp.MustCompile(`(?i)\b(?:no|not|none|never|nothing|nobody|neither|nor|without|cannot)\b|n't\b`)
	couldNot = regexp.MustCompile(`(?i)\b(?:could not|couldn't|cannot|can not|can't)\b` +
		`|\b(?:did|does|do)(?: not|n't) (?:succeed|work|answer|respond|reply|run|finish|complete|accept|read|write|load|reload|apply|connect|reach|start|pass|arrive|deliver)\b` +
		`|\b(?:is|was|are|were|been)(?: not|n't) (?:able|accepted|applied|available|connected|delivered|healthy|loaded|ok|passed|possible|reachable|reached|read|ready|reloaded|sent|successful|up|valid|writable|written)\b`)
	badWord   = regexp.MustCompile(`(?i)\b(?:fails|failing|failed(?: (?:to|with|because|in|at|on|for|again|last)\b|\s*$)|unable|refused\s*$|broken|unreachable|unavailable|unhealthy)`)
	goodWord  = regexp.MustCompile(`(?i)\b(?:succeed(?:s|ed)|successful|passe[sd]|works|worked|answers|answered|healthy|reachable|available)\b|\b(?:is|was|are) (?:up|ready|ok|fine)\b`)
	alternate = regexp.MustCompile(`(?i)\bor\b`)
)

// opposite reports a help of a metric with the values 0 and 1 that contradicts
// the name: "1 when the last write failed" for last_write_successful.
func opposite(d metrics.Desc) (from, to int, good, found bool) {
	good, bad := goodState.MatchString(d.Name), badState.MatchString(d.Name)
	at := one.FindStringIndex(d.Help)
	if good == bad || at == nil || denied.MatchString(d.Name) || d.Type != metrics.Gauge && d.Type != metrics.Untyped {
		return 0, 0, false, false
	}
	from, to = at[0], len(d.Help)
	if end := oneEnd.FindStringIndex(d.Help[at[1]:]); end != nil {
		to = at[1] + end[0]
	}
	clause := d.Help[at[1]:to]
	if alternate.MatchString(clause) && !good {
		return 0, 0, false, false // "when it is down or was up too briefly"
	}
	fine, wrong := false, false
	for i, text := range part.Split(clause, -1) {
		not := negated.MatchString(text)
		switch {
		case badWord.MatchString(text):
			fine, wrong = fine || not, wrong || !not
		case goodWord.MatchString(text):
			fine, wrong = fine || !not, wrong || not
		case i == 0 && couldNot.MatchString(text):
			wrong = true
		}
	}
	if good && !wrong {
		if at := zeroWorks.FindStringIndex(d.Help); at != nil && !negated.MatchString(d.Help[at[0]:at[1]]) {
			return at[0], at[1], good, true
		}
	}
	return from, to, good, good && wrong && !fine || bad && fine && !wrong
}

var (
	badEvents  = regexp.MustCompile(`(?:^|_)(?:errors?|failed|failures?|failing|rejected|refused|dropped|lost|aborted|timeouts?)(?:_|$)`)
	goodEvents = regexp.MustCompile(`(?:^|_)(?:success(?:es|ful)?|succeeded|accepted|delivered|completed|passed)(?:_|$)`)
	goodEvent  = regexp.MustCompile(`(?i)\b(?:succeed(?:s|ed)?|successful(?:ly)?|accepted|delivered|completed|passed|worked)\b`)
	badEvent   = regexp.MustCompile(`(?i)\b(?:fail(?:s|ed|ing|ures?)?|errors?|reject(?:s|ed)?|refused|dropped|lost|aborted|unsuccessful(?:ly)?|timed? ?outs?)\b`)
)

// oppositeCount reports a help of a counter about events with the other outcome
// than in the name: "calls that succeeded" for errors_total.
func oppositeCount(d metrics.Desc) (from, to int, found bool) {
	good, bad := goodEvents.MatchString(d.Name), badEvents.MatchString(d.Name)
	if d.Type != metrics.Counter || good == bad || denied.MatchString(d.Name) || negated.MatchString(d.Help) {
		return 0, 0, false
	}
	mine, other := goodEvent, badEvent
	if bad {
		mine, other = badEvent, goodEvent
	}
	at := other.FindStringIndex(d.Help)
	if at == nil || mine.MatchString(d.Help) {
		return 0, 0, false
	}
	return at[0], at[1], true
}

// antonyms are pairs of words with opposite meanings.
var antonyms = [][2]*regexp.Regexp{
	{word("last|latest|newest|most recent"), word("first|oldest|earliest")},
	{word("max|maximum|longest|largest|highest|slowest"), word("min|minimum|shortest|smallest|lowest|fastest")},
	{word("reads?|reading"), word("writes?|written|writing|wrote")},
	{word("sent|sends?|sending"), word("received?|receives|receiving")},
	{word("hits?"), word("miss(?:es|ed)?")},
	{word("start(?:s|ed)?"), word("stop(?:s|ped)?|end(?:s|ed)?|finish(?:es|ed)?")},
	{word("add(?:s|ed)?|created?"), word("remove(?:s|d)?|deleted?")},
	{word("enabled?"), word("disabled?")},
	{word("opened|open"), word("closed?")},
	{word("healthy"), word("unhealthy")},
	{word("before"), word("after")},
}

func word(alternatives string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(?:` + alternatives + `)\b`)
}

// antonym reports a help with the opposite of a word in the metric's name.
func antonym(d metrics.Desc) (from, to int, name string, found bool) {
	words := strings.Join(segments(d.Name), " ")
	for _, pair := range antonyms {
		for i, mine := range pair {
			other := pair[1-i]
			at := other.FindStringIndex(d.Help)
			if in := mine.FindString(words); in != "" && at != nil && !mine.MatchString(d.Help) && !other.MatchString(words) && !negated.MatchString(d.Help) {
				return at[0], at[1], in, true
			}
		}
	}
	return 0, 0, "", false
}

var (
	otherTimes = regexp.MustCompile(`(?i)\bin (?:milliseconds|microseconds|nanoseconds|ms|µs|ns|minutes|hours|days)\b`)
	otherSizes = regexp.MustCompile(`(?i)\bin (?:bits|kilobytes|megabytes|gigabytes|[KMG]i?B)\b`)
	otherShare = regexp.MustCompile(`(?i)\bin (?:percent|per cent|%)`)
)

// otherUnit reports a help with another unit than the metric's name.
func otherUnit(d metrics.Desc) (from, to int, found bool) {
	pattern := map[metrics.Unit]*regexp.Regexp{metrics.Seconds: otherTimes, metrics.Timestamp: otherTimes, metrics.Bytes: otherSizes, metrics.Ratio: otherShare}[d.BaseUnit()]
	if pattern == nil {
		return 0, 0, false
	}
	at := pattern.FindStringIndex(d.Help)
	if at == nil {
		return 0, 0, false
	}
	return at[0], at[1], true
}

// scoped matches a part that a measure includes or excludes: "connecting
// included", "excluding retries".
var scoped = regexp.MustCompile(`(?i)\b(\w+) (?:is |are )?(not )?(included|excluded)\b|\b(including|excluding|without) (?:the )?(\w+)`)

// scopes returns the parts that a text includes (true) or excludes.
func scopes(text string) map[string]bool {
	out := map[string]bool{}
	for _, m := range scoped.FindAllStringSubmatch(text, -1) {
		included := strings.HasPrefix(strings.ToLower(m[3]+m[4]), "incl")
		out[strings.ToLower(m[1]+m[5])] = included == (m[2] == "")
	}
	return out
}

// otherScope returns the parts of a help that a metric includes and that the
// text of an alert about the metric excludes, or the reverse.
func (c *Checked) otherScope(d metrics.Desc) []contradiction {
	var out []contradiction
	for _, at := range scoped.FindAllStringIndex(d.Help, -1) {
		for part, included := range scopes(d.Help[at[0]:at[1]]) {
			for _, a := range c.Alerts {
				if other, says := scopes(a.About + "\n" + a.Summary)[part]; says && other != included && c.Checker.Metrics(c.Timing.Expand(a.Expr))[d.Name] {
					out = append(out, contradiction{at[0], at[1], fmt.Sprintf("contradicts the text of the alert %s", a.Name)})
				}
			}
		}
	}
	return out
}

// zeroWorks matches a help with a good meaning of 0: "0 when it could be read".
var zeroWorks = regexp.MustCompile(`\b0 (?:when|if|while|after)\b[^.;]*?\b(?:could|succeeded|worked|passed|answered)\b[^.;,]*`)

// programNames maps the spellings of names that occur in helps and metric
// names.
var programNames = map[string]string{
	"postgres": "postgresql", "postgresql": "postgresql", "redis": "redis", "mysql": "mysql", "mariadb": "mariadb", "mongodb": "mongodb", "mongo": "mongodb",
	"kafka": "kafka", "rabbitmq": "rabbitmq", "nats": "nats", "nginx": "nginx", "haproxy": "haproxy", "envoy": "envoy", "elasticsearch": "elasticsearch",
	"memcached": "memcached", "sqlite": "sqlite", "clickhouse": "clickhouse", "cassandra": "cassandra", "etcd": "etcd", "consul": "consul", "vault": "vault",
	"prometheus": "prometheus", "alertmanager": "alertmanager", "grafana": "grafana", "kubernetes": "kubernetes", "docker": "docker",
	"telegram": "telegram", "slack": "slack", "pagerduty": "pagerduty",
}

// thing is a name in a help.
type thing struct {
	name     string // in lower case, with one spelling for programs
	from, to int
}

var nameWord = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*`)

// thingsIn returns the programs in a help, and other capitalized words inside a
// sentence.
func thingsIn(help string) []thing {
	var out []thing
	for _, at := range nameWord.FindAllStringIndex(help, -1) {
		word := help[at[0]:at[1]]
		lower := strings.ToLower(word)
		before := strings.TrimRight(help[:at[0]], " ")
		begins := before == "" || strings.HasSuffix(before, ".") || strings.HasSuffix(before, ":")
		if name, ok := programNames[lower]; ok {
			out = append(out, thing{name, at[0], at[1]})
		} else if unicode.IsUpper(rune(word[0])) && !begins {
			out = append(out, thing{lower, at[0], at[1]})
		}
	}
	return out
}

// segments returns the parts of a metric's name after its namespace.
func segments(name string) []string {
	out := strings.Split(name, "_")[1:]
	for i, s := range out {
		if program, ok := programNames[s]; ok {
			out[i] = program
		}
	}
	return out
}

// otherThing reports a help with another program than the metric's name, or
// with the differing word of a sibling's name.
func otherThing(d metrics.Desc, all []metrics.Desc) (from, to int, name string, found bool) {
	mine, things := segments(d.Name), thingsIn(d.Help)
	has := func(s string) bool { return slices.ContainsFunc(things, func(t thing) bool { return t.name == s }) }
	for _, t := range things {
		if slices.ContainsFunc(mine, has) {
			return 0, 0, "", false
		}
		for i, s := range mine {
			if isProgram(s) && isProgram(t.name) || sibling(mine, i, t.name, all) {
				return t.from, t.to, strings.Split(d.Name, "_")[i+1], true
			}
		}
	}
	return 0, 0, "", false
}

func isProgram(name string) bool {
	_, ok := programNames[name]
	return ok
}

// sibling reports whether another metric has the same name except for one word.
func sibling(mine []string, word int, other string, all []metrics.Desc) bool {
	theirs := slices.Clone(mine)
	theirs[word] = other
	return slices.ContainsFunc(all, func(d metrics.Desc) bool { return slices.Equal(segments(d.Name), theirs) })
}

// sameHelp reports metrics with equal helps. Equal helps are allowed for one
// metric in two namespaces, and for version metrics.
func sameHelp(all []metrics.Desc) []finding.Finding {
	first := map[string]metrics.Desc{}
	var out []finding.Finding
	for _, d := range all {
		if d.Recorded() {
			continue
		}
		help := strings.ToLower(strings.TrimSpace(d.Help))
		other, seen := first[help]
		switch {
		case help == "" || strings.HasSuffix(d.Name, "_info"):
		case !seen:
			first[help] = d
		case !renamed(other.Name, d.Name):
			out = append(out, finding.Finding{Code: finding.SameText, Where: fmt.Sprintf("metric %q", d.Name), Part: "Help", Text: d.Help, To: len(d.Help),
				Reason: fmt.Sprintf("%s has the same help: describe the difference", other.Name)})
		}
	}
	return out
}

// renamed reports whether two names differ only in their namespaces of one or
// two words.
func renamed(a, b string) bool {
	x, y := strings.Split(a, "_"), strings.Split(b, "_")
	if x[0] == y[0] || isProgram(x[0]) || isProgram(y[0]) {
		return false
	}
	same := 0
	for same < min(len(x), len(y)) && x[len(x)-1-same] == y[len(y)-1-same] {
		same++
	}
	return same > 0 && same >= max(len(x), len(y))-2
}
