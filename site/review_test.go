package site_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight/site"
)

// TestReview checks the dashboard file for the properties of files that Grafana
// 12.4 saves, independently of the code that wrote it.
func TestReview(t *testing.T) {
	t.Parallel()
	file := systemHealth(t, site.Site().Timing)
	var board map[string]any
	dec := json.NewDecoder(bytes.NewReader(file))
	dec.UseNumber()
	if err := dec.Decode(&board); err != nil {
		t.Fatal(err)
	}
	reviewForm(t, file, board)
	reviewBoard(t, board)
	reviewAnnotations(t, list(t, board, "annotations", "list"))
	reviewVariables(t, list(t, board, "templating", "list"))
	reviewPanels(t, list(t, board, "panels"))
}

// reviewForm checks the canonical form: reading and writing the file does not
// change it, and it has no obsolete keys.
func reviewForm(t *testing.T, file []byte, board map[string]any) {
	t.Helper()
	var again bytes.Buffer
	enc := json.NewEncoder(&again)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(board); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, again.Bytes()) {
		t.Error("the file is not in canonical form")
	}
	if !bytes.HasSuffix(file, []byte("}\n")) {
		t.Error("the file does not end in one line feed")
	}
	if unit := regexp.MustCompile(`\d(runs?|scrapes?)\b`).Find(file); unit != nil {
		t.Errorf("a unit that Prometheus does not know is left: %s", unit)
	}
	legacy := []string{
		"slug", "originalTitle", "style", "hideControls", "sharedCrosshair", "rows", "gnetId", "id",
		"error", "isNew", "span", "transparent", "height", "minSpan", "allFormat", "multiFormat",
		"showLine", "lineColor", "iconSize", "tagsField", "time_options", "refresh_intervals",
		"valueMaps", "rangeMaps", "sparkline", "gauge", "xaxis", "yaxes", "seriesOverrides", "nullPointMode",
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case nil:
			t.Errorf("%s is null", path)
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), e)
			}
		case map[string]any:
			for k, e := range v {
				idOfSomething := k == "id" && path != ""
				if slices.Contains(legacy, k) && !idOfSomething {
					t.Errorf("%s.%s is legacy", path, k)
				}
				if k == "editable" && path != "" {
					t.Errorf("%s.editable is legacy", path)
				}
				walk(path+"."+k, e)
			}
		}
	}
	walk("", board)
}

func reviewBoard(t *testing.T, board map[string]any) {
	t.Helper()
	wantFields(t, "the board", board, map[string]any{
		"uid": "arbitrage-system-health", "title": "System Health", "schemaVersion": json.Number("42"),
		"refresh": "30s", "timezone": "browser", "editable": true, "preload": false, "liveNow": false,
		"fiscalYearStartMonth": json.Number("0"), "weekStart": "",
	})
	if board["description"] == "" {
		t.Error("the board has no description")
	}
	if time := board["time"].(map[string]any); time["from"] != "now-6h" || time["to"] != "now" {
		t.Errorf("the time range is %v", time)
	}
	if picker := board["timepicker"].(map[string]any); len(picker) != 0 {
		t.Errorf("the time picker is %v", picker)
	}
}

func reviewAnnotations(t *testing.T, annotations []map[string]any) {
	t.Helper()
	builtIn := 0
	for _, a := range annotations {
		if a["builtIn"] != nil {
			builtIn++
			wantFields(t, "the built-in annotation", a, map[string]any{
				"builtIn": json.Number("1"), "name": "Annotations & Alerts", "type": "dashboard", "hide": true, "enable": true,
			})
			continue
		}
		wantFields(t, "the annotation", a, map[string]any{"hide": false, "enable": true})
		wantKeys(t, "the annotation's target", a["target"], "expr", "interval", "refId")
		wantKeys(t, "the annotation's filter", a["filter"], "exclude", "ids")
	}
	if builtIn != 1 {
		t.Errorf("%d annotations are built in, want 1", builtIn)
	}
}

func reviewVariables(t *testing.T, variables []map[string]any) {
	t.Helper()
	if len(variables) != 1 {
		t.Fatalf("%d variables, want env alone", len(variables))
	}
	v := variables[0]
	const query = "label_values(arbitrage_preflight_last_run_timestamp_seconds, env)"
	wantFields(t, "the variable", v, map[string]any{
		"name": "env", "type": "query", "label": "Environment", "definition": query,
		"refresh": json.Number("2"), "multi": true, "includeAll": true, "allValue": ".+",
	})
	wantFields(t, "the variable's query", v["query"].(map[string]any), map[string]any{"query": query, "qryType": json.Number("1")})
	current := v["current"].(map[string]any)
	if current["text"] != "All" || fmt.Sprint(current["value"]) != "[$__all]" {
		t.Errorf("the variable starts with %v", current)
	}
	wantKeys(t, "the variable's data source", v["datasource"], "type", "uid")
}

