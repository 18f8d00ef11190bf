package definitions

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/routing"
)

var (
	// Words of a prohibition, and words that may express one.
	forbids       = regexp.MustCompile(`(?i)\b(?:do not|don't|never|must not|should not|may not)\b`)
	denies        = regexp.MustCompile(`(?i)\b(?:no|not|never|without|stop|avoid|forbid|forbidden|prohibit|refuse|until|unless|instead|rather|before)\b|n't\b`)
	forbidsKorean = regexp.MustCompile(`말\s*것|말고|말아|마세요|마십시오|하지\s*마|금지`)
	deniesKorean  = regexp.MustCompile(`말\s*것|말고|말아|마세요|마십시오|하지\s*마|금지|않|없|못|불가|아[니닌님닐]|안\s*[됨되된]|전에|대신|까지`)

	// Words that deny a fact, and Korean parts of words that may do so.
	notSo       = regexp.MustCompile(`(?i)\b(?:is|are|was|were|does|do|did|has|have|could|cannot|can)(?: not\b|n't\b)|\bcannot\b`)
	notSoKorean = regexp.MustCompile(deniesKorean.String() + `|미[^만터리]|비[^교밀]|불[^러]|무[^엇슨]|실패|거부|누락|빠[졌짐진]|끊[겼김긴]|중단|정지|오류|초과|벗어|다[르른름]|달[라랐]|틀[리린림렸]|어긋|제외|외의|이외|밖|모[르름]|일부|만 `)
)

// otherOrder returns the places where a Korean text allows what the English one
// forbids, or forbids what the English one allows.
func otherOrder(own, twin string) []otherWord {
	own, twin = prose(own), prose(twin)
	if at := forbidsKorean.FindStringIndex(twin); at != nil && !denies.MatchString(own) {
		return []otherWord{{at[0], at[1], ""}}
	}
	if word := forbids.FindString(own); word != "" && !deniesKorean.MatchString(twin) {
		return []otherWord{{0, len(twin), word}}
	}
	return nil
}

// otherNegation returns a Korean text that affirms what the English one denies.
func otherNegation(own, twin string) []otherWord {
	own, twin = prose(own), prose(twin)
	if word := notSo.FindString(own); word != "" && !notSoKorean.MatchString(twin) {
		return []otherWord{{0, len(twin), word}}
	}
	return nil
}

// terms are nouns that occur in texts, in English and in Korean.
var terms = []struct{ own, twin *regexp.Regexp }{
	{regexp.MustCompile(`(?i)\bhistor(?:y|ies)\b`), regexp.MustCompile(`이력|기록|히스토리`)},
	{regexp.MustCompile(`(?i)\bmessages?\b`), regexp.MustCompile(`메시지`)},
	{regexp.MustCompile(`(?i)\bcollectors?\b`), regexp.MustCompile(`수집기`)},
	{regexp.MustCompile(`(?i)\bcheckers?\b`), regexp.MustCompile(`검사기|점검기|체커`)},
	{regexp.MustCompile(`(?i)\bwebhooks?\b`), regexp.MustCompile(`웹훅`)},
	{regexp.MustCompile(`(?i)\bdashboards?\b`), regexp.MustCompile(`대시보드`)},
	{regexp.MustCompile(`(?i)\blogs?\b`), regexp.MustCompile(`로그`)},
	{regexp.MustCompile(`(?i)\bdisks?\b`), regexp.MustCompile(`디스크`)},
	{regexp.MustCompile(`(?i)\bspool\b`), regexp.MustCompile(`스풀`)},
	{regexp.MustCompile(`(?i)\brunbooks?\b`), regexp.MustCompile(`런북`)},
	{regexp.MustCompile(`(?i)\b(?:queues?|backlog)\b`), regexp.MustCompile(`대기열|큐`)},
	{regexp.MustCompile(`(?i)\bnetworks?\b`), regexp.MustCompile(`네트워크`)},
	{regexp.MustCompile(`(?i)\b(?:databases?|DB)\b`), regexp.MustCompile(`데이터베이스|DB`)},
	{regexp.MustCompile(`(?i)\b(?:primary|master)\b`), regexp.MustCompile(`주\s*서버|프라이머리|마스터`)},
	{regexp.MustCompile(`(?i)\b(?:replicas?|standby|secondary)\b`), regexp.MustCompile(`복제|대기\s*서버|레플리카|스탠바이`)},
	{regexp.MustCompile(`(?i)\b(?:trad(?:e|es|ed|ing))\b`), regexp.MustCompile(`매매|거래(?:[^소]|$)`)},
	{regexp.MustCompile(`(?i)\bwithdraw(?:s|als?|ing)?\b`), regexp.MustCompile(`출금`)},
	{regexp.MustCompile(`(?i)\bdeposit(?:s|ed|ing)?\b`), regexp.MustCompile(`입금`)},
	{regexp.MustCompile(`(?i)\btransfer(?:s|red|ring)?\b`), regexp.MustCompile(`이체|송금`)},
	{regexp.MustCompile(`(?i)\bbalances?\b`), regexp.MustCompile(`잔고|잔액`)},
	{regexp.MustCompile(`(?i)\borders?\b`), regexp.MustCompile(`주문`)},
	{regexp.MustCompile(`(?i)\bpositions?\b`), regexp.MustCompile(`포지션`)},
	{regexp.MustCompile(`(?i)\bpasswords?\b`), regexp.MustCompile(`비밀번호|암호`)},
	{regexp.MustCompile(`(?i)\bcertificates?\b`), regexp.MustCompile(`인증서`)},
	{regexp.MustCompile(`(?i)\b(?:memory|RAM)\b`), regexp.MustCompile(`메모리`)},
	{regexp.MustCompile(`(?i)\b(?:processors?|CPUs?)\b`), regexp.MustCompile(`프로세서|CPU`)},
}

