package routes

import (
	"slices"
	"time"

	"github.com/alertnative/preflight/finding"
)

// The largest allowed distance between a promise for urgent alerts and the
// routes. Beyond it, no plausible mistake would break the promise.
const (
	looseWithin = 10
	looseAgain  = 3
)

// loose reports times in promises for urgent alerts that are so generous that
// the promise detects no mistake.
func (p *proof) loose() {
	for i, x := range p.promises {
		var latest, again, sooner time.Duration
		found := false
		for _, c := range p.cells {
			if c.Alert == nil || !p.IsUrgent(c.level) || !c.box.Meets(p.promiseMatchers[i]) {
				continue
			}
			for _, piece := range c.pieces {
				for _, r := range piece.Routes {
					if !x.about(r.Receiver) {
						continue
					}
					early, late := p.repeats(r.Delivery)
					latest, again = max(latest, p.interval(c)+max(r.GroupWait, r.GroupInterval)), max(again, late)
					if !found || early < sooner {
						sooner = early
					}
					found = true
				}
			}
		}
		where := promiseName(x.Promise)
		switch {
		case !found || slices.ContainsFunc(p.findings, func(f finding.Finding) bool { return f.Where == where }):
		case x.Within != "" && x.within > looseWithin*latest && x.within-latest >= time.Minute:
			p.add(finding.NoPromise, where, "Within %s is too long for an urgent alert: the routes deliver it within %s: correct the route, or promise that", show(x.within), show(latest))
		case x.Again != "" && x.again > looseAgain*again:
			p.add(finding.NoPromise, where, "Again %s is too long for an urgent alert: the routes repeat it after %s: correct the route, or promise that", show(x.again), show(again))
		case x.NotAgain != "" && looseAgain*x.notAgain < sooner:
			p.add(finding.NoPromise, where, "NotAgain %s is too short for an urgent alert: the routes repeat it after %s: correct the route, or promise that", show(x.notAgain), show(sooner))
		}
	}
}