func reviewPanels(t *testing.T, panels []map[string]any) {
	t.Helper()
	modern := []string{"stat", "timeseries", "piechart", "table", "state-timeline", "row"}
	ids := map[string]bool{}
	type box struct{ x, y, w, h int64 }
	var boxes []box
	for _, p := range panels {
		where := fmt.Sprintf("panel %v %q", p["id"], p["title"])
		if !slices.Contains(modern, p["type"].(string)) {
			t.Errorf("%s: type %v", where, p["type"])
		}
		id := p["id"].(json.Number).String()
		if ids[id] || id == "0" {
			t.Errorf("%s: its id is not its own", where)
		}
		ids[id] = true

		pos := p["gridPos"].(map[string]any)
		b := box{num(pos["x"]), num(pos["y"]), num(pos["w"]), num(pos["h"])}
		if b.x < 0 || b.y < 0 || b.w < 1 || b.h < 1 || b.x+b.w > 24 {
			t.Errorf("%s: %+v is not on the grid", where, b)
		}
		for _, o := range boxes {
			if b.x < o.x+o.w && o.x < b.x+b.w && b.y < o.y+o.h && o.y < b.y+b.h {
				t.Errorf("%s: overlaps another panel", where)
			}
		}
		boxes = append(boxes, b)

		if p["type"] == "row" {
			wantFields(t, where, p, map[string]any{"collapsed": false})
			if inside := p["panels"].([]any); len(inside) != 0 {
				t.Errorf("%s: an open row holds %d panels", where, len(inside))
			}
			continue
		}
		reviewPanel(t, where, p)
	}
}

func reviewPanel(t *testing.T, where string, p map[string]any) {
	t.Helper()
	if version, _ := p["pluginVersion"].(string); version == "" {
		t.Errorf("%s: no pluginVersion", where)
	}
	if len(p["description"].(string)) < 60 {
		t.Errorf("%s: the description is too short", where)
	}
	wantKeys(t, where+": data source", p["datasource"], "type", "uid")
	refs := map[any]bool{}
	for _, target := range list(t, p, "targets") {
		wantKeys(t, where+": data source of a target", target["datasource"], "type", "uid")
		if ref, _ := target["refId"].(string); ref == "" || refs[ref] {
			t.Errorf("%s: the refId %q is not the target's own", where, ref)
		}
		refs[target["refId"]] = true
		if target["instant"] == target["range"] {
			t.Errorf("%s: a target is neither instant nor range", where)
		}
	}
	if len(refs) == 0 {
		t.Errorf("%s: no targets", where)
	}
	config := p["fieldConfig"].(map[string]any)
	defaults := config["defaults"].(map[string]any)
	if unit, _ := defaults["unit"].(string); unit == "" || unit == "short" {
		t.Errorf("%s: unit %q", where, unit)
	}
	steps := list(t, defaults, "thresholds", "steps")
	if len(steps) == 0 || num(steps[0]["value"]) != 0 {
		t.Errorf("%s: thresholds %v", where, steps)
	}
	if _, ok := config["overrides"].([]any); !ok {
		t.Errorf("%s: no overrides list", where)
	}
	options := p["options"].(map[string]any)
	switch p["type"] {
	case "stat":
		wantFields(t, where, options, map[string]any{"graphMode": "none", "textMode": "value_and_name"})
		text, err := json.Marshal(defaults["mappings"])
		if err != nil || !strings.Contains(string(text), `"match":"null+nan","result":{"color":"#808080"`) {
			t.Errorf("%s: a missing value is not grey: %s", where, text)
		}
	case "timeseries":
		legend := options["legend"].(map[string]any)
		if legend["displayMode"] != "table" || fmt.Sprint(legend["calcs"]) != "[mean max lastNotNull]" {
			t.Errorf("%s: legend %v", where, legend)
		}
	case "table":
		text, err := json.Marshal(p["transformations"])
		if err != nil || !strings.Contains(string(text), `"excludeByName":{"Time":true}`) {
			t.Errorf("%s: the column Time is shown: %s", where, text)
		}
	case "state-timeline":
		if mode := defaults["color"].(map[string]any)["mode"]; mode != "palette-classic" {
			t.Errorf("%s: in colour mode %v mappings are ignored", where, mode)
		}
	}
}

func wantFields(t *testing.T, where string, object, want map[string]any) {
	t.Helper()
	for k, v := range want {
		if object[k] != v {
			t.Errorf("%s: %s is %v, want %v", where, k, object[k], v)
		}
	}
}

func wantKeys(t *testing.T, where string, v any, want ...string) {
	t.Helper()
	object, _ := v.(map[string]any)
	var got []string
	for k := range object {
		got = append(got, k)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s has the keys %q, want %q", where, got, want)
	}
}

// list returns the objects of the list at the path of keys.
func list(t *testing.T, v map[string]any, path ...string) []map[string]any {
	t.Helper()
	for _, k := range path[:len(path)-1] {
		v = v[k].(map[string]any)
	}
	var out []map[string]any
	for _, e := range v[path[len(path)-1]].([]any) {
		out = append(out, e.(map[string]any))
	}
	return out
}

func num(v any) int64 {
	n, err := v.(json.Number).Int64()
	if err != nil {
		return -1
	}
	return n
}