// otherTerm returns the terms that a Korean text has instead of one that only
// the English text has.
func otherTerm(own, twin string) []otherWord {
	own, twin = prose(own), prose(twin)
	lost := ""
	for _, t := range terms {
		if word := t.own.FindString(own); word != "" && !t.twin.MatchString(twin) {
			lost = word
		}
	}
	var out []otherWord
	for _, t := range terms {
		if at := t.twin.FindStringIndex(twin); at != nil && lost != "" && !t.own.MatchString(own) {
			out = append(out, otherWord{at[0], at[1], lost})
		}
	}
	return out
}

// adjectives are pairs of opposite words, in English and in Korean.
var adjectives = []struct{ own, other, twin, otherTwin *regexp.Regexp }{
	{regexp.MustCompile(`(?i)\bnew\b`), regexp.MustCompile(`(?i)\b(?:old|previous|earlier)\b`), regexp.MustCompile(`새\s|새로운`), regexp.MustCompile(`이전|기존|예전`)},
	{regexp.MustCompile(`(?i)\bfirst\b`), regexp.MustCompile(`(?i)\blast\b`), regexp.MustCompile(`첫|처음`), regexp.MustCompile(`마지막`)},
	{regexp.MustCompile(`(?i)\babove\b`), regexp.MustCompile(`(?i)\bbelow\b`), regexp.MustCompile(`초과|이상`), regexp.MustCompile(`미만|이하`)},
}

// otherRoles returns opposite words that a Korean text has in the other order
// than the English one.
func otherRoles(own, twin string) []otherWord {
	own, twin = prose(own), prose(twin)
	var out []otherWord
	for _, a := range adjectives {
		mine, other := a.own.FindStringIndex(own), a.other.FindStringIndex(own)
		theirs, otherTwin := a.twin.FindStringIndex(twin), a.otherTwin.FindStringIndex(twin)
		if mine == nil || other == nil || theirs == nil || otherTwin == nil || mine[0] < other[0] == (theirs[0] < otherTwin[0]) {
			continue
		}
		first := min(mine[0], other[0])
		out = append(out, otherWord{min(theirs[0], otherTwin[0]), max(theirs[1], otherTwin[1]), own[first:max(mine[1], other[1])]})
	}
	return out
}

// leads matches a label at the start of a text: "{{ $labels.check }}: …".
var leads = regexp.MustCompile(`^\s*\{\{-?\s*\$labels\.(\w+)\s*-?\}\}:`)

// otherLead returns the label at the start of a translation if the text starts
// with another one.
func otherLead(own, twin string) []otherWord {
	mine, theirs := leads.FindStringSubmatch(own), leads.FindStringSubmatchIndex(twin)
	if mine == nil || theirs == nil || mine[1] == twin[theirs[2]:theirs[3]] {
		return nil
	}
	return []otherWord{{theirs[2], theirs[3], mine[1] + ": …"}}
}

var (
	aboveThreshold = regexp.MustCompile(`(?i)\b(?:over|above|exceeds|(?:more|longer|greater|higher|later|older) than)\s+\{\{-?\s*\$threshold\b`)
	aboveKorean    = regexp.MustCompile(`\$threshold\s*-?\}\}\s*(?:을|를)?\s*(?:초과|넘)`)
	belowKorean    = regexp.MustCompile(`\$threshold\s*-?\}\}\s*(?:을|를)?\s*(?:미만|이하|밑)`)
	belowThreshold = regexp.MustCompile(`(?i)\b(?:under|below|(?:less|fewer|shorter|lower|smaller) than)\s+\{\{-?\s*\$threshold\b`)
)

