package dashgen

// Raw is a panel as Grafana's JSON. Its queries are checked like the rest.
func Raw(json string) Panel { return Panel{Show: raw(json)} }

// raw holds the JSON of a panel that no type of this package describes.
type raw string

func (raw) render() rendering { return rendering{} }
