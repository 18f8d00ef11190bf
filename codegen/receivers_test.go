package codegen_test

import (
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// A field of a receiver has an effect, or is a finding.
func TestFieldsOfReceiversHaveAnEffect(t *testing.T) {
	t.Parallel()
	chats := []routing.Chat{{Telegram: "$MQ"}}
	program := []routing.Webhook{{URL: routing.Secret("hook")}}
	beside := func(r routing.Receiver) change { // beside the one that gets all alerts
		return func(s *preflight.Site) {
			r.Name = "beside"
			s.Routing.Receivers = append(s.Routing.Receivers, r)
			s.Routing.Route.Routes = []routing.Route{{Match: `sev="amber"`, Receiver: "beside"}}
		}
	}
	plantEach(t, queueSite, map[string]planted{
		"a language of chats":                   {receives(routing.Receiver{Chats: chats, Language: "ko"}), ""},
		"a language without chats":              {notified(func(r *routing.Receiver) { r.Language = "ko" }), `receiver "mq": AM009: Language is that of the messages in Chats`},
		"a language of the history":             {beside(routing.Receiver{Sound: routing.NoMessage, Language: "ko"}), `receiver "beside": AM009: Language`},
		"the look of chats":                     {receives(routing.Receiver{Chats: chats, TimeZone: "Asia/Seoul", Templates: "mq", Mentions: []string{"@oncall"}}), ""},
		"a channel of Slack":                    {receives(routing.Receiver{Chats: []routing.Chat{{Slack: "C0123456789"}, {Slack: "$OPS"}}}), ""},
		"a channel by its name":                 {receives(routing.Receiver{Chats: []routing.Chat{{Slack: "#ops"}}}), `receiver "mq": chat 1: it is not a channel: write its id`},
		"a time zone without chats":             {notified(func(r *routing.Receiver) { r.TimeZone = "UTC" }), `receiver "mq": AM009: TimeZone is for the messages in Chats`},
		"templates without chats":               {notified(func(r *routing.Receiver) { r.Templates = "mq" }), `receiver "mq": AM009: Templates is for the messages in Chats`},
		"mentions without chats":                {notified(func(r *routing.Receiver) { r.Mentions = []string{"@mq"} }), `receiver "mq": AM009: Mentions is for the messages in Chats`},
		"chats of the history":                  {beside(routing.Receiver{Chats: chats, Sound: routing.NoMessage}), `receiver "beside": AM009: Sound: NoMessage makes no messages in its Chats`},
		"an unknown time zone":                  {receives(routing.Receiver{Chats: chats, TimeZone: "Mars/Base"}), `the webhook would refuse its configuration: webhook.yml:`},
		"templates elsewhere":                   {receives(routing.Receiver{Chats: chats, Templates: "../x"}), `"../x" is not a folder in that of --templates`},
		"a chat twice":                          {receives(routing.Receiver{Chats: append(chats, chats...)}), `chat 2 is listed twice`},
		"two chats, languages":                  {beside(routing.Receiver{Chats: []routing.Chat{{Telegram: "$OTHER"}}, Language: "ko"}), ""},
		"a sound of chats":                      {receives(routing.Receiver{Chats: chats, Sound: routing.Loud}), ""},
		"a sound of Telegram":                   {notified(func(r *routing.Receiver) { r.Sound = routing.Silent }), ""},
		"a sound of another program":            {receives(routing.Receiver{Webhook: program, Sound: routing.Silent}), `receiver "mq": AM009: Sound is that of Chats and Telegram`},
		"a program and the history":             {receives(routing.Receiver{Webhook: program, Sound: routing.NoMessage}), ""},
		"a program and no history":              {all(receives(routing.Receiver{Webhook: program, Sound: routing.NoMessage}), func(s *preflight.Site) { s.Webhook = preflight.Webhook{} }), `receiver "mq": AM009: Sound: NoMessage makes an entry`},
		"only firing of a program":              {receives(routing.Receiver{Webhook: program, FiringOnly: true}), ""},
		"the history":                           {beside(routing.Receiver{Sound: routing.NoMessage}), ""},
		"only firing of the history":            {beside(routing.Receiver{Sound: routing.NoMessage, FiringOnly: true}), ""},
		"a sound of the heartbeat":              {all(heartbeat(often), func(s *preflight.Site) { s.Routing.Receivers[1].Sound = routing.Loud }), `receiver "heartbeat": AM009: a heartbeat makes no message`},
		"a heartbeat":                           {heartbeat(often), ""},
		"an inhibition without a source":        {inhibition("", `sev="amber"`), "DF019: Source is missing"},
		"an inhibition without a target":        {inhibition(`sev="red"`, ""), "DF019: Target is missing"},
		"an inhibition that cannot be":          {inhibition(`sev="red`, `sev="amber"`), "DF019: Source: "},
		"a promise not in an interval":          {promised(routing.Promise{Match: `sev="amber"`, Receiver: "mq", NotIn: []string{"nights"}}), `routing, promise of {sev="amber"}: AM003: the time interval "nights" is not defined`},
		"a promise within a word":               {promised(routing.Promise{Match: `sev="amber"`, Receiver: "mq", Within: "soon"}), `routing, promise of {sev="amber"}: DF019: Within: `},
		"a promise within a word alone":         {promised(routing.Promise{Match: `sev="amber"`, Within: "soon"}), `DF019: Within: `},
		"a promise to an undefined receiver":    {promised(routing.Promise{Match: `sev="amber"`, Receiver: "mqq"}), `AM003: the receiver "mqq" is not defined`},
		"a promise about an undefined receiver": {promised(routing.Promise{Match: `sev="amber"`, Receiver: "mq", Never: "mqq"}), `AM003: the receiver "mqq" is not defined`},
		"an urgent condition of an amber":       {func(s *preflight.Site) { also(s); s.Urgent = []string{"BrokerDown"} }, `alert "QueueLong": AM010: its severity "red" is urgent`},
		"an urgent condition that is said":      {func(s *preflight.Site) { also(s); s.Urgent = []string{"BrokerDown", "QueueLong"} }, ""},
	})
}

func also(s *preflight.Site) {
	alert(s, "QueueLong").Also = []rules.Condition{{Severity: "red", Expr: "sum by (queue) (queue_depth) > 50"}}
}

// promised adds a promise for amber alerts, beside one for red ones.
func promised(x routing.Promise) change {
	return func(s *preflight.Site) {
		s.Routing.Promises = []routing.Promise{x, {Match: `sev="red"`, Receiver: "mq", Within: "10m"}}
	}
}

// A finding about a setting that Alertmanager refuses names the route or the
// time interval, and the field.
func TestRefusalsOfAlertmanager(t *testing.T) {
	t.Parallel()
	interval := func(i routing.TimeInterval) change {
		return func(s *preflight.Site) {
			i.Name = "nights"
			s.Routing.TimeIntervals = []routing.TimeInterval{i}
			s.Routing.Route.Routes = []routing.Route{{Match: `sev="amber"`, Mute: []string{"nights"}}}
		}
	}
	root := func(edit func(r *routing.Route)) change {
		return func(s *preflight.Site) { edit(&s.Routing.Route) }
	}
	amber := func(r routing.Route) change {
		return func(s *preflight.Site) {
			r.Match = `sev="amber"`
			s.Routing.Route.Routes = []routing.Route{r}
		}
	}
	const nights, ofRoot, ofAmber = `routing, time interval "nights", `, "routing, the default route: DF019: ", `routing, {sev="amber"}: DF019: `
	plantEach(t, queueSite, map[string]planted{
		"all fields":             {interval(routing.TimeInterval{Times: []string{"22:00-24:00"}, Weekdays: []string{"monday:friday", "sunday"}, Days: []string{"1:7", "-1"}, Months: []string{"january:march"}, Years: []string{"2026"}, Location: "Europe/Berlin"}), ""},
		"weekdays over Saturday": {interval(routing.TimeInterval{Weekdays: []string{"friday:monday"}}), ""},
		"no weekday":             {interval(routing.TimeInterval{Weekdays: []string{"mon"}}), nights + "Weekdays: DF019: "},
		"over midnight":          {interval(routing.TimeInterval{Times: []string{"22:00-06:00"}}), nights + `Times: DF019: "22:00-06:00" is over midnight: write two ranges, "22:00-24:00" and "00:00-06:00"`},
		"no range":               {interval(routing.TimeInterval{Times: []string{"22:00"}}), nights + "Times: DF019: "},
		"no day":                 {interval(routing.TimeInterval{Days: []string{"32"}}), nights + "Days: DF019: "},
		"no month":               {interval(routing.TimeInterval{Months: []string{"13"}}), nights + "Months: DF019: "},
		"no year":                {interval(routing.TimeInterval{Years: []string{"2028:2026"}}), nights + "Years: DF019: "},
		"no place":               {interval(routing.TimeInterval{Years: []string{"2026"}, Location: "Europe/Berlim"}), nights + "Location: DF019: "},
		"no field":               {interval(routing.TimeInterval{}), `routing, time interval "nights": DF019: it has no Times`},
		"a location alone":       {interval(routing.TimeInterval{Location: "Asia/Seoul"}), `routing, time interval "nights": DF019: it has no Times`},
		"any machine's zone":     {interval(routing.TimeInterval{Years: []string{"2026"}, Location: "Local"}), nights + `Location: DF019: "Local" is another zone`},
		"a night of weekdays":    {interval(routing.TimeInterval{Times: []string{"22:00-06:00"}, Weekdays: []string{"monday"}}), `and "00:00-06:00", the second in another TimeInterval of the name with the days after`},
		"an empty range":         {interval(routing.TimeInterval{Times: []string{"06:00-06:00"}}), nights + "Times: DF019: start time cannot be equal"},
		"a misspelt weekday":     {interval(routing.TimeInterval{Weekdays: []string{"mondy:friday"}}), `did you mean "monday:friday"?`},
		"a short weekday":        {interval(routing.TimeInterval{Weekdays: []string{"Sat"}}), `did you mean "saturday"?`},
		"a misspelt month":       {interval(routing.TimeInterval{Months: []string{"janury"}}), `did you mean "january"?`},
		"a misspelt place":       {interval(routing.TimeInterval{Years: []string{"2026"}, Location: "Europe/Berlim"}), `did you mean "Europe/Berlin"?`},
		"no name":                {func(s *preflight.Site) { s.Routing.TimeIntervals = []routing.TimeInterval{{}} }, "routing: DF019: a time interval has no Name"},
		"root goes on":           {root(func(r *routing.Route) { r.Continue = true }), ofRoot + "nothing comes after the root route"},
		"root is muted":          {all(interval(routing.TimeInterval{Years: []string{"2026"}}), root(func(r *routing.Route) { r.Routes, r.Mute = nil, []string{"nights"} })), ofRoot + "the root route cannot be muted"},
		"a label twice":          {root(func(r *routing.Route) { r.GroupBy = []string{"alertname", "queue", "alertname"} }), ofRoot + `GroupBy: the label "alertname" is there twice`},
		"a label twice below":    {amber(routing.Route{GroupBy: []string{"queue", "queue"}}), ofAmber + `GroupBy: the label "queue"`},
		"all labels and one":     {amber(routing.Route{GroupBy: []string{"...", "queue"}}), ofAmber + `GroupBy: "..." stands for all`},
		"no label":               {amber(routing.Route{GroupBy: []string{""}}), ofAmber + "GroupBy: a label has no name"},
		"a group never":          {amber(routing.Route{GroupInterval: "0s"}), ofAmber + "GroupInterval is zero"},
		"a repetition at once":   {root(func(r *routing.Route) { r.RepeatInterval = "0s" }), ofRoot + "RepeatInterval is zero"},
		"a group without delay":  {amber(routing.Route{GroupWait: "0s"}), ""},
	})
}