// directions reports texts about the wrong side of the threshold: not the side
// on which the alert fires.
func (c *Checked) directions(a Alert) []finding.Finding {
	facts := emit.FactsOf(c.Conditions(a.Group, a.Alert, false)[0].Expr)
	if !facts.Has {
		return nil
	}
	wrong, korean, side := belowThreshold, belowKorean, "above"
	switch facts.Fires {
	case dashgen.Above:
	case dashgen.Below:
		wrong, korean, side = aboveThreshold, aboveKorean, "below"
	default:
		return nil
	}
	var out []finding.Finding
	report := func(part, text string, pattern *regexp.Regexp) {
		if at := pattern.FindStringIndex(text); at != nil {
			out = append(out, finding.Finding{
				Code: finding.Opposite, Where: a.Where, Part: part, Text: text, From: at[0], To: at[1], Reason: fmt.Sprintf("the alert fires %s its threshold", side),
			})
		}
	}
	texts := english(a.Alert)
	texts["About"], texts["Reason"] = a.About, a.Reason
	for field, text := range sorted(texts) {
		report(field, text, wrong)
	}
	t := a.Translations["ko"]
	for field, text := range sorted(map[string]string{"Title": t.Title, "Summary": t.Summary, "Headline": t.Headline, "About": t.About}) {
		report(`Translations["ko"].`+field, text, korean)
	}
	return out
}

var (
	nameAbove = regexp.MustCompile(`(?:Full|High|Exhausted|Exceeded|TooMany\w*|TooLong|TooOld|TooSlow)$`)
	nameBelow = regexp.MustCompile(`(?:Low|TooFew\w*|TooShort)$`)
	// Metrics that fall when load rises, and metrics that rise with it.
	leftOver = regexp.MustCompile(`(?:^|_)(?:avail|available|free|remaining|idle|unused|headroom|left)(?:_|$)`)
	usedUp   = regexp.MustCompile(`(?:^|_)(?:used|usage|utili[sz]ation|consumed|busy|active|in_use)(?:_|$)`)
)

// nameDirection reports an alert whose name contradicts the side of its
// threshold: DiskFull that fires above a share of free space.
func (c *Checked) nameDirection(a Alert) []finding.Finding {
	facts := emit.FactsOf(c.Conditions(a.Group, a.Alert, false)[0].Expr)
	if !facts.Has || strings.Contains(facts.Compared, " - ") || facts.Fires != dashgen.Above && facts.Fires != dashgen.Below {
		return nil
	}
	left, used := false, false
	for name := range c.Checker.Metrics(facts.Compared) {
		left, used = left || leftOver.MatchString(name), used || usedUp.MatchString(name)
	}
	var want dashgen.Side
	switch {
	case left && used:
		return nil
	case nameAbove.MatchString(a.Name):
		want = map[bool]dashgen.Side{false: dashgen.Above, true: dashgen.Below}[left]
	case nameBelow.MatchString(a.Name):
		want = map[bool]dashgen.Side{false: dashgen.Below, true: dashgen.Above}[used]
	default:
		return nil
	}
	if facts.Fires == want {
		return nil
	}
	side := map[dashgen.Side]string{dashgen.Above: "above", dashgen.Below: "below"}[facts.Fires]
	return []finding.Finding{{
		Code: finding.Opposite, Where: a.Where, Part: "expr", Text: facts.Compared, To: len(facts.Compared),
		Reason: fmt.Sprintf("fires %s the threshold, and the name says the opposite: correct the comparison or the name", side),
	}}
}

// heldWhile matches an inhibition in a text: "not sent while X fires".
var heldWhile = regexp.MustCompile(`(?i)\b(?:not sent|not notified|held back|suppressed|inhibited|silent) while (\w+)`)

// inhibitors reports texts about an inhibition by an alert that does not inhibit
// this one.
func (c *Checked) inhibitors(a Alert) []finding.Finding {
	var out []finding.Finding
	for _, at := range heldWhile.FindAllStringSubmatchIndex(a.About, -1) {
		name := a.About[at[2]:at[3]]
		if !slices.ContainsFunc(c.Alerts, func(x Alert) bool { return x.Name == name }) || c.inhibits(name, a) {
			continue
		}
		out = append(out, finding.Finding{
			Code: finding.Opposite, Where: a.Where, Part: "About", Text: a.About, From: at[2], To: at[3],
			Reason: fmt.Sprintf("no inhibition holds %s back while %s fires", a.Name, name),
		})
	}
	return out
}

// inhibits reports whether an alert of that name can inhibit another one.
func (c *Checked) inhibits(name string, target Alert) bool {
	return slices.ContainsFunc(c.Routing.Inhibit, func(i routing.Inhibit) bool {
		source, err1 := matchers.Parse(i.Source)
		held, err2 := matchers.Parse(i.Target)
		return err1 == nil && err2 == nil &&
			slices.ContainsFunc(c.taken(source), func(x Alert) bool { return x.Name == name }) &&
			slices.ContainsFunc(c.taken(held), func(x Alert) bool { return x.Name == target.Name })
	})
}
