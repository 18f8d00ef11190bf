package promcheck

import (
	"strings"
	"text/template/parse"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
)

// vmalertDefinitions are the definitions that vmalert puts before a template.
const vmalertDefinitions = `{{$value := .Value}}{{$labels := .Labels}}{{$type := .Type}}{{$expr := .Expr}}` +
	`{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$alertID := .AlertID}}{{$groupID := .GroupID}}` +
	`{{$activeAt := .ActiveAt}}{{$for := .For}}{{$isPartial := .IsPartial}}`

var (
	vmalertVariables = []string{
		"$value", "$labels", "$type", "$expr", "$externalLabels", "$externalURL", "$alertID", "$groupID", "$activeAt", "$for", "$isPartial",
	}
	vmalertFunctions = functions(
		"args", "crlfEscape", "externalURL", "first", "formatTime", "htmlEscape", "humanize", "humanize1024", "humanizeDuration",
		"humanizePercentage", "humanizeTimestamp", "jsonEscape", "label", "match", "now", "parseDuration", "parseDurationTime",
		"pathEscape", "pathPrefix", "query", "queryEscape", "quotesEscape", "reReplaceAll", "safeHtml", "sortByLabel", "stripDomain",
		"stripPort", "strvalue", "title", "toLower", "toTime", "toUpper", "value",
	)
	goFunctions = functions(
		"and", "break", "call", "continue", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print",
		"printf", "println", "slice", "urlquery",
	)
)

func functions(names ...string) map[string]any {
	out := make(map[string]any, len(names))
	for _, name := range names {
		out[name] = true
	}
	return out
}

// text checks a label or an annotation of a rule.
func (c *Checker) text(r *Rule, part, text string, have Labels) []finding.Finding {
	if r.Vmalert && strings.Contains(text, "{{") {
		return c.vmalertText(r.Where, part, text, have)
	}
	return c.template(r.Where, part, text, have)
}

// vmalertText checks the syntax, names and labels of a template of vmalert. Its
// queries are MetricsQL and are not checked.
func (c *Checker) vmalertText(where, part, text string, have Labels) []finding.Finding {
	tree := parse.New("template")
	if _, err := tree.Parse(vmalertDefinitions+text, "", "", map[string]*parse.Tree{}, vmalertFunctions, goFunctions); err != nil {
		f := badTemplate(where, part, text, err)
		if name := text[f.From:f.To]; name != "" {
			f.Suggestion = suggest.Nearest(name, vmalertVariables)
		}
		return []finding.Finding{f}
	}
	return c.labelsThere(where, part, text, usesOf(tree, text, len(vmalertDefinitions)), have)
}
