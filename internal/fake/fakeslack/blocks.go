package fakeslack

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of blocks.
const (
	maxBlocks  = 50
	maxSection = 3000
	maxHeader  = 150
)

// parseBlocks returns the shown text of each block, and the mentions in them.
func parseBlocks(data string) (texts, mentions []string, refusal answer) {
	var blocks []struct {
		Type string `json:"type"`
		Text *struct {
			Type     string `json:"type"`
			Text     string `json:"text"`
			Verbatim bool   `json:"verbatim"`
		} `json:"text"`
	}
	if err := json.Unmarshal([]byte(data), &blocks); err != nil {
		return nil, nil, refuse("invalid_blocks_format")
	}
	if len(blocks) > maxBlocks {
		return nil, nil, invalid("invalid_blocks", fmt.Sprintf("%d blocks", len(blocks)))
	}
	for i, b := range blocks {
		if b.Text == nil {
			return nil, nil, invalid("invalid_blocks", fmt.Sprintf("block %d has no text", i))
		}
		limit, kind := maxSection, "mrkdwn"
		switch b.Type {
		case "section":
		case "header":
			limit, kind = maxHeader, "plain_text"
		default:
			return nil, nil, invalid("invalid_blocks", fmt.Sprintf("block %d has the type %q", i, b.Type))
		}
		if n := utf8.RuneCountInString(b.Text.Text); n == 0 || n > limit || b.Text.Type != kind {
			return nil, nil, invalid("invalid_blocks", fmt.Sprintf("the %s of block %d has %d characters of %s", b.Type, i, n, b.Text.Type))
		}
		if b.Type == "header" {
			texts = append(texts, b.Text.Text)
			continue
		}
		shown, found, err := markup(b.Text.Text)
		if err != nil || !b.Text.Verbatim {
			return nil, nil, invalid("invalid_blocks", fmt.Sprintf("block %d, verbatim %t: %v", i, b.Text.Verbatim, err))
		}
		texts, mentions = append(texts, shown), append(mentions, found...)
	}
	return texts, mentions, answer{}
}

var (
	reference = regexp.MustCompile(`&(?:amp|lt|gt);`)
	mentioned = regexp.MustCompile(`^(?:@[UW][A-Z0-9]+|!here|!channel|!everyone|!subteam\^S[A-Z0-9]+)$`)
	linked    = regexp.MustCompile(`^https?://[^|>\s]+\|`)
	unescape  = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// markup returns a text as it is shown, and its mentions. It refuses the three
// characters that a text must escape: Slack would show something else.
func markup(text string) (shown string, mentions []string, err error) {
	var out strings.Builder
	for text != "" {
		plain, rest, found := strings.Cut(text, "<")
		if strings.Contains(plain, ">") || strings.Contains(reference.ReplaceAllString(plain, ""), "&") {
			return "", nil, errors.New("a character that must be escaped in " + plain)
		}
		out.WriteString(unescape.Replace(plain))
		if !found {
			break
		}
		inner, after, closed := strings.Cut(rest, ">")
		switch {
		case closed && mentioned.MatchString(inner):
			mentions = append(mentions, "<"+inner+">")
			out.WriteString("<" + inner + ">")
		case closed && linked.MatchString(inner):
			_, label, _ := strings.Cut(inner, "|")
			out.WriteString(unescape.Replace(label))
		default:
			return "", nil, errors.New("no link or mention: <" + inner)
		}
		text = after
	}
	return out.String(), mentions, nil
}
