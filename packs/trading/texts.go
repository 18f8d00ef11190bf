package trading

import "strings"

// reasonOf returns the template with the reason of a target's status. A query
// finds the reason. It is not a label, so that a changed reason is not a new
// alert. While the collector is down, the template shows the last reason of the
// past day.
func reasonOf(status string) string {
	return strings.ReplaceAll(`
{{- $q := printf "arbitrage_preflight_check_problem{env=%q,check=%q,target=%q,status='STATUS'}" $labels.env $labels.check $labels.target -}}
{{- $held := printf "(last_over_time(%s[1d]) unless on () max(up{job='node_exporter'}) == 1)" $q -}}
{{- range $i, $problem := printf "%s == 1 or %s" $q $held | query -}}
{{- if $i }}, {{ end }}{{ $problem.Labels.reason -}}
{{- end -}}`, "STATUS", status)
}

// counts is the template with the results of a run: "6/8 PASS, 2 FAIL".
const counts = `
{{- with printf "count(arbitrage_preflight_check_status{env=%q,status='pass'})" $labels.env | query -}}
{{- $total := . | first | value -}}
{{- with printf "sum(arbitrage_preflight_check_status{env=%q,status='pass'})" $labels.env | query -}}
{{- . | first | value }}/{{ $total }} PASS
{{- end -}}
{{- end -}}
{{- with printf "sum(arbitrage_preflight_check_status{env=%q,status='fail'}) > 0" $labels.env | query -}}
, {{ . | first | value }} FAIL
{{- end -}}
{{- with printf "sum(arbitrage_preflight_check_status{env=%q,status='warn'}) > 0" $labels.env | query -}}
, {{ . | first | value }} WARN
{{- end -}}`

// headline returns the template with the result of a run and its counts:
// "Preflight failed (6/8 PASS, 2 FAIL)". It is empty without counts.
func headline(outcome string) string {
	return `
{{- with printf "arbitrage_preflight_check_status{env=%q}" $labels.env | query -}}
` + outcome + " (" + counts + `)
{{- end -}}`
}
