package config_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
)

// What is written is read back as the same, whatever the names are.
func TestEncodedFilesAreReadBack(t *testing.T) {
	t.Parallel()
	for _, f := range []config.File{
		config.Default(),
		{Severities: config.Priorities(), DefaultChat: "-100123:7,@alerts", Language: "ko", Watchdog: false},
		{Severities: config.Severities{Label: "graduação", Levels: []config.Level{
			{Name: "null", Icon: `"`, Urgent: true}, {Name: "a, b: {c} # d", Icon: "<&>"}, {Name: "on", Sound: api.None}, {Name: "007", Icon: " ️"}, {Name: "-"},
		}}, DefaultChat: "-7", Watchdog: true},
	} {
		text := f.Encode()
		back, err := config.Parse("webhook.yml", text)
		if err != nil || !reflect.DeepEqual(back, f) {
			t.Errorf("%s\nis read as %+v, %v", text, back, err)
		}
	}
}

func TestWhatIsLeftOutHasItsDefault(t *testing.T) {
	t.Parallel()
	f, err := config.Parse("webhook.yml", []byte("language: en\n"))
	want := config.Default()
	want.Language = "en"
	if err != nil || !reflect.DeepEqual(f, want) {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestMistakesAreAllReportedWithTheirLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", "w.yml: is empty"},
		{"watchdog: [", "w.yml:1: did not find expected node content"},
		{"watchdog: true\n---\nwatchdog: false\n", "w.yml: has more than one document"},
		{"watchdog: maybe\n", `w.yml:1: "maybe" is not true or false`},
		{"watchdog: true\nwatchdog: true\n", `w.yml:2: mapping key "watchdog" already defined at line 1`},
		{"severities: [a]\n", "w.yml:1: a list is not a set of keys"},
		{"severities: {label: a, levels: b}\n", `w.yml:1: "b" is not a list`},
		{"\ndefault_chat: {a: b}\n", "w.yml:2: a set of keys is not text"},
		{"default_chat: $a b\n", `w.yml:1: "$a b" names no variable: write $NAME`},
		{"default_chat: 7,slack:#general\n", "w.yml:1: default_chat: chat 2 of the list is not a chat: write its number (-1001234567890), @name, or number:topic, or slack: and the id"},
		{"watchdog: true\ndefault_chat: \"\"\n", "w.yml:2: default_chat is empty"},
		{
			"watchdgo: true\nseverities:\n  lable: a\n  levels:\n    - {name: a, colour: red}\n",
			"w.yml:1: unknown key \"watchdgo\": did you mean \"watchdog\"?\nw.yml:3: unknown key \"lable\": did you mean \"label\"?\nw.yml:5: unknown key \"colour\": there are name, icon, urgent, sound",
		},
		{"severities:\n  levels: []\n", "w.yml:2: severities have no label: add the label of alerts that holds the level\nw.yml:2: severities have no levels"},
		{
			"severities:\n  label: s\n  levels:\n    - {name: a}\n    - {name: A}\n    - {urgent: true}\n    - name: b\n      sound: noisy\n",
			"w.yml:5: level \"A\" is listed twice\nw.yml:6: the level has no name\nw.yml:6: level \"\" is urgent, but level \"a\" before it is not: list the most severe first\n" +
				"w.yml:8: level \"b\": unknown sound \"noisy\": choose loud, silent or none",
		},
		{
			"severities:\n  label: s\n  levels:\n    - {name: \"\\u200b\"}\n    - {name: \"a\\nb\"}\n    - name: c\n      icon: " + strings.Repeat("🚨", 21) +
				"\n    - {name: " + strings.Repeat("d", 51) + "}\n",
			"w.yml:4: the level has no name\nw.yml:5: level 2: write its name in one line, with 50 characters at most\n" +
				"w.yml:7: level 3: write its icon in one line, with 20 characters at most\nw.yml:8: level 4: write its name in one line",
		},
	} {
		if _, err := config.Parse("w.yml", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n%v\nnot\n%s", c.text, err, c.want)
		}
	}
}

// Anchors do not hide where a mistake is.
func TestAliasesAreFollowed(t *testing.T) {
	t.Parallel()
	_, err := config.Parse("w.yml", []byte("severities: {label: s, levels: &l [{name: a}, {name: b, sound: x}]}\n"))
	if err == nil || !strings.HasPrefix(err.Error(), "w.yml:1: ") {
		t.Error(err)
	}
	f, err := config.Parse("w.yml", []byte("severities:\n  label: s\n  levels:\n    - &a {name: a, sound: loud}\n    - {<<: *a, name: b}\n"))
	if err != nil || len(f.Severities.Levels) != 2 || f.Severities.Levels[1].Sound != api.Loud {
		t.Errorf("%+v, %v", f, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(string(config.Default().Encode()))
	receivers := config.Default()
	receivers.Receivers = []config.Receiver{team, {Name: "history", Sound: api.None}}
	f.Add(string(receivers.Encode()))
	f.Add("receivers: [{name: a, sound: none, chats: [], mentions: []}]\n")
	f.Add("a: &a [*a]\n")
	f.Add("severities: {label: s, levels: [*x, {name: &x 1, sound: q}]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := config.Parse("w.yml", []byte(text))
		if err != nil {
			return
		}
		back, err := config.Parse("w.yml", file.Encode())
		if err != nil || !reflect.DeepEqual(back, file) {
			t.Fatalf("%q is %+v and then %+v, %v", text, file, back, err)
		}
	})
}

func ExampleParse() {
	f, err := config.Parse("webhook.yml", []byte(`
severities:
  label: severity
  levels:
    - {name: page, icon: "🚨", urgent: true}
    - {name: ticket, icon: "🎫"}
default_chat: $TEAM_CHAT
watchdog: false
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range f.Severities.Levels {
		fmt.Println(l.Icon, l.Name, l.Plays())
	}
	fmt.Println("heartbeat expected:", f.Watchdog)

	_, err = config.Parse("webhook.yml", []byte("defualt_chat: 7\n"))
	fmt.Println(err)
	// Output:
	// 🚨 page loud
	// 🎫 ticket silent
	// heartbeat expected: false
	// webhook.yml:1: unknown key "defualt_chat": did you mean "default_chat"?
}

func ExampleFile_Encode() {
	f := config.Default()
	f.DefaultChat = "$PAYMENTS_CHAT"
	fmt.Print(string(f.Encode()))
	// Output:
	// severities:
	//   label: priority
	//   levels:
	//     - {name: P0, icon: "🚨", urgent: true, sound: loud}
	//     - {name: P1, icon: "⚠️", sound: loud}
	//     - {name: P2, icon: "🔔", sound: silent}
	//     - {name: P3, icon: "ℹ️", sound: none}
	// default_chat: $PAYMENTS_CHAT
	// watchdog: true
}
