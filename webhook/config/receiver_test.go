package config_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
)

// team is a receiver with every field.
var team = config.Receiver{
	Name:  "payments: {team/결제}",
	Chats: []config.ReceiverChat{{Telegram: "$PAYMENTS_CHAT"}, {Telegram: "-100123:7"}, {Telegram: "@alerts"}, {Slack: "C0123456789"}},
	Sound: api.Silent, Language: "ko", TimeZone: "Asia/Seoul", Templates: "teams/payments", Mentions: []string{"@oncall", "a, b"},
}

func TestReceiversAreReadBack(t *testing.T) {
	t.Parallel()
	f := config.Default()
	f.Receivers = []config.Receiver{team, {Name: "history", Sound: api.None}}
	text := f.Encode()
	back, err := config.Parse("webhook.yml", text)
	if err != nil || !reflect.DeepEqual(back, f) {
		t.Errorf("%s\nis read as %+v, %v", text, back, err)
	}
}

func TestMistakesInReceivers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"receivers: x\n", `w.yml:1: "x" is not a list`},
		{"receivers:\n  - nmae: a\n    chats: [{telegram: 7}]\n", `w.yml:2: unknown key "nmae": did you mean "name"?`},
		{"receivers:\n  - name: a\n    chats:\n      - {telgram: 7}\n", `w.yml:4: unknown key "telgram": did you mean "telegram"?`},
		{"receivers:\n  - name: a\n    escalations: []\n", `w.yml:3: unknown key "escalations": there are name, chats, sound,`},
		{"receivers:\n  - {name: a, sound: none}\n  -\n", `w.yml:3: an item of the list is empty: remove it`},
		{"receivers:\n  - {name: a, chats: [null, {telegram: 7}]}\n", `w.yml:2: an item of the list is empty: remove it`},
		{"receivers:\n  - {name: \"a\\0b\", sound: none}\n", `w.yml:2: the name of receiver 1 is longer than 1000 bytes or contains U+0000`},
		{"receivers:\n  - {name: " + strings.Repeat("a", 1001) + ", sound: none}\n", `w.yml:2: the name of receiver 1 is longer`},
		{"receivers:\n  - chats: [{telegram: 7}]\n", "w.yml:2: receiver 1 has no name: write the one in alertmanager.yml"},
		{"receivers:\n  - {name: a, chats: [{telegram: 7}]}\n  - {name: a, chats: [{telegram: 8}]}\n", `w.yml:3: receiver "a" is listed twice`},
		{"receivers:\n  - {name: a}\n", `w.yml:2: receiver "a" has no chats: list them, or write sound: none`},
		{"receivers:\n  - {name: a, chats: []}\n", `w.yml:2: receiver "a" has no chats`},
		{"receivers:\n  - name: a\n    chats: [{telegram: 7}]\n    sound: none\n", `w.yml:3: receiver "a": with the sound none it makes no message`},
		{"receivers:\n  - name: a\n    chats: [{telegram: 7}]\n    sound: noisy\n", `w.yml:4: receiver "a": unknown sound "noisy": choose loud, silent or none`},
		{"receivers:\n  - name: a\n    chats:\n      - {telegram: 7}\n      - {telegram: 7}\n", `w.yml:5: receiver "a": chat 2 is listed twice`},
		{"receivers:\n  - name: a\n    chats:\n      - {}\n", `w.yml:4: receiver "a": chat 1: it is empty: write telegram: and a chat`},
		{"receivers:\n  - name: a\n    chats: [{telegram: x y}]\n", `w.yml:3: receiver "a": chat 1: it is not a chat: write its number`},
		{"receivers:\n  - name: a\n    chats: [{telegram: $}]\n", `chat 1: it names no variable: write $NAME`},
		{"receivers:\n  - name: a\n    chats: [{telegram: 7, slack: b}]\n", `chat 1: it has two transports: list them as two chats`},
		{"receivers:\n  - name: a\n    chats: [{telegram: 7}]\n    language: kr\n", `w.yml:4: receiver "a": no messages in "kr": choose one of en, ko`},
		{"receivers:\n  - name: a\n    chats: [{telegram: 7}]\n    time_zone: Mars/Base\n", `w.yml:4: receiver "a": no time zone "Mars/Base": write it as UTC or Asia/Seoul`},
		{"receivers:\n  - name: a\n    chats: [{telegram: 7}]\n    time_zone: Local\n", `w.yml:4: receiver "a": the zone Local is that of each machine: write it as UTC or Asia/Seoul`},
		{"receivers:\n  - {name: a, chats: [{telegram: \"@Alerts\"}, {telegram: \"@alerts\"}]}\n", `w.yml:2: receiver "a": chat 2 is listed twice`},
		{"receivers:\n  - {name: a, chats: [{telegram: \"@Alerts\"}]}\n  - {name: b, chats: [{telegram: \"@alerts\"}]}\n", `w.yml:3: the chats @Alerts and @alerts are one: write both in the same way`},
		{"receivers:\n  - {name: a, chats: [{telegram: \"@alerts:7\"}]}\ndefault_chat: \"5, @Alerts:7\"\n", `w.yml:2: the chats @Alerts:7 and @alerts:7 are one`},
		{"receivers:\n  - {name: a, chats: [{telegram: \" 7\"}]}\n", `w.yml:2: receiver "a": chat 1: it is not a chat`},
		{"receivers:\n  - {name: a, chats: [{telegram: 07}]}\n", `w.yml:2: receiver "a": chat 1: it is not a chat`},
		{"receivers:\n  - {name: a, chats: [{telegram: \"-100:0\"}]}\n", `w.yml:2: receiver "a": chat 1: it is not a chat`},
		{"receivers:\n  - {name: a, chats: [{telegram: \"-100:07\"}]}\n", `w.yml:2: receiver "a": chat 1: it is not a chat`},
		{"receivers:\n  - name: a\n    chats: [{telegram: 7}]\n    templates: ../b\n", `w.yml:4: receiver "a": "../b" is not a folder in that of --templates`},
		{"receivers:\n  - name: a\n    chats: [{telegram: 7}]\n    mentions: [\" \"]\n", `w.yml:4: receiver "a": write each mention in one line`},
	} {
		if _, err := config.Parse("w.yml", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n%v\nnot\n%s", c.text, err, c.want)
		}
	}
}

func ExampleReceiverChat_Place() {
	for _, c := range []config.ReceiverChat{{Telegram: "-100123:7"}, {Slack: "C0123456789"}} {
		fmt.Println(c.Place())
	}
	// Output:
	// telegram -100123:7
	// slack C0123456789
}
