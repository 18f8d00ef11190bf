package codegen_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
)

// inChats gives a receiver to the first chats, and one for amber alerts to the
// others.
func inChats(first []routing.Chat, others ...routing.Receiver) change {
	return func(s *preflight.Site) {
		s.Routing.Receivers = []routing.Receiver{{Name: "mq", Chats: first}}
		for i, r := range others {
			r.Name = fmt.Sprintf("other%d", i)
			s.Routing.Receivers = append(s.Routing.Receivers, r)
			s.Routing.Route.Routes = append(s.Routing.Route.Routes, routing.Route{Match: `sev="amber"`, Receiver: r.Name, Continue: true})
		}
	}
}

func telegram(names ...string) []routing.Chat {
	var out []routing.Chat
	for _, name := range names {
		out = append(out, routing.Chat{Telegram: name})
	}
	return out
}

// Chats that differ by a slip, lack a minus, or have two formats are findings.
func TestChatsThatAreProbablyOthers(t *testing.T) {
	t.Parallel()
	other := func(r routing.Receiver) change { return inChats(telegram("-1001111111111"), r) }
	mentions := func(chats []routing.Chat, list ...string) change {
		return receives(routing.Receiver{Chats: chats, Mentions: list})
	}
	slack := []routing.Chat{{Slack: "C0123456789"}}
	both := append(telegram("$MQ"), slack...)
	plantEach(t, queueSite, map[string]planted{
		"a group":                     {inChats(telegram("-1001234567890")), ""},
		"a group without its minus":   {inChats(telegram("1001234567890")), `receiver "mq": DF017: the chat 1001234567890: the number of a group begins with a minus: write -1001234567890`},
		"a topic of it":               {inChats(telegram("1001234567890:7")), `the number of a group begins with a minus: write -1001234567890`},
		"a topic of a group":          {inChats(telegram("-1001234567890:7")), ""},
		"a topic of a named group":    {inChats(telegram("@mq_alerts:7")), ""},
		"a topic of a person":         {inChats(telegram("42424242:7")), `it has a topic, and only groups have topics`},
		"a person":                    {inChats(telegram("42424242")), ""},
		"a person and a group":        {inChats(telegram("-1001234567890"), routing.Receiver{Chats: telegram("42424242")}), ""},
		"a person among groups":       {inChats(telegram("-1001234567890", "-1001234567891"), routing.Receiver{Chats: telegram("424242424")}), `receiver "other0": DF017: the chat 424242424: it is the number of a person`},
		"two persons among groups":    {inChats(telegram("-1001234567890", "-1001234567891", "42424241"), routing.Receiver{Chats: telegram("42424242")}), ""},
		"Alertmanager's own Telegram": {receives(routing.Receiver{Telegram: []routing.Telegram{{BotToken: routing.Secret("t"), ChatID: 1001234567890}}}), `the ChatID 1001234567890: the number of a group begins with a minus`},

		"one letter less":         {inChats(telegram("$PAYMENTS_CHAT"), routing.Receiver{Chats: telegram("$PAYMENT_CHAT")}), `receiver "other0": DF017: the chat $PAYMENT_CHAT differs by one letter from $PAYMENTS_CHAT of the receiver "mq"`},
		"one letter more":         {inChats(telegram("$CHAT"), routing.Receiver{Chats: telegram("$CHATT")}), `differs by one letter`},
		"numbers":                 {inChats(telegram("$CHAT"), routing.Receiver{Chats: telegram("$CHAT2")}), ""},
		"another word":            {inChats(telegram("$SEOUL_CHAT"), routing.Receiver{Chats: telegram("$BERLIN_CHAT")}), ""},
		"another variable twice":  {inChats(telegram("$PAYMENTS_CHAT"), routing.Receiver{Chats: telegram("$PAYMENT_CHAT")}, routing.Receiver{Chats: telegram("$PAYMENT_CHAT", "$OPS")}), `differs by one letter`},
		"the default chat":        {all(inChats(telegram("$PAYMENTS_CHAT")), func(s *preflight.Site) { s.Webhook.DefaultChat = "$PAYMENT_CHAT" }), "site, Webhook.DefaultChat: DF017: $PAYMENT_CHAT differs by one letter from the chat $PAYMENTS_CHAT of the receiver \"mq\"\n    did you mean \"$PAYMENTS_CHAT\"?"},
		"the default chat itself": {all(inChats(telegram("$PAYMENTS_CHAT")), func(s *preflight.Site) { s.Webhook.DefaultChat = "$PAYMENTS_CHAT" }), ""},

		"two languages of a chat":   {other(routing.Receiver{Chats: telegram("-1001111111111"), Sound: routing.Silent, Language: "ko"}), `receiver "other0": DF017: the chat -1001111111111 is one of the receiver "mq" too, with another Language`},
		"two zones of a chat":       {other(routing.Receiver{Chats: telegram("-1001111111111"), Sound: routing.Silent, TimeZone: "Asia/Seoul"}), `with another TimeZone`},
		"two folders of a chat":     {other(routing.Receiver{Chats: telegram("-1001111111111"), Sound: routing.Silent, Templates: "x"}), `with another Templates`},
		"one language of a chat":    {other(routing.Receiver{Chats: telegram("-1001111111111"), Sound: routing.Silent, Language: "en"}), ""},
		"two topics, two languages": {inChats(telegram("-1001111111111:1"), routing.Receiver{Chats: telegram("-1001111111111:2"), Language: "ko"}), ""},

		"a mention":                    {mentions(telegram("$MQ"), "@oncall"), ""},
		"a mention in a text":          {mentions(telegram("$MQ"), "on call: @oncall"), ""},
		"a mention without @":          {mentions(telegram("$MQ"), "oncall"), `receiver "mq": DF017: the mention "oncall" rings no phone: Telegram mentions people as @oncall`},
		"a mention of Slack":           {mentions(slack, "@here", "U0123456789", "S0123456789"), ""},
		"a name in Slack":              {mentions(slack, "@oncall"), `the mention "@oncall" rings no phone: write @here`},
		"brackets in Slack":            {mentions(slack, "<@U0123456789>"), `the webhook writes the brackets: write "U0123456789"`},
		"brackets around here":         {mentions(slack, "<!here>"), `the webhook writes the brackets: write "@here"`},
		"a mention of both":            {mentions(both, "@oncall", "U0123456789"), ""},
		"a mention of neither of both": {mentions(both, "oncall"), `write @name for Telegram, and for Slack @here or an id`},
	})
}

