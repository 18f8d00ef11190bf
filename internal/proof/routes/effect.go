package routes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/webhook"

	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/routing"
)

// effect describes the notifications of a receiver.
type effect struct {
	routing.Receiver          // the literal; only the name for a receiver given as YAML
	kinds            []string // Alertmanager's own integrations that are not preflight-webhook, in words
	addresses        []string // of these integrations, each with its kind; they may contain secrets
	resolved         bool     // all integrations are sent resolutions
	firingOnly       bool     // no integration is sent resolutions
	yaml             bool
}

// effects are the receivers by name.
type effects map[string]effect

// readEffects reads the receivers of the loaded file and their literals.
func (p *proof) readEffects() effects {
	out := effects{}
	for _, r := range p.tree.Config.Receivers {
		e := effect{resolved: true, firingOnly: true, yaml: p.written.Receivers[r.Name]}
		for kind, x := range amfile.Integrations(r) {
			e.resolved, e.firingOnly = e.resolved && x.SendResolved(), e.firingOnly && !x.SendResolved()
			if !posts(x, p.Site.Webhook.URL) {
				e.kinds = append(e.kinds, kind)
				e.addresses = append(e.addresses, kind+"\n"+amfile.Address(x))
			}
		}
		e.Receiver = routing.Receiver{Name: r.Name}
		if i := slices.IndexFunc(p.Routing.Receivers, func(l routing.Receiver) bool { return l.Name == r.Name }); i >= 0 {
			e.Receiver = p.Routing.Receivers[i]
		}
		out[r.Name] = e
	}
	return out
}

// posts reports whether an integration posts to preflight-webhook.
func posts(x notify.ResolvedSender, url string) bool {
	c, ok := x.(*webhook.WebhookConfig)
	return ok && url != "" && strings.HasPrefix(string(c.URL), strings.TrimSuffix(url, "/")+"/api/")
}

// direct reports whether the receiver is notified without preflight-webhook.
func (e effect) direct() bool { return len(e.kinds) > 0 }

// sound returns the sound of a message to the receiver about an alert of a
// level: the receiver's own, or that of the level.
func (p *proof) sound(e effect, level string) routing.Sound {
	if e.Sound != "" || len(e.Chats) == 0 && len(e.Telegram) > 0 {
		return orLoud(e.Sound)
	}
	l, _, ok := p.Level(level)
	if !ok {
		return routing.Loud
	}
	return l.Sound
}

func orLoud(s routing.Sound) routing.Sound {
	if s == "" {
		return routing.Loud
	}
	return s
}

// sounds reports whether the receiver's messages have a sound of ours.
func (e effect) sounds() bool {
	return len(e.Chats)+len(e.Telegram) > 0 || e.Sound == routing.NoMessage
}

// effectMutants returns the mutants of what receivers do, with the promises about
// the changed receivers.
func (p *proof) effectMutants() []mutate.Effect {
	var out []mutate.Effect
	for _, name := range slices.Sorted(maps.Keys(p.effects)) {
		e := p.effects[name]
		change := func(field, from, to string, edit func(*effect)) {
			changed := maps.Clone(p.effects)
			x := e
			edit(&x)
			changed[name] = x
			out = append(out, mutate.Effect{Receiver: name, Field: field, From: from, To: to, Proof: func() routetree.Proof { return p.expectations(changed) }})
		}
		if e.sounds() {
			for _, s := range []routing.Sound{routing.Loud, routing.Silent, routing.NoMessage} {
				if s == e.Sound || s == routing.NoMessage && len(e.Chats) == 0 {
					continue
				}
				change("sound", string(e.Sound), string(s), func(x *effect) { x.Sound = s })
			}
		}
		if e.resolved && !e.yaml {
			change("send_resolved", "true", "false", func(x *effect) { x.resolved, x.firingOnly = false, true })
		}
		if e.firingOnly && !e.yaml && !e.Watchdog {
			change("send_resolved", "false", "true", func(x *effect) { x.resolved, x.firingOnly = true, false })
		}
		if e.Watchdog {
			change("watchdog", fmt.Sprint(e.Watchdog), "", func(x *effect) { x.Watchdog = false })
		}
	}
	return out
}
