package texts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/internal/emit/texts"
)

func TestFill(t *testing.T) {
	labels := map[string]string{"env": "paper", "job": "node", "instance": "a:9100"}
	for _, tt := range []struct{ text, want string }{
		{"no template", "no template"},
		{"{{ $labels.env }}: {{$labels.job}} is down", "paper: node is down"},
		{"a {{- $labels.env -}} b", "apaperb"},
		{"{{ .Labels.env }} {{ index $labels \"job\" }}", "paper node"},
		{"{{ $labels.gone }}.", "."},
		{`{{ if eq $labels.job "node" }}yes{{ else }}no{{ end }}`, "yes"},
		{`{{ if eq $labels.job "other" }}yes{{ else }}no{{ end }}`, "no"},
		{`{{ $labels.job | toUpper }} {{ stripPort $labels.instance }} {{ printf "%q" $labels.env }}`, `NODE a "paper"`},
		{`{{ range $k, $v := $labels }}{{ $k }}={{ $v }} {{ end }}`, "env=paper instance=a:9100 job=node "},
		{`{{ define "x" }}<{{ . }}>{{ end }}{{ template "x" $labels.env }}`, "<paper>"},
		{`on {{ $externalLabels.cluster }}.`, "on ."},
	} {
		got, moving, err := texts.Fill(tt.text, labels)
		if got != tt.want || moving || err != nil {
			t.Errorf("%s: got %q, moving %v, error %v, want %q", tt.text, got, moving, err, tt.want)
		}
	}
}

func TestFillOfMovingText(t *testing.T) {
	for _, text := range []string{
		"{{ $value }}",
		"{{ .Value | humanize }}",
		"{{ $v := $value }}{{ $labels.env }}",
		`{{ if gt $value 1.0 }}a{{ end }}`,
		`{{ with query "up" }}{{ . | first | label "job" }}{{ end }}`,
		`{{ range printf "up{job=%q}" $labels.job | query }}x{{ end }}`,
		"{{ now | toTime }}",
		`{{ define "x" }}{{ .Value }}{{ end }}{{ template "x" . }}`,
	} {
		got, moving, err := texts.Fill(text, map[string]string{"env": "paper"})
		if got != text || !moving || err != nil {
			t.Errorf("%s: got %q, moving %v, error %v", text, got, moving, err)
		}
	}
	for _, text := range []string{"{{ $labels.env", "{{ nofunction 1 }}", "{{ $unknown }}", `{{ humanizeDuration $labels.env }}`} {
		if got, moving, err := texts.Fill(text, map[string]string{"env": "paper"}); got != text || moving || err == nil {
			t.Errorf("%s: got %q, moving %v, error %v", text, got, moving, err)
		}
	}
}

