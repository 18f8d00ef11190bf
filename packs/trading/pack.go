// Package trading monitors the preflight of a trading system: whether its
// checks pass, whether they run, and how fast. It has the alerts, their panels
// and the dashboard System Health, one file per subject.
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

// None means that a site does not have the job.
const None = jobs.None

// Options adapt the pack to a site.
type Options struct {
	// Names of scrape jobs, with the defaults in the comments. The pack omits
	// definitions about a job that is [None].
	NodeExporter string // node_exporter, with the textfile collector
	Prometheus   string // prometheus
	Exporter     string // arbitrage_exporter: the trading system itself
	Checker      string // preflight: the checker as a service, with metrics about itself
	// Config is a preflight.yml, whose declared checks are added to the shipped
	// ones. "" adds none.
	Config string
}

// Pack returns the pack.
func Pack(o Options) preflight.Pack {
	specs, findings := specsOf(o.Config)
	var envs []string
	if o.Config != "" {
		envs, _ = checks.Environments(o.Config) // specsOf reports the error
	}
	p := preflight.Pack{
		Name:       "trading",
		Metrics:    spec.Metrics(Namespace, specs...),
		Exporters:  metrics.Exporters("node_exporter"),
		Groups:     []rules.Group{preflightGroup(), performanceGroup()},
		Dashboards: []dashgen.Dashboard{systemHealth(o)},
		Routing:    suppression(),
		Checks:     specs,
		Envs:       envs,
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

// specsOf returns the specs of the shipped checks and of those in the file.
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

// configFindings returns the mistakes in a file, with their lines if known.
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

// preflightGroup is evaluated at the interval at which the results are scraped,
// so that a failed check is reported within seconds.
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

// suppression inhibits PreflightFlapping while a check fails in the same
// environment. It does no harm if the resolution of PreflightFlapping is not
// sent.
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
