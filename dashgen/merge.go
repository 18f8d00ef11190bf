package dashgen

import (
	"reflect"
	"slices"
)

// merge combines several panels into one: all queries in order, and of each
// other field the first value that is set. It also returns the names of the
// fields that differ.
func merge(panels []Panel) (Panel, []string) {
	out := panels[0]
	var differing []string
	for _, p := range panels[1:] {
		for _, t := range p.Targets {
			if !slices.ContainsFunc(out.Targets, func(o Target) bool { return o.Expr == t.Expr }) {
				out.Targets = append(slices.Clip(out.Targets), t)
			}
		}
		out.Waivers = append(slices.Clip(out.Waivers), p.Waivers...)
		a, b := reflect.ValueOf(&out).Elem(), reflect.ValueOf(p)
		for i := range b.NumField() {
			name := b.Type().Field(i).Name
			switch {
			case slices.Contains([]string{"Alert", "Legend", "Targets", "Waivers"}, name), b.Field(i).IsZero():
			case a.Field(i).IsZero():
				a.Field(i).Set(b.Field(i))
			case !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()):
				differing = append(differing, name)
			}
		}
	}
	slices.Sort(differing)
	return out, slices.Compact(differing)
}
