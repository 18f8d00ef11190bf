package promcheck_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

func newChecker(t *testing.T) *promcheck.Checker {
	t.Helper()
	env := metrics.Label{Name: "env"}
	c, err := metrics.NewCatalogue(
		metrics.Desc{Name: "app_up", Type: metrics.Gauge, Labels: []metrics.Label{env}},
		metrics.Desc{Name: "app_requests_total", Type: metrics.Counter, Labels: []metrics.Label{env, {Name: "code", Values: []string{"200", "404", "500"}}}},
		metrics.Desc{Name: "app_latency_seconds", Type: metrics.Histogram, Buckets: []float64{1}, Labels: []metrics.Label{env}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return promcheck.New(c, promcheck.Options{Complete: true, ClosedLabels: true})
}

// brief returns the code, the underlined text and the suggestion of each
// finding.
func brief(findings []finding.Finding) []string {
	var out []string
	for _, f := range findings {
		at := ""
		if f.To <= len(f.Text) && f.From < f.To {
			at = f.Text[f.From:f.To]
		}
		out = append(out, strings.TrimSpace(string(f.Code)+" "+at+" "+f.Suggestion))
	}
	return out
}

func TestExpr(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want []string
	}{
		{`app_up == 0`, nil},
		{`sum by (env) (rate(app_requests_total{code=~"4..|5.."}[5m]))`, nil},
		{`sum by (env, code) (rate(app_requests_total{code=~"404|500"}[5m]))`, nil},
		{`histogram_quantile(0.95, sum by (env, le) (rate(app_latency_seconds_bucket[5m])))`, nil},
		{`app_latency_seconds_sum / app_latency_seconds_count`, nil},
		{`{env="paper"}`, nil},
		{`{__name__="app_up",env="paper"}`, nil},
		{`app_up * on (env) group_left (code) app_requests_total`, nil},
		{`sum by (zone) (label_replace(app_up, "zone", "$1", "env", "(.*)"))`, nil},
		{`app_requests_total{code!=""}`, nil},
		{`time() - vector(1) > 30m`, nil},

		{`app_up ==`, []string{"PQ001"}},
		{`app_upp`, []string{`PQ002 app_upp "app_up"`}},
		{`rate(app_latency_seconds[5m])`, []string{`PQ002 app_latency_seconds "app_latency_seconds_sum"`}},
		{`wholly_unknown_thing`, []string{"PQ002 wholly_unknown_thing"}},
		{`app_up{envv="paper"}`, []string{`PQ003 envv "env"`}},
		{`sum by (evn) (app_up)`, []string{`PQ003 evn "env"`}},
		{`app_up and on (environment) app_up`, []string{`PQ003 environment`}},
		{`app_up * on (env) group_left (cod) app_requests_total`, []string{`PQ003 cod "code"`}},
		{`app_requests_total{code="501"}`, []string{`PQ004 501 "500"`}},
		{`app_requests_total{code=~"404|501"}`, []string{`PQ004 501 "500"`}},
		{`app_requests_total{code=~"3.."}`, []string{`PQ004 3..`}},
		{`app_upp + app_requests_totall{code="1"}`, []string{`PQ002 app_upp "app_up"`, `PQ002 app_requests_totall "app_requests_total"`}},
	} {
		_, findings := newChecker(t).Expr("alert", tt.expr)
		got := brief(findings)
		if d := cmp.Diff(tt.want, got, equateSyntax); d != "" {
			t.Errorf("%s: findings (-want +got):\n%s", tt.expr, d)
		}
	}
}

// equateSyntax compares syntax errors by their code, because the parser
// determines the underlined range.
var equateSyntax = cmp.Comparer(func(a, b string) bool {
	if strings.HasPrefix(a, "PQ001") && strings.HasPrefix(b, "PQ001") {
		return true
	}
	return a == b
})

func TestTemplate(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{`no template, app_upp`, nil},
		{`{{ $labels.env }} is at {{ $value | humanize }}`, nil},
		{`{{ with query "app_up" }}{{ . | first | value }}{{ end }}`, nil},
		{`{{ with printf "app_up{env=%q}" $labels.env | query }}{{ . | first | value }}{{ end }}`, nil},
		{`{{ with printf "app_requests_total{code=%q}" $labels.code | query }}x{{ end }}`, nil},
		{`{{ $q := "app_upp" }}{{ range query (printf "%s == 1" $q) }}x{{ end }}`, []string{`PQ002 app_upp "app_up"`}},
		{`{{ if query "app_up" }}{{ query "app_up{x='1'}" }}{{ else }}{{ query "app_upp" }}{{ end }}`, []string{"PQ003 x", `PQ002 app_upp "app_up"`}},
		{`{{ $labels.env`, []string{"AM006"}},
		{`{{ nosuchfunction 1 }}`, []string{"AM006"}},
	} {
		got := brief(newChecker(t).Template("alert", tt.text, promcheck.Type{Labels: promcheck.Labels{Open: true}}))
		if d := cmp.Diff(tt.want, got, equateSyntax); d != "" {
			t.Errorf("%s: findings (-want +got):\n%s", tt.text, d)
		}
	}
}

func TestSeries(t *testing.T) {
	c := newChecker(t)
	for _, tt := range []struct {
		series, values string
		want           []string
	}{
		{`app_up{env="paper"}`, "0 1x5 _ stale", nil},
		{`app_up{env="paper"}`, "0 1y5", []string{"PQ001"}},
		{`app_upp{env="paper"}`, "0", []string{`PQ002 app_upp "app_up"`}},
	} {
		if d := cmp.Diff(tt.want, brief(c.Series("scenario", tt.series, tt.values)), equateSyntax); d != "" {
			t.Errorf("%s %s: findings (-want +got):\n%s", tt.series, tt.values, d)
		}
	}
}

func TestFindingString(t *testing.T) {
	_, findings := newChecker(t).Expr(`alert "A", expr`, "app_up == 0\n\tunless app_upp")
	got := findings[0].String()
	want := `alert "A", expr: PQ002: no metric "app_upp" in the catalogue
    unless app_upp
           ^^^^^^^
    did you mean "app_up"?`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