// Receivers that are equal are one finding, however many they are.
func TestEqualReceiversAreOneFinding(t *testing.T) {
	t.Parallel()
	teams := func(channel func(team int) string) change {
		return func(s *preflight.Site) {
			for n := range 6 {
				name := fmt.Sprintf("team%d", n)
				s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: name, Slack: []routing.Slack{{Channel: channel(n), APIURL: routing.Secret("slack")}}})
				s.Routing.Route.Routes = append(s.Routing.Route.Routes, routing.Route{Match: `sev="amber"`, Receiver: name, Continue: true})
			}
		}
	}
	plantEach(t, queueSite, map[string]planted{
		"a channel each": {teams(func(n int) string { return fmt.Sprintf("#team-%d", n) }), ""},
		"no channel":     {teams(func(int) string { return "" }), `receiver "team5": DF017: without a Channel, it posts to the same channel of Slack as "team0", "team1", "team2", "team3", "team4": give each its Channel`},
		"one channel":    {teams(func(int) string { return "#mq" }), `receiver "team5": DF017: it is the same as "team0", "team1", "team2", "team3", "team4": correct`},
	})
}

// Hosts that are a slip of a scraped host are findings.
func TestHostsThatAreMisspelt(t *testing.T) {
	t.Parallel()
	hosts := func(hook, alertmanager string, targets ...string) change {
		return func(s *preflight.Site) {
			s.Webhook.URL, s.Alertmanager.Addresses = hook, strings.Split(alertmanager, ",")
			s.Jobs = append(s.Jobs, preflight.Job{Name: "pipeline", Targets: targets})
		}
	}
	const hook, manager = "http://webhook:9917", "alertmanager:9093"
	plantEach(t, queueSite, map[string]planted{
		"the same hosts":             {hosts(hook, manager, "webhook:9917", "alertmanager:9093"), ""},
		"a misspelt webhook":         {hosts("http://webhok:9917", manager, "webhook:9917", "alertmanager:9093"), "site, Webhook.URL: DF017: \"http://webhok:9917\": no job scrapes the host \"webhok\"\n    did you mean \"webhook\"?"},
		"a misspelt Alertmanager":    {hosts(hook, "alertmanger:9093", "webhook:9917", "alertmanager:9093"), "site, Alertmanager.Addresses: DF017: \"alertmanger:9093\": no job scrapes the host \"alertmanger\"\n    did you mean \"alertmanager\"?"},
		"a webhook of another name":  {hosts("http://gateway:9917", manager, "webhook:9917", "alertmanager:9093"), ""},
		"two Alertmanagers":          {hosts(hook, "alertmanager-a:9093,alertmanager-b:9093", "webhook:9917", "alertmanager-a:9093"), ""},
		"an unscraped second one":    {hosts(hook, "alertmanager-2:9093", "webhook:9917", "alertmanager-1:9093"), ""},
		"addresses without a name":   {hosts("http://10.0.0.12:9917", "10.0.0.11:9093", "10.0.0.2:9917", "10.0.0.1:9093"), ""},
		"a name of the same machine": {hosts("http://localhost:9917", "localhost:9093", "localhost:9100"), ""},
	})
}

// An urgent level makes a sound, unless each receiver has one of its own.
func TestUrgentLevelsMakeASound(t *testing.T) {
	t.Parallel()
	level := func(s routing.Sound) change {
		return func(site *preflight.Site) { site.Severities.Levels[0].Sound = s }
	}
	plantEach(t, queueSite, map[string]planted{
		"loud":                    {level(routing.Loud), ""},
		"silent":                  {level(routing.Silent), `site, Severities: DF017: the level "red" is Urgent, and its Sound is Silent: leave Sound out, or write Loud`},
		"silent, a loud receiver": {all(level(routing.Silent), receives(routing.Receiver{Chats: telegram("$MQ"), Sound: routing.Loud})), ""},
		"a severity in lower case": {func(s *preflight.Site) {
			s.Severities.Levels[0].Takes, s.Packs[0].Groups[0].Alerts[0].Severity = []string{"P0"}, "p0"
		}, `did you mean "P0"?`},
	})
}
