package definitions

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
)

// markup reports a message of Telegram that the Bot API refuses because of its
// parse_mode. It expands the message with values that have the characters of
// markup, as any label or text may.
func (i *integration) markup() {
	const key, modeKey = "message", "parse_mode"
	mode := i.texts[modeKey].Text
	check := map[string]func(string) string{"MarkdownV2": markdownV2Fault, "Markdown": markdownFault}[mode]
	if check == nil {
		return
	}
	for _, x := range i.to.list {
		for _, list := range [][]reach{{x}, {probe(x)}} {
			if fault := check(i.said([]string{key}, false, list...)[key]); fault != "" {
				i.add(i.receiver, i.path+"."+modeKey, "", "in %s, Telegram refuses the message, because %s: leave parse_mode out, or escape each value of the message with reReplaceAll", mode, fault)
				return
			}
		}
	}
}

// probe returns an instance whose labels and texts have characters of markup.
// The name and the labels that routes and conditions compare stay.
func probe(x reach) reach {
	out := x
	out.Labels, out.Annotations = map[string]string{}, map[string]string{}
	for name, value := range x.Labels {
		out.Labels[name] = value
		if name == model.InstanceLabel {
			out.Labels[name] = value + markers
		}
	}
	for name, value := range x.Annotations {
		out.Annotations[name] = value + markers
	}
	return out
}

// markers are characters of markup that texts of alerts have.
const markers = " a_b 0.5"

// reserved are the characters that MarkdownV2 takes only as markup.
const reserved = "_*[]()~`>#+-=|{}.!"

// markdownV2Fault returns the reason why the Bot API refuses a text in
// MarkdownV2, or "".
func markdownV2Fault(text string) string {
	open := map[string]bool{}
	link := 0 // 1: in the text of a link, 2: in its address
	for n := 0; n < len(text); n++ {
		c := text[n]
		rest := text[n:]
		switch {
		case c == '\\':
			n++
		case strings.HasPrefix(rest, "```") && !open["`"]:
			open["```"] = !open["```"]
			n += 2
		case open["```"]:
		case c == '`':
			open["`"] = !open["`"]
		case open["`"]:
		case link == 2:
			if c == ')' {
				link = 0
			}
		case strings.HasPrefix(rest, "__"):
			open["__"] = !open["__"]
			n++
		case strings.HasPrefix(rest, "||"):
			open["||"] = !open["||"]
			n++
		case c == '*' || c == '_' || c == '~':
			open[string(c)] = !open[string(c)]
		case c == '[' && link == 0:
			link = 1
		case strings.HasPrefix(rest, "](") && link == 1:
			link = 2
			n++
		case c == '>' && (n == 0 || text[n-1] == '\n'), strings.HasPrefix(rest, "!["):
		case strings.IndexByte(reserved, c) >= 0:
			return fmt.Sprintf("the character %q is reserved and must be escaped", c)
		}
	}
	return unclosed(open, link)
}

// markdownFault returns the reason why the Bot API refuses a text in Markdown, or
// "".
func markdownFault(text string) string {
	open := map[string]bool{}
	now, link := "", 0
	for n := 0; n < len(text); n++ {
		c := text[n]
		switch {
		case now == "" && c == '\\':
			n++
		case now == "" && link == 0 && c == '[':
			if end := strings.IndexByte(text[n:], ']'); end < 0 {
				link = 1
			}
		case now != "" && string(c) == now:
			open[now], now = false, ""
		case now == "" && strings.IndexByte("*_`", c) >= 0:
			now = string(c)
			open[now] = true
		}
	}
	return unclosed(open, link)
}

func unclosed(open map[string]bool, link int) string {
	if link > 0 {
		return "a [ has no end"
	}
	for mark, is := range sorted(open) {
		if is {
			return fmt.Sprintf("a %s has no end", mark)
		}
	}
	return ""
}
