// Package trading watches the preflight of a trading system: whether its checks
// pass, whether they run, and how fast. It holds the alerts, their panels and
// the board System Health, a file for each subject.
package trading

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/checker/spec"
	checks "github.com/alertnative/preflight/checks/spec"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/packs/internal/jobs"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// Namespace is the prefix of the names of the preflight's metrics.
const Namespace = "arbitrage"

// None stands for a job that a site does not have.
const None = jobs.None

// Options fit the pack to a site.
type Options struct {
	// Names of scrape jobs; an empty one is the name in the comment. What is about
	// a job that is [None] is left out.
	NodeExporter string // node_exporter: it has the textfile collector
	Prometheus   string // prometheus
	Exporter     string // arbitrage_exporter: the trading system itself
	Checker      string // preflight: the checker as a service, with metrics about itself
	// Config is a preflight.yml. The checks that it declares join the shipped
	// ones. "": the shipped checks alone.
	Config string
}

// Pack returns the pack.
func Pack(o Options) preflight.Pack {
	specs, findings := specsOf(o.Config)
	p := preflight.Pack{
		Name:       "trading",
		Metrics:    spec.Metrics(Namespace, specs...),
		Exporters:  metrics.Exporters("node_exporter"),
		Groups:     []rules.Group{preflightGroup(), performanceGroup()},
		Dashboards: []dashgen.Dashboard{systemHealth(o)},
		Routing:    suppression(),
		Checks:     specs,
		Findings:   findings,
	}
	if o.Checker == None {
		p.Metrics = slices.DeleteFunc(p.Metrics, func(d metrics.Desc) bool { return strings.HasPrefix(d.Name, spec.ServicePrefix) })
	} else {
		p.Groups = append(p.Groups, checkerGroup())
	}
	return jobs.Rename(p, map[string]string{
		"node_exporter":      cmp.Or(o.NodeExporter, "node_exporter"),
		"prometheus":         cmp.Or(o.Prometheus, "prometheus"),
		"arbitrage_exporter": cmp.Or(o.Exporter, "arbitrage_exporter"),
		"preflight":          cmp.Or(o.Checker, "preflight"),
	})
}

// specsOf returns the shipped checks and those that the file declares.
func specsOf(file string) ([]spec.Spec, []finding.Finding) {
	specs := checks.Shipped()
	if file == "" {
		return specs, nil
	}
	declared, err := checks.Declared(file)
	if err != nil {
		return specs, configFindings(file, err)
	}
	return append(specs, declared...), nil
}

// configFindings returns the mistakes in a file, each with its line where it is
// known.
func configFindings(file string, err error) []finding.Finding {
	const where = `pack "trading", option Config`
	var unread *fs.PathError
	if errors.As(err, &unread) {
		return []finding.Finding{{Code: finding.Unreadable, File: file, Where: where, Reason: fmt.Sprintf("%s: %v", unread.Op, unread.Err)}}
	}
	var out []finding.Finding
	for text := range strings.SplitSeq(err.Error(), "\n") {
		f := finding.Finding{Code: finding.Unreadable, File: file, Where: where, Reason: strings.TrimPrefix(text, file+": ")}
		if rest, ok := strings.CutPrefix(text, file+":"); ok {
			line, reason, _ := strings.Cut(rest, ": ")
			if n, err := strconv.Atoi(line); err == nil {
				f.Line, f.Reason = n, reason
			}
		}
		out = append(out, f)
	}
	return out
}

// preflightGroup is evaluated as often as the results are scraped, so that a
// failed check is reported within seconds.
func preflightGroup() rules.Group {
	return rules.Group{
		Name:     "preflight",
		Interval: "5s",
		Labels:   map[string]string{api.Source: "system"},
		Alerts:   []rules.Alert{checkFailed, checkWarned, stale, missing},
	}
}

func performanceGroup() rules.Group {
	return rules.Group{
		Name:   "performance",
		Labels: map[string]string{api.Source: "system"},
		Alerts: []rules.Alert{slow, redisLatencyHigh, postgresLatencyHigh, flapping},
	}
}

func checkerGroup() rules.Group {
	return rules.Group{
		Name:   "checker",
		Labels: map[string]string{api.Source: api.Pipeline},
		Alerts: []rules.Alert{outputFailing, configRefused},
	}
}

// suppression holds PreflightFlapping back while a check fails in the same
// environment. A missing resolution of it does no harm.
func suppression() routing.Routing {
	const (
		flaps = `alertname="PreflightFlapping"`
		fails = `alertname="PreflightCheckFailed"`
	)
	return routing.Routing{
		Inhibit: []routing.Inhibit{{Source: fails, Target: flaps, Equal: []string{"env"}}},
		Quiet:   []routing.Quiet{{Match: flaps, While: fails, Equal: []string{"env"}}},
	}
}
