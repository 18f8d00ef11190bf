package site

import (
	"github.com/alertnative/preflight/routing"
)

// Receivers: chats of the webhook, and Alertmanager's own Telegram for alerts
// that the webhook may be unable to deliver.
const (
	loud    = "telegram-loud"
	silent  = "telegram-silent"
	history = "history"

	fallbackLoud   = "fallback-loud"
	fallbackBegin  = "fallback-begin"
	fallbackSilent = "fallback-silent"
)

// Labels that group notifications. An alert of the pipeline has a job more
// often than an environment.
var (
	byEnv   = []string{"env", "priority"}
	byAlert = []string{"env", "alertname"}
	byJob   = []string{"alertname", "job"}
)

func notifications() routing.Routing {
	chats := []routing.Chat{{Telegram: "$TELEGRAM_CHAT_ID"}}
	direct := []routing.Telegram{{
		BotToken:   routing.Secret("telegram_bot_token"),
		ChatIDFile: routing.Secret("telegram_fallback_chat_id"),
	}}
	return routing.Routing{
		Receivers: []routing.Receiver{
			{Name: loud, Chats: chats, Sound: routing.Loud},
			{Name: silent, Chats: chats, Sound: routing.Silent},
			{Name: history, Sound: routing.NoMessage},
			{Name: fallbackLoud, Telegram: direct, Sound: routing.Loud},
			{Name: fallbackBegin, Telegram: direct, Sound: routing.Loud, FiringOnly: true},
			{Name: fallbackSilent, Telegram: direct, Sound: routing.Silent, FiringOnly: true},
		},
		Route:    routes(),
		Promises: promises(),
	}
}

// routes sends an alert without a priority like a P1, because its rule was
// written without priorities.
func routes() routing.Route {
	root := p1("", loud, []string{"alertname"})
	root.Routes = append(directRoutes(),
		// A webhook that is back delivers the urgent alert itself.
		p0(`source="pipeline", alertname="UrgentUndelivered"`, history, byJob),
		p1(`source="pipeline", priority="P1"`, loud, byJob),
		p2(`source="pipeline", priority="P2"`, silent, byJob),
		p3(`source="pipeline", priority="P3"`, history, byJob),
		p0(`priority="P0"`, loud, byEnv),
		p1(`priority="P1"`, loud, byEnv),
		p2(`priority="P2"`, silent, byAlert),
		p3(`priority="P3"`, history, byAlert),
	)
	return root
}

// directRoutes also send alerts that the webhook may be unable to deliver
// through Alertmanager's own Telegram. The routes list them one by one, because
// any other alert would arrive twice.
//
// A resolution from Alertmanager rings like a new alert. It is sent only if the
// webhook may have missed the alert; the webhook itself sends resolutions
// silently.
func directRoutes() []routing.Route {
	routes := []routing.Route{
		p1(`source="pipeline", alertname="TargetDown", job="webhook"`, fallbackLoud, byJob),
		p1(`source="pipeline", alertname="NotificationsFailing", job="alertmanager"`, fallbackLoud, byJob),
		p0(`source="pipeline", alertname="UrgentUndelivered"`, fallbackBegin, byJob),
		p1(`source="pipeline", alertname="SpoolNotWritable"`, fallbackLoud, byJob),
		p1(`source="pipeline", alertname="WebhookUnauthorized"`, fallbackLoud, byJob),
		p1(`source="pipeline", alertname="WebhookInboxStuck"`, fallbackBegin, byJob),
		p1(`source="pipeline", alertname="TelegramFailing"`, fallbackBegin, byJob),
		p1(`source="pipeline", alertname="MessagesRefused"`, fallbackBegin, byJob),
		p2(`source="pipeline", alertname="WebhookBacklog"`, fallbackSilent, byJob),
	}
	for i := range routes {
		routes[i].Continue = true
	}
	return routes
}

// p0 waits 200 ms, so that alerts of one evaluation share a message.
func p0(match, receiver string, by []string) routing.Route {
	return routing.Route{Match: match, Receiver: receiver, GroupBy: by, GroupWait: "200ms", GroupInterval: "1s", RepeatInterval: "1h"}
}

func p1(match, receiver string, by []string) routing.Route {
	return routing.Route{Match: match, Receiver: receiver, GroupBy: by, GroupWait: "30s", GroupInterval: "5m", RepeatInterval: "12h"}
}

func p2(match, receiver string, by []string) routing.Route {
	return routing.Route{Match: match, Receiver: receiver, GroupBy: by, GroupWait: "5m", GroupInterval: "30m", RepeatInterval: "24h"}
}

func p3(match, receiver string, by []string) routing.Route {
	return routing.Route{Match: match, Receiver: receiver, GroupBy: by, GroupWait: "5m", GroupInterval: "1h", RepeatInterval: "72h"}
}
