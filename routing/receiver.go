package routing

// Receiver is a destination of notifications: chats of preflight-webhook,
// Alertmanager's own integrations, or both. A receiver without any needs Sound:
// [NoMessage] or Watchdog: true. YAML holds the fields of an integration that
// its type lacks, as in alertmanager.yml. It contains no secrets.
type Receiver struct {
	Name       string
	Chats      []Chat
	Sound      Sound // "": the sound of the most severe alert's level
	FiringOnly bool  // do not send resolutions
	Watchdog   bool  // receives the heartbeat of preflight-webhook, without messages

	// The format of the messages in Chats. A chat of several receivers has the
	// format of the first receiver by name.
	Language  string   // "": English
	TimeZone  string   // of the times shown, such as "Europe/Berlin"; "": that of the flag --timezone
	Templates string   // a folder in that of the flag --templates; "": the templates of all
	Mentions  []string // at the end of new messages with a sound, such as "@oncall"

	PagerDuty []PagerDuty
	Slack     []Slack
	Email     []Email
	Opsgenie  []Opsgenie
	MSTeams   []MSTeams
	Telegram  []Telegram
	Webhook   []Webhook
	Native    []Native // any other integration
}

// Chat is one chat of the webhook. "$NAME" refers to an environment variable of
// the webhook.
type Chat struct {
	Telegram string // chat, or chat:topic
	Slack    string // the id of a channel, "C0123456789", or "$NAME"
}

// PagerDuty is Alertmanager's integration of that name.
type PagerDuty struct {
	RoutingKey Credential
	YAML       string // severity, details, …
}

// Slack is Alertmanager's integration of that name.
type Slack struct {
	Channel string
	APIURL  Credential
	YAML    string
}

// Email is Alertmanager's integration of that name. The mail server is in YAML,
// or in global of [Routing].YAML.
type Email struct {
	To, YAML     string
	AuthPassword Credential // of the account at the mail server
}

// Opsgenie is Alertmanager's integration of that name.
type Opsgenie struct {
	APIKey Credential
	YAML   string
}

// MSTeams is Alertmanager's integration msteamsv2.
type MSTeams struct {
	WebhookURL Credential
	YAML       string
}

// Telegram is Alertmanager's own integration, which works without
// preflight-webhook.
type Telegram struct {
	BotToken   Credential
	ChatID     int64
	ChatIDFile Credential
	YAML       string
}

// Webhook is Alertmanager's integration of that name, for programs other than preflight-webhook.
type Webhook struct {
	URL  Credential
	YAML string
}

// Native is an integration given as YAML. Kind is "discord" for
// discord_configs.
type Native struct {
	Kind    string
	YAML    string
	Secrets map[string]Credential // by key: "webhook_url", "http_config.authorization.credentials"
}
