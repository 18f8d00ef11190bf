package definitions

import (
	"fmt"
	"regexp"
	"slices"

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
	deniesKorean  = regexp.MustCompile(`말\s*것|말고|말아|마세요|마십시오|하지\s*마|금지|않|없|못|불가|아니|안\s*[됨되된]|전에|대신|까지`)
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
