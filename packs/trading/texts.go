package trading

import "strings"

// reasonOf returns the template of why a target has that status. The reason is
// looked up and is not a label of the alert, so that a changed reason is not a
// new alert. While the collector is down, the last reason of a day is shown.
func reasonOf(status string) string {
	return strings.ReplaceAll(`
{{- $q := printf "arbitrage_preflight_check_problem{env=%q,check=%q,target=%q,status='STATUS'}" $labels.env $labels.check $labels.target -}}
{{- $held := printf "(last_over_time(%s[1d]) unless on () max(up{job='node_exporter'}) == 1)" $q -}}
{{- range $i, $problem := printf "%s == 1 or %s" $q $held | query -}}
{{- if $i }}, {{ end }}{{ $problem.Labels.reason -}}
{{- end -}}`, "STATUS", status)
}

// counts is the template of the results of a run: "6/8 PASS, 2 FAIL".
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

// headline returns the template of the outcome of a run with its counts:
// "Preflight failed (6/8 PASS, 2 FAIL)". It is empty while there are none.
func headline(outcome string) string {
	return `
{{- with printf "arbitrage_preflight_check_status{env=%q}" $labels.env | query -}}
` + outcome + " (" + counts + `)
{{- end -}}`
}
