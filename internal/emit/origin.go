package emit

// Written is alertmanager.yml with the origin of its parts. A part is given as
// YAML if it comes from Routing.YAML or routing.Raw, else by a literal.
type Written struct {
	Data []byte

	Route     RouteOrigin     // the root
	Receivers map[string]bool // given as YAML, by name
	Intervals map[string]bool // given as YAML, by name
	Inhibits  []bool          // given as YAML, in the order of the file
}

// RouteOrigin is the origin of a route and its children, in the order of the
// file.
type RouteOrigin struct {
	YAML   bool // given as YAML
	Raw    bool // by routing.Raw, in a literal of the site
	Routes []RouteOrigin
}

// Child returns the origin of a child. Children beyond the list have that of
// the route.
func (o RouteOrigin) Child(i int) RouteOrigin {
	if i < len(o.Routes) {
		return o.Routes[i]
	}
	return RouteOrigin{YAML: o.YAML, Raw: o.Raw}
}
