package dashgen

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// canonical rewrites the JSON of a board in the form in which Grafana saves it:
// without obsolete keys of the sdk, keys sorted, indented by two spaces, "<"
// and "&" unescaped.
func canonical(raw []byte) ([]byte, error) {
	var b map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // keeps the notation of numbers
	if err := dec.Decode(&b); err != nil {
		return nil, fmt.Errorf("reading back the board: %w", err)
	}
	drop(b, "slug", "originalTitle", "style", "hideControls", "sharedCrosshair", "rows")
	dropFromPanels(b["panels"])
	if templating, ok := b["templating"].(map[string]any); ok {
		for _, v := range objects(templating["list"]) {
			drop(v, "allFormat", "multiFormat", "hide")
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(b); err != nil {
		return nil, fmt.Errorf("writing the board: %w", err)
	}
	return out.Bytes(), nil
}

// dropFromPanels also removes the keys from panels in a collapsed row.
func dropFromPanels(list any) {
	for _, p := range objects(list) {
		drop(p, "editable", "error", "isNew", "span", "transparent")
		dropFromPanels(p["panels"])
	}
}

func drop(object map[string]any, keys ...string) {
	for _, k := range keys {
		delete(object, k)
	}
}

// objects returns the objects of a decoded list.
func objects(list any) []map[string]any {
	var out []map[string]any
	elements, _ := list.([]any)
	for _, e := range elements {
		if o, ok := e.(map[string]any); ok {
			out = append(out, o)
		}
	}
	return out
}
