package routing

// Promise is what a person counts on. All promises that match an alert hold
// together: where any of them has a Receiver, it goes to exactly those; else to
// any but those of Never. The other fields bind at the promise's Receiver, or
// where it names none at every receiver of the alert.
type Promise struct {
	Match    string   // "": every alert
	Receiver string   // gets it
	Never    string   // a receiver that never gets it
	GroupBy  []string // alerts with equal values of these labels are one notification
	Gather   string   // when they are due within this time of each other
	Within   string   // at most so long after the alert is due, waiting for the group included
	Again    string   // while it fires, at least so often
	NotAgain string   // while nothing changes, no sooner
	Sound    Sound    // in the chats of Receiver
	NotIn    []string // time intervals in which nothing of it is sent, to anybody
	Resolved bool     // the resolution is sent too
}

// Quiet promises that alerts are inhibited while others fire with equal labels,
// and that nothing else ever is.
type Quiet struct {
	Match, While string
	Equal        []string
}
