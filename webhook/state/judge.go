package webhook

import (
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
)

// settle is how long after a notification the same one counts as a retry, or
// as the twin that the other peer of an Alertmanager pair sends. A peer waits
// 15 seconds for each one before it.
const settle = time.Minute

// settled reports whether so much time is between two receipts that the second
// is no retry and no twin. A second one that comes long before the first says
// that the clock was set back.
func settled(first, second time.Time) bool {
	d := second.Sub(first)
	return d >= settle || d < -settle
}

// saysOtherwise reports whether a notification that tells nothing new was sent
// for another reason than to remind: then it is one of a peer who is very late.
// Alertmanager gives reasons since 0.32.
func saysOtherwise(reason string) bool {
	return reason == "new alerts added" || reason == "some alerts resolved"
}

// loudness is a sound as the spool and the journal store it: a greater number is
// louder.
type loudness int

const (
	none loudness = iota
	silent
	loud
)

// loudnessOf returns the stored form of a sound. An unknown one is loud, so that
// it hides nothing.
func loudnessOf(s api.Sound) loudness {
	switch s {
	case api.None:
		return none
	case api.Silent:
		return silent
	default:
		return loud
	}
}

// sound returns the public form.
func (l loudness) sound() api.Sound { return [...]api.Sound{api.None, api.Silent, api.Loud}[l] }

// arrival is an accepted notification.
type arrival struct {
	id      int64
	at      time.Time
	notify  loudness
	foreign bool   // another replica received it
	body    []byte // of one that this replica received
	// silent are the alerts, by fingerprint, that another replica held to come
	// from Prometheus's silence.
	silent map[string]bool
	Payload
}

// instance is one time that an alert fires in a group: what Alertmanager says
// of it. Identity is (group, fingerprint, startsAt) as far as Alertmanager
// keeps to it; see [judge].
type instance struct {
	id           int64
	group        string
	alert        template.Alert
	rank         int
	notify       loudness
	notification int64          // that brought the present state
	receivedAt   time.Time      // its receipt
	firstAt      time.Time      // the receipt of the first notification of it
	seenAt       time.Time      // the receipt of the last one
	saidBy       string         // the externalURL that brought the present state
	resolvedAt   time.Time      // the receipt of the resolution; zero while it fires
	suppressed   message.Closed // silenced or inhibited, when Alertmanager was last asked
	closed       message.Closed
	refireAt     time.Time // when a doubtful claim to fire again counts; zero for none
	own          bool      // this replica was notified of the present state itself
	held         *held     // a resolution that is not believed; nil for none
	again        time.Time // when it was known to fire again, after alerting was blind; zero for never
}

func (i *instance) firing() bool { return i.resolvedAt.IsZero() }

// began is the last time that the instance is known to have begun.
func (i *instance) began() time.Time { return later(i.alert.StartsAt, i.again) }

// verdict is what one alert of a notification means for the state.
type verdict int

const (
	// known: nothing new.
	known verdict = iota
	// begins: an instance that was not known.
	begins
	// ends: the known instance is resolved.
	ends
	// restarts: the known instance is over though nobody told, and a new one
	// begins.
	restarts
	// late: a peer tells of something that is over.
	late
	// doubtful: the Alertmanager that resolved the instance says within the
	// settling time that it fires. It fires anew if nothing else comes.
	doubtful
	// over: an instance that began and ended before anybody told.
	over
	// silence: the known instance is said to be resolved, and may only have
	// expired in Alertmanager because Prometheus fell silent.
	silence
	// resumes: the known instance was lost sight of, and fires.
	resumes
)

// judge compares an alert with the newest instance of the same alert in the
// group, nil when there is none.
//
// A pair of Alertmanagers does not share one view: a peer can be seconds
// behind, and of two Prometheis Alertmanager keeps the earlier start once it
// knows both, so a start that moves back is no new instance.
//
// What comes from Prometheus's silence is neither an end nor a new start.
func judge(newest *instance, a template.Alert, n arrival, silent bool) verdict {
	firing := a.Status == "firing"
	switch {
	case newest == nil && firing:
		return begins
	case newest == nil:
		return over
	case a.StartsAt.After(newest.began()):
		return judgeLater(newest, a, n, silent)
	case newest.firing() && firing && newest.held != nil && n.ExternalURL != newest.held.By && !settled(newest.held.At, n.at):
		return late // what the other peer told before
	case newest.firing() && firing && newest.held != nil:
		return resumes
	case newest.firing() && firing:
		return known
	case newest.firing() && !newest.again.IsZero() && !endOf(a, n.at).After(newest.again):
		return late // it is what was not believed
	case newest.firing() && !a.EndsAt.IsZero() && a.EndsAt.Before(newest.alert.StartsAt):
		return late // it is about one before
	case newest.firing() && silent:
		return silence
	case newest.firing():
		return ends
	case !firing:
		return known
	case n.foreign && n.at.Before(newest.resolvedAt):
		return late // it only comes here after the resolution
	case settled(newest.resolvedAt, n.at):
		return begins // its start is the old one when Alertmanager had lost sight of it
	case n.ExternalURL != newest.saidBy:
		return late
	default:
		return doubtful
	}
}

// judgeLater is about an alert that began after the newest known instance.
func judgeLater(newest *instance, a template.Alert, n arrival, silent bool) verdict {
	firing := a.Status == "firing"
	switch {
	case newest.firing() && firing && (silent || newest.held != nil):
		return resumes
	case newest.firing() && firing && n.ExternalURL != newest.saidBy && !settled(newest.seenAt, n.at):
		return known // the other peer knows only the second Prometheus of a pair
	case newest.firing() && firing:
		return restarts
	case newest.firing() && silent:
		return silence
	case newest.firing():
		return ends // it began anew and ended, untold: over in any case
	case firing:
		return begins
	case a.EndsAt.After(newest.alert.EndsAt):
		return over
	default:
		return known
	}
}
