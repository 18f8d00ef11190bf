package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// world is the sender of the alerts of a stage.
type world int

const (
	ofLoad   world = iota // the generator, to the Alertmanagers
	ofPosts               // the stage itself, to the webhook
	ofStorms              // the same; the stage judges itself what the chat shows
	ofRules               // two Prometheus servers with rules
)

// stage is one kind of trouble.
type stage struct {
	name, about string
	world       world
	rounds      int
	// earlier means that a version before episodes takes part. It stores alerts
	// under other ids in the history, and leaves some messages without an edit.
	earlier bool
	chat    int64 // with Telegram's limits; 0 for a chat without limits
	prepare func(*Config)
	play    func(*run, context.Context) error
}

// step is a part of a stage.
type step struct {
	name string
	do   func(context.Context) error
}

// stages returns the stages in their order.
func stages() []stage {
	return []stage{
		{name: "kills", about: "kills of the webhook under load, then outages of the other programs", play: (*run).killsAndOutages},
		{name: "both", about: "kills of the webhook under load, then outages, with a chat of Telegram and one of Slack", prepare: inBoth, play: (*run).killsAndOutages},
		{name: "poison", about: "notifications and stored items that cannot be read", rounds: 24, play: (*run).poison},
		{name: "flips", about: "flipped bytes in the spool", world: ofPosts, rounds: 30, play: (*run).flips},
		{name: "disk", about: "a full disk", world: ofPosts, rounds: 5, play: (*run).fullDisk},
		{name: "storm", about: "kills while summaries name many groups", world: ofStorms, rounds: 3, chat: groupID, play: (*run).stormTroubled},
		{name: "restored", about: "spools that are restored from a snapshot", rounds: 6, prepare: asFleet(2), play: (*run).restoredSpools},
		{name: "copied", about: "spools that are copied from another replica", rounds: 6, prepare: asFleet(3), play: (*run).copiedSpools},
		{name: "rollback", about: "the version before on the same spool", rounds: 8, earlier: true, play: (*run).rollback},
		{name: "routes", about: "reloads of Alertmanager with other routes", rounds: 10, play: (*run).reroutes},
		{name: "reboot", about: "restarts of Prometheus and Alertmanager at once", world: ofRules, rounds: 4, play: (*run).reboots},
		{name: "half", about: "one of two Prometheus servers without data", world: ofRules, rounds: 5, play: (*run).halves},
		{name: "failing", about: "rules that fail", world: ofRules, rounds: 2, play: (*run).failingRules},
		{name: "removed", about: "rules that are removed", world: ofRules, rounds: 2, play: (*run).removedRules},
	}
}

// asFleet makes a stage run with several webhooks, which all get each
// notification.
func asFleet(replicas int) func(*Config) {
	return func(c *Config) { c.Replicas, c.Fanout, c.OneMessage = max(c.Replicas, replicas), true, true }
}

// inBoth makes a stage run with both services.
func inBoth(c *Config) { c.Transport = both }

// Stages returns the names of the stages in their order.
func Stages() (names []string) {
	for _, s := range stages() {
		names = append(names, s.name)
	}
	return names
}

func find(name string) (stage, error) {
	all := stages()
	if name == "" {
		return all[0], nil
	}
	i := slices.IndexFunc(all, func(s stage) bool { return s.name == name })
	if i < 0 {
		return stage{}, fmt.Errorf("no stage %q: choose from %s", name, strings.Join(Stages(), ", "))
	}
	return all[i], nil
}

// steps returns the parts of the stage.
func (s stage) steps(r *run) []step {
	steps := []step{{s.about, func(ctx context.Context) error { return s.play(r, ctx) }}}
	switch s.world {
	case ofLoad:
		steps = append(steps, step{"recovery and the remaining deliveries", r.settle}, step{"the verdict", r.judge})
	case ofPosts:
		steps = append(steps, step{"the verdict", r.judgePosts})
	case ofRules:
		steps = append(steps, step{"the ends of all alerts", r.rules.finish}, step{"the verdict", r.rules.judge})
	}
	return append(steps, step{"the search for secrets", r.search})
}

// killsAndOutages kills replicas, then fails the other programs.
func (r *run) killsAndOutages(ctx context.Context) error {
	if err := r.kills(ctx); err != nil {
		return err
	}
	r.logf("%d outages of the other programs …", r.Outages)
	return r.outages(ctx)
}
