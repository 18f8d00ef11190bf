package routing

// Promise states what a person relies on. All promises that match an alert
// apply together. If any of them has a Receiver, the alert must go to exactly
// these; otherwise to any receiver. It must never go to one of Never. The other
// fields apply to the promise's Receiver, or without one to every receiver of
// the alert.
type Promise struct {
	Match    string   // "": every alert
	Receiver string   // must receive it
	Never    string   // must not receive it
	GroupBy  []string // alerts with equal values of these labels share a notification
	Gather   string   // alerts that become due within this time share a notification
	Within   string   // maximum time from the alert becoming due to its notification
	Again    string   // maximum time between notifications while it fires
	NotAgain string   // minimum time between unchanged notifications
	Sound    Sound    // sound in the chats of Receiver
	NotIn    []string // time intervals in which it is not sent. Intervals that no route uses find a mistake in those of the routes
	Resolved bool     // the resolution must be sent

	FiringOnly bool // the resolution must not be sent
}

// Quiet promises that alerts are inhibited while others with equal labels fire,
// and that nothing else is ever inhibited.
type Quiet struct {
	Match, While string
	Equal        []string
}
