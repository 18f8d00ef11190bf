package finding

// Codes for unknown names in expressions.
const (
	Syntax        Code = "PQ001" // the expression does not parse
	UnknownMetric Code = "PQ002" // no metric of that name is in the catalogue
	UnknownLabel  Code = "PQ003" // the metric has no such label
	UnknownValue  Code = "PQ004" // the label never has that value
)

// Codes for metrics of the wrong type.
const (
	WrongFunction Code = "PQ010" // rate of a gauge, delta of a counter
	RawCounter    Code = "PQ011" // a counter is compared as it is
	NotBuckets    Code = "PQ012" // histogram_quantile without le, or not on buckets
	NotHistogram  Code = "PQ013" // _sum, _count or _bucket of a metric without them
	RateOfSum     Code = "PQ014" // the rate of a sum of counters, or of a rate
	MeanQuantile  Code = "PQ015" // quantiles of several series are added or averaged
)

// Codes for too short windows.
const (
	ShortWindow Code = "PQ020" // shorter than two updates of the metric
	FewScrapes  Code = "PQ021" // shorter than four scrapes
	CoarseStep  Code = "PQ022" // a subquery with at most one step
	SameSample  Code = "PQ023" // two points in time that are one sample
	LastTwo     Code = "PQ024" // irate in an alert that waits
)

// Codes for lost labels.
const (
	LabelGoneText    Code = "PQ030" // a template uses a label that is not in the result
	LabelGone        Code = "PQ031" // the expression uses a label that it aggregated away
	NeverMatches     Code = "PQ032" // the two sides can have no labels in common
	ClobberedLabel   Code = "PQ033" // the rule overwrites a label that distinguishes series
	LabelNotRecorded Code = "PQ034" // a selector uses a label that the recording rule drops
	DeletedLabel     Code = "PQ035" // group_left or group_right deletes a label
)

// Codes for conditions without effect.
const (
	NeverFires   Code = "PQ040" // no value can satisfy it
	AlwaysFires  Code = "PQ041" // every value satisfies it, or there is no condition
	ShortFor     Code = "PQ042" // shorter than the time between two evaluations, scrapes or runs
	UnitMismatch Code = "PQ043" // seconds are compared with bytes
	PartOfEvent  Code = "PQ044" // an increase is compared with less than one event
	LongFor      Code = "PQ045" // the condition is over before "for" is
)

// Codes for expressions with an unintended meaning.
const (
	BareAbsent Code = "PQ050" // absent() whose result has no labels
	NoTraffic  Code = "PQ051" // a division by 0 makes the result NaN
	IdleRegexp Code = "PQ052" // a pattern that is a plain string or matches everything
	SameRule   Code = "PQ053" // the same rule twice
	NotPattern Code = "PQ054" // a pattern in a matcher for equal values
)

// Codes for labels of alerts.
const (
	MovingLabel Code = "PQ060" // each change makes a new alert and restarts "for"
	UrgentLimit Code = "PQ061" // too many instances of an urgent alert remove all of them
)

// Code for texts of alerts.
const WrongScale Code = "PQ070" // a text shows a value in another unit

// Codes for routes, inhibitions and alert texts.
const (
	NoReceiver       Code = "AM001" // an alert without a receiver, or one that only the default route takes
	UnreachableRoute Code = "AM002" // no alert ever takes it
	Undefined        Code = "AM003" // a receiver or interval that is not defined
	GroupedByNothing Code = "AM004" // group_by a label that none of its alerts has
	EqualNothing     Code = "AM005" // an inhibition that can never apply
	BadTemplate      Code = "AM006" // the template cannot be expanded
	NoPromise        Code = "AM007" // an urgent alert without a promise
	BrokenPromise    Code = "AM008" // Alertmanager breaks a promise
)

// Codes for panels. dashgen, which knows the layout, defines GR001-004 and
// GR007-GR011.
const (
	OtherUnit   Code = "GR005" // a panel with another unit than the metric's
	OtherValues Code = "GR012" // the panel of an alert shows other values than those that fired
	NotInResult Code = "GR006" // a legend or column with a label that is not in the result
)

// Codes for whole definitions.
const (
	UnusedMetric   Code = "DF002" // no rule and no panel reads it
	OtherThreshold Code = "DF004" // the alert's threshold is missing in its panel
	Incomplete     Code = "DF001" // an alert or rule with a missing field
	NoScenario     Code = "DF003" // scenarios that do not show an alert both firing and quiet
	IdleWaiver     Code = "DF005" // a waiver without effect or without a reason
	OtherNumber    Code = "DF010" // a text contains a number that is not in the expression
	UnknownProgram Code = "DF011" // no exposition of the program is recorded
	BadExposition  Code = "DF012" // the text is not an exposition
)

// Codes for packs, sites and their combination.
const (
	UnknownSeverity Code = "DF006" // a severity that is no level of the site and that no level takes
	Clash           Code = "DF007" // two packs define one name differently
	NothingChanged  Code = "DF008" // a change of an unknown definition
	NotYetEmitted   Code = "DF009" // a field without effect in the outputs
	Unreadable      Code = "DF019" // a malformed duration, matcher, YAML or expectation
	BadJob          Code = "DF018" // a scrape job without targets, or of another program
	NoTranslation   Code = "DF013" // a translated alert with an untranslated text
	FalseProof      Code = "DF014" // a scenario that fails
	LookbackOnly    Code = "DF015" // a scenario that holds only because of the lookback
	NotShown        Code = "DF016" // an alert without a panel on a dashboard
	Opposite        Code = "DF020" // a text that contradicts what it shows
	OtherMeaning    Code = "DF021" // a translation with another meaning
	SameText        Code = "DF022" // the same text for different definitions
	BadSite         Code = "DF017" // a site with impossible settings
	NoMeans         Code = "AM009" // a receiver without an integration
	IdleEnv         Code = "DF023" // ENV without PerEnv, or PerEnv without ENV
	NotUrgent       Code = "AM010" // an alert missing in, or wrongly in, the site's list of urgent alerts or of a level
	OthersAlerts    Code = "AM012" // a pack's routing that applies to alerts of other packs
	InlineSecret    Code = "AM013" // a secret in YAML, which would be in a generated file
	SlowHeartbeat   Code = "AM011" // the webhook would report a missing heartbeat although it is sent
	UnmutedChild    Code = "AM014" // a route sends at times at which its parent is muted
	BothLack        Code = "AM015" // an inhibition takes a label that both sides lack for equal
)

// Severity returns the severity of most findings of the code. A finding that is
// less certain has a lower one.
func (c Code) Severity() Severity {
	switch c {
	case IdleRegexp, LastTwo:
		return Info
	case FewScrapes, ShortFor, BareAbsent, MeanQuantile, DeletedLabel, NotPattern, SameRule, WrongScale:
		return Warning
	}
	return Bug
}

// Waivable reports whether a definition can waive findings of the code. It
// cannot waive findings about definitions that do not parse or cannot be
// emitted or proved, because the files would be wrong.
func (c Code) Waivable() bool {
	switch c {
	case Syntax, Undefined, NoMeans, Incomplete, UnknownSeverity, Clash, NotYetEmitted, Unreadable, FalseProof, BadExposition, InlineSecret:
		return false
	}
	return true
}
