package finding

// What an expression names that is not there.
const (
	Syntax        Code = "PQ001" // the expression does not parse
	UnknownMetric Code = "PQ002" // no metric of that name is in the catalogue
	UnknownLabel  Code = "PQ003" // the metric has no such label
	UnknownValue  Code = "PQ004" // the label never has that value
)

// Metrics that are used as what they are not.
const (
	WrongFunction Code = "PQ010" // rate of a gauge, delta of a counter
	RawCounter    Code = "PQ011" // a counter is compared as it is
	NotBuckets    Code = "PQ012" // histogram_quantile without le, or not on buckets
	NotHistogram  Code = "PQ013" // _sum, _count or _bucket of what has none
)

// Windows that are too short.
const (
	ShortWindow Code = "PQ020" // shorter than two updates of the metric
	FewScrapes  Code = "PQ021" // shorter than four scrapes
	CoarseStep  Code = "PQ022" // a subquery with one step at most
)

// Labels that get lost on the way.
const (
	LabelGoneText    Code = "PQ030" // a template uses a label that is not in the result
	LabelGone        Code = "PQ031" // the expression uses a label that it aggregated away
	NeverMatches     Code = "PQ032" // the two sides can have no labels in common
	ClobberedLabel   Code = "PQ033" // the rule overwrites a label that tells series apart
	LabelNotRecorded Code = "PQ034" // a recorded series is asked for a label its rule drops
)

// Conditions that are none.
const (
	NeverFires   Code = "PQ040" // no value can satisfy it
	AlwaysFires  Code = "PQ041" // every value satisfies it, or there is none
	ShortFor     Code = "PQ042" // shorter than the time between two evaluations, scrapes or runs
	UnitMismatch Code = "PQ043" // seconds are compared with bytes
)

// Expressions that do something else than they seem to.
const (
	BareAbsent Code = "PQ050" // absent() whose result has no labels
	NoTraffic  Code = "PQ051" // a division by nothing spoils the result
	IdleRegexp Code = "PQ052" // a pattern that is a plain string, or matches everything
	SameRule   Code = "PQ053" // the same rule twice
)

// Labels of alerts that change while the alert lasts.
const (
	MovingLabel Code = "PQ060" // each evaluation is a new alert and "for" starts anew
	UrgentLimit Code = "PQ061" // too many instances of an urgent alert remove all of them
)

// What is wrong with routes, inhibitions and the texts of alerts.
const (
	NoReceiver       Code = "AM001" // an alert that reaches nobody, or only the default route takes
	UnreachableRoute Code = "AM002" // no alert ever takes it
	Undefined        Code = "AM003" // a receiver or interval that is not defined
	GroupedByNothing Code = "AM004" // group_by a label that none of its alerts has
	EqualNothing     Code = "AM005" // an inhibition that can never apply
	BadTemplate      Code = "AM006" // the template cannot be expanded
	NoPromise        Code = "AM007" // an alert that nobody said anything of
	BrokenPromise    Code = "AM008" // Alertmanager does something else than promised
)

// What is wrong with panels. GR001-004 and GR007-GR011 are found by dashgen,
// which sees the layout.
const (
	OtherUnit   Code = "GR005" // shown in another unit than the metric's
	OtherWindow Code = "GR012" // the panel of an alert has another window than its expression
	NotInResult Code = "GR006" // a legend or column names a label that is gone
)

// What is wrong with definitions as a whole.
const (
	UnusedMetric   Code = "DF002" // no rule and no panel reads it
	OtherThreshold Code = "DF004" // the alert's threshold is none of its panel's
	Incomplete     Code = "DF001" // an alert or rule without what it needs
	NoScenario     Code = "DF003" // scenarios that do not show an alert both firing and quiet
	IdleWaiver     Code = "DF005" // a waiver that waives nothing, or without a reason
	OtherNumber    Code = "DF010" // a text names a number that is not in the expression
	UnknownProgram Code = "DF011" // no exposition of the program is recorded
	BadExposition  Code = "DF012" // the text is not an exposition
)

// What is wrong with packs, sites and what joins them.
const (
	UnknownSeverity Code = "DF006" // a severity that no level of the site has or takes
	Clash           Code = "DF007" // two packs define one name differently
	NothingChanged  Code = "DF008" // a change of something that is not there
	NotYetEmitted   Code = "DF009" // a field that no output shows yet
	Unreadable      Code = "DF019" // a part of a definition that cannot be read: a duration, a matcher, YAML, an expectation
	BadJob          Code = "DF018" // a scrape job that scrapes nothing, or another program
	NoTranslation   Code = "DF013" // a translated alert with a text that is not
	FalseProof      Code = "DF014" // a scenario that does not come true
	LookbackOnly    Code = "DF015" // a scenario that holds by the lookback alone
	NotShown        Code = "DF016" // an alert on no board
	Opposite        Code = "DF020" // a text that contradicts what it shows
	OtherMeaning    Code = "DF021" // a translation that says something else
	SameText        Code = "DF022" // one text for different things
	BadSite         Code = "DF017" // a site that no pipeline can work with
	NoMeans         Code = "AM009" // a receiver without any means of notifying
	IdleEnv         Code = "DF023" // ENV that nothing replaces, or PerEnv without ENV
	NotUrgent       Code = "AM010" // the site's list of urgent alerts, or of a level's, differs
	OthersAlerts    Code = "AM012" // routing of a pack that applies to alerts of other packs
	SlowHeartbeat   Code = "AM011" // the webhook would miss a heartbeat that is sent
)

// Waivable reports whether a definition can waive findings of the code. Those
// that say that a definition cannot be read, emitted or proved cannot be: the
// files would be wrong.
func (c Code) Waivable() bool {
	switch c {
	case Syntax, Undefined, NoMeans, Incomplete, UnknownSeverity, Clash, NotYetEmitted, Unreadable, FalseProof, BadExposition:
		return false
	}
	return true
}
