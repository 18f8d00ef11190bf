package site

// levels states the level of alerts a second time, so that a severity that was
// changed by mistake is noticed. The urgent ones are in Urgent.
func levels() map[string][]string {
	return map[string][]string{
		"P1": {
			"ConfigReloadFailed", "MessagesRefused", "NotificationsFailing", "PreflightCheckWarned", "PreflightConfigRefused",
			"PreflightMissing", "PreflightOutputFailing", "PreflightStale", "RuleEvaluationFailing", "SpoolNotWritable",
			"TargetDown", "TelegramFailing", "TextfileScrapeError",
		},
		"P2": {
			"HistoryLagging", "PostgresLatencyHigh", "PreflightFlapping", "PreflightSlow", "RedisLatencyHigh", "WebhookBacklog",
		},
		"P3": {"MessagesAmbiguous"},
	}
}
