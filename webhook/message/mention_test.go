package message_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/transport"
)

func TestMentionsAreEscapedAndNeverTooLong(t *testing.T) {
	t.Parallel()
	f, err := message.New(message.Options{Mentions: []string{"@oncall", "<all>"}})
	if err != nil {
		t.Fatal(err)
	}
	with := func(text string) string {
		return transport.Message{Document: transport.Text(text), Mentions: f.Within(transport.MinText).Mentions()}.Mentioning(message.MaxLength).HTML()
	}
	if got, want := with("a"), "a\n\n@oncall &lt;all&gt;"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if long := strings.Repeat("a", message.MaxLength-5); with(long) != long {
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