func TestMoves(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"{{ $labels.env }}", ""},
		{`{{ $labels.env | reReplaceAll "a" "b" }}`, ""},
		{"{{ $value }}", "uses shows"},
		{"{{ .Value }}{{ $.Value }}", "uses shows"},
		{"{{ humanizePercentage $value }}", "uses shows"},
		{`{{ printf "%.1f" ($value | toTime).Second }}`, "uses shows"},
		{"{{ $x := $value }}{{ $y := $x }}{{ $y }}", "uses shows"},
		{"{{ $x := $value }}", "uses"},
		{"{{ if gt $value 0.9 }}a{{ else }}b{{ end }}", "uses tests"},
		{"{{ if gt $value 0.9 }}{{ $value }}{{ end }}", "uses shows tests"},
		{"{{ now }}", "uses shows"},
		{`{{ query "up" | first | value }}`, "uses shows"},
		{`{{ with query "up" }}{{ . | first | value | humanize }}{{ end }}`, "uses shows"},
		{`{{ with query "owner" }}{{ . | first | label "team" }}{{ end }}`, "uses"},
		{`{{ range $i, $o := query "owner" }}{{ $i }}{{ $o.Labels.team }}{{ end }}`, "uses"},
		{`{{ range query "owner" }}{{ .Labels.team }}{{ .Value }}{{ end }}`, "uses shows"},
		{`{{ if query "up" }}a{{ end }}`, "uses tests"},
		{`{{ define "x" }}{{ . }}{{ end }}{{ template "x" $value }}`, "uses shows"},
		{`{{ define "x" }}{{ . }}{{ end }}{{ template "x" $labels.env }}`, ""},
		{`{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}`, ""},
	} {
		m, err := texts.Moves(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		}
		var got []string
		for _, is := range []struct {
			word string
			yes  bool
		}{{"uses", m.Uses}, {"shows", m.Shows}, {"tests", m.Tests}} {
			if is.yes {
				got = append(got, is.word)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"no template", "no template"},
		{"{{ $labels.env }}: {{$labels.job}} is down", "{env}: {job} is down"},
		{`{{ if eq $labels.job "node_exporter" }}do not trade{{ end }}`, "job node_exporter: do not trade"},
		{`{{ if ne $labels.job "a" }}x{{ else }}y{{ end }}`, "job not a: x, else: y"},
		{`{{ if gt $value 0.9 }}x{{ end }}`, "if gt value 0.9: x"},
		{"{{ $value | humanizePercentage }} of requests", "{value} of requests"},
		{"{{ .Value }} {{ $externalLabels.cluster }}", "{Value} {cluster}"},
		{`{{ printf "%s/%s" $labels.a $labels.b }}`, "{a, b}"},
		{`{{ with query "up" }}{{ . | first | value }}{{ end }}.`, "{…}."},
		{`{{ query "up" | len }}`, "{…}"},
		{`{{ $x := 1 }}{{ "{{" }}{{ externalURL }}`, "{{{…}"},
		{"a {{- /* not said */ -}} b", "ab"},
		{"{{ $labels.env", "{{ $labels.env"},
	} {
		if d := cmp.Diff(tt.want, texts.Plain(tt.text)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, d)
		}
	}
}

func TestExpand(t *testing.T) {
	vars := texts.Vars{Threshold: "500 ms", Window: "1h"} // no For
	for _, tt := range []struct{ text, want string }{
		{"no template $threshold", "no template $threshold"},
		{"over {{ $threshold }} in {{$window}}", "over 500 ms in 1h"},
		{"a {{- $threshold -}} b", "a500 msb"},
		{"a {{- $threshold }} {{ $window -}} b", "a500 ms 1hb"},
		{"{{ $threshold -}}\n{{- $window }}", "500 ms1h"},
		{"{{ $labels.env -}} {{- $threshold }}", "{{ $labels.env -}}500 ms"},
		{`{{ printf "%s!" $threshold }}`, `{{ printf "%s!" "500 ms" }}`},
		{`{{ $threshold | toUpper }}`, `{{ "500 ms" | toUpper }}`},
		{`{{ ($threshold) }}`, `{{ ("500 ms") }}`},
		{`{{ if $labels.x }}{{ $threshold }}{{ else }}{{ $window }}{{ end }}`, `{{ if $labels.x }}500 ms{{ else }}1h{{ end }}`},
		{`{{ define "x" }}{{ $window }}{{ end }}{{ template "x" }}`, `{{ define "x" }}{{ $window }}{{ end }}{{ template "x" }}`},
		{"waits {{ $for }}", "waits {{ $for }}"},
		{"{{ $thresholds }} {{ $threshold", "{{ $thresholds }} {{ $threshold"},
		{`{{ $threshold := "mine" }}{{ $threshold }} {{ $window }}`, `{{ $threshold := "mine" }}{{ $threshold }} 1h`},
		{"{{ $value }}  {{ $threshold }}", "{{ $value }}  500 ms"},
	} {
		if d := cmp.Diff(tt.want, texts.Expand(tt.text, vars)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, d)
		}
	}
	if got := texts.Expand("{{ $for }}", texts.Vars{For: "{{"}); got != `{{ "{{" }}` {
		t.Errorf("a value with braces: %s", got)
	}
}
