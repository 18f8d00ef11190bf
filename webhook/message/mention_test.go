package message_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
)

func TestMentionsAreEscapedAndNeverTooLong(t *testing.T) {
	t.Parallel()
	f, err := message.New(message.Options{Mentions: []string{"@oncall", "<all>"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Mention("<b>a</b>"), "<b>a</b>\n\n@oncall &lt;all&gt;"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if long := strings.Repeat("a", message.MaxLength-5); f.Mention(long) != long {
		t.Error("the message is too long")
	}
}

// The file names the languages that there are.
func TestLanguagesOfTheFile(t *testing.T) {
	t.Parallel()
	if !slices.Equal(config.Languages(), message.Languages()) {
		t.Errorf("%v, not %v", config.Languages(), message.Languages())
	}
}
