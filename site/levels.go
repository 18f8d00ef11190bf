package site

// levels states the levels of alerts a second time, so that an accidental
// change is noticed. Urgent has the urgent ones.
func levels() map[string][]string {
	return map[string][]string{
		"P1": {
			"ConfigReloadFailed", "MessagesRefused", "NotificationsFailing", "PreflightCheckWarned", "PreflightConfigRefused",
			"PreflightMissing", "PreflightOutputFailing", "PreflightStale", "RuleEvaluationFailing", "SpoolNotWritable",
			"TargetDown", "TelegramFailing", "TextfileScrapeError", "WebhookInboxStuck", "WebhookUnauthorized",
		},
		"P2": {
			"HistoryLagging", "PostgresLatencyHigh", "PreflightFlapping", "PreflightSlow", "RedisLatencyHigh", "WebhookBacklog",
		},
		"P3": {"MessagesAmbiguous"},
	}
}
