package chaos

import (
	"context"
	"time"
)

// reroutes reloads the Alertmanagers with other routes while alerts fire, each at
// another moment.
func (r *run) reroutes(ctx context.Context) error {
	if err := r.startReplicas(ctx); err != nil {
		return err
	}
	for range r.Rounds {
		routes := otherRoutes()[r.rng.IntN(len(otherRoutes()))]
		r.outage("Alertmanager is reloaded: " + routes.about)
		for _, i := range r.rng.Perm(len(r.managers)) {
			am := r.managers[i]
			if err := r.writeRoutes(am.config, i, routes.routes); err != nil {
				return err
			}
			if err := am.reload(ctx); err != nil {
				return err
			}
			if err := sleep(ctx, between(r.rng, 0, 1500*time.Millisecond)); err != nil {
				return err
			}
		}
		if err := sleep(ctx, between(r.rng, 500*time.Millisecond, 4*time.Second)); err != nil {
			return err
		}
	}
	return nil
}

// changedRoutes are routes that group and send the alerts otherwise.
type changedRoutes struct {
	about  string
	routes object
}

func otherRoutes() []changedRoutes {
	changed := func(change func(object)) object {
		o := usualRoutes()
		change(o)
		return o
	}
	return []changedRoutes{
		{"as before", usualRoutes()},
		{"each alert is a group", changed(func(o object) { o["group_by"] = []string{"..."} })},
		{"groups by priority", changed(func(o object) { o["group_by"] = []string{"priority"} })},
		{"a route above", changed(func(o object) {
			o["routes"] = []object{{"matchers": []string{`env="paper"`}, "routes": o["routes"]}}
		})},
		{"P0 to both receivers", changed(func(o object) {
			o["routes"] = []object{
				{"receiver": "loud", "matchers": []string{`priority="P0"`}, "continue": true},
				{"receiver": "silent", "matchers": []string{`priority=~"P.*"`}},
			}
		})},
		{"P0 to the silent receiver first", changed(func(o object) {
			o["routes"] = []object{
				{"receiver": "silent", "matchers": []string{`priority=~"P.*"`}, "continue": true},
				{"receiver": "loud", "matchers": []string{`priority="P0"`}},
			}
		})},
		{"P1 is loud", changed(func(o object) { o["receiver"] = "loud" })},
	}
}
