package state

import "time"

// An alert flaps if it has FlapEpisodes episodes within FlapWithin.
const (
	FlapEpisodes = 4
	FlapWithin   = 10 * time.Minute
)

const (
	// flapFires is the time after which a flapping alert that fires is delivered
	// like any other alert, and flapOver the time after which one that is resolved
	// no longer flaps.
	flapFires = 5 * time.Minute
	flapOver  = 10 * time.Minute
)

// FlapDue returns the time at which the instance, the newest of an alert that
// flaps, fires or is resolved for so long that the alert no longer flaps.
func FlapDue(i *Instance) time.Time {
	if i.Firing() {
		return i.FirstAt.Add(FlapLasts(true))
	}
	return i.ResolvedAt.Add(FlapLasts(false))
}

// FlapLasts returns the longest time until [FlapDue], of an instance that fires or
// one that is resolved.
func FlapLasts(fires bool) time.Duration {
	if fires {
		return flapFires
	}
	return flapOver
}
