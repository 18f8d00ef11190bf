package state

import "time"

// Record is one episode of an alert, as the history keeps it.
type Record struct {
	Cluster     string            `json:"cluster,omitempty"`
	Group       string            `json:"group"` // that delivered it last
	OldGroup    string            `json:"-"`     // see [Instance]
	Chat        string            `json:"-"`     // likewise
	Fingerprint string            `json:"fingerprint"`
	StartsAt    time.Time         `json:"starts_at"`
	Episode     int               `json:"episode,omitempty"`  // of those with the same start, from 0
	EndsAt      *time.Time        `json:"ends_at,omitempty"`  // nil while it fires
	Closed      string            `json:"closed,omitempty"`   // the reason why it ended without a resolution
	Priority    string            `json:"priority,omitempty"` // the value of the label that holds the severity
	Notify      string            `json:"notify"`             // none, silent or loud
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	// ReceivedAt is the receipt of the first notification, ResolutionAt that of
	// the resolution.
	ReceivedAt   time.Time  `json:"received_at"`
	ResolutionAt *time.Time `json:"resolution_at,omitempty"`
	Deliveries   []Delivery `json:"deliveries,omitempty"` // by chat
	// OverEverywhere means that other records of the episode are over too. A version
	// before stored one for all chats.
	OverEverywhere bool `json:"-"`
}

// Delivery is when a chat showed an alert.
type Delivery struct {
	Chat string `json:"chat"`
	// DeliveredAt is when the chat first showed the alert, ResolvedAt when it
	// showed the end.
	DeliveredAt *time.Time `json:"told_at,omitempty"`
	ResolvedAt  *time.Time `json:"over_at,omitempty"`
}
