package model

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/yamlfile"
	"github.com/alertnative/preflight/rules"
)

// AlertLabels returns the labels that an alert's rules add: the group's, the
// alert's own, and its severity.
func (s *Site) AlertLabels(g Group, a rules.Alert) map[string]string {
	labels := withLabels(g.Labels, a.Labels)
	if a.Severity != "" {
		labels[s.Scale.Label] = a.Severity
	}
	return labels
}

// Interval returns the evaluation interval of a group.
func (s *Site) Interval(g Group) time.Duration {
	if d, err := s.Duration(g.Interval); err == nil && d > 0 {
		return d
	}
	return s.Timing.Evaluation
}

// Duration parses "1m", "2runs", "0.5runs" or "3runs+1m". "" is zero.
func (s *Site) Duration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	var total time.Duration
	for part := range strings.SplitSeq(text, "+") {
		if runs, ok := s.Runs(part); ok {
			total += runs
			continue
		}
		d, err := model.ParseDuration(s.Timing.Expand(part))
		if err != nil {
			return 0, fmt.Errorf("%w: write it as \"30s\", \"5m\" or \"3runs\"", err)
		}
		total += time.Duration(d)
	}
	return total, nil
}

var runs = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)runs?$`)

// Runs parses a number of runs, "3runs" or "0.5runs".
func (s *Site) Runs(text string) (time.Duration, bool) {
	m := runs.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(m[1], 64)
	return time.Duration(n * float64(s.Timing.Run)), err == nil
}

// site checks the definitions that belong to the site alone.
func (r *resolver) site(in preflight.Site) {
	where := "site"
	if in.Name != "" {
		where = fmt.Sprintf("site %q", in.Name)
	} else {
		r.add(finding.BadSite, where, "give it a Name: its outputs are named after it")
	}
	if err := r.Timing.Validate(); err != nil {
		r.add(finding.BadSite, where, "%v", err)
	}
	if len(in.Packs) == 0 {
		r.add(finding.BadSite, where, "it takes no Packs, so there is nothing to watch")
	}
	for i, env := range in.Envs {
		switch {
		case env == "":
			r.add(finding.BadSite, where, "Envs: environment %d has no name", i+1)
		case env != strings.ToLower(env):
			r.add(finding.BadSite, where, "Envs: %q is not in lower case", env)
		case slices.Index(in.Envs, env) < i:
			r.add(finding.BadSite, where, "Envs: %q is there twice: leave one out", env)
		}
	}
	if text := in.Alertmanager.Retention; text != "" {
		if d, err := model.ParseDuration(text); err != nil || d <= 0 {
			r.add(finding.Unreadable, where, "Alertmanager.Retention: %q is no duration: write --data.retention as \"120h\"", text)
		}
	}
	if in.Grafana.Folder != "" {
		r.notYet(where, "Grafana.Folder")
	}
	if len(in.Grafana.DataSources) > 0 {
		r.notYet(where, "Grafana.DataSources")
	}
	for name, values := range in.ExternalLabels {
		if len(values) != 1 && (len(values) == 0 || len(in.Jobs) > 0) { // prometheus.yml is that of one server
			r.notYet(where, fmt.Sprintf("ExternalLabels: %d values of %s", len(values), name))
		}
	}
	r.outputs(where, in.Outputs)
	for _, j := range r.Jobs {
		r.job(in, j)
	}
}

// outputs reads the folder of secrets, and reports outputs without effect.
func (r *resolver) outputs(where string, list []preflight.Output) {
	files := 0
	for i, o := range list {
		switch o := o.(type) {
		case nil:
			r.add(finding.BadSite, where, "Outputs: output %d is nil: leave it out", i+1)
		case preflight.Files:
			files++
			r.Secrets = cmp.Or(o.Secrets, r.Secrets)
		default:
			r.notYet(where, fmt.Sprintf("Outputs: %T", o))
		}
	}
	if files > 1 {
		r.add(finding.BadSite, where, "Outputs: Files is there %d times, and the secrets are in one folder: leave one of them", files)
	}
}

// job checks a scrape job.
func (r *resolver) job(in preflight.Site, j preflight.Job) {
	where := fmt.Sprintf("job %q", j.Name)
	if j.Name == "" {
		r.add(finding.BadJob, "job without a name", "give it a Name: it is the label job")
	}
	keys, err := JobYAML(j)
	if err != nil {
		r.add(finding.Unreadable, where, "%v", err)
	}
	_, relabels := keys["relabel_configs"]
	r.jobLabels(where, j, relabels)
	discovers := slices.ContainsFunc(slices.Collect(maps.Keys(keys)), func(k string) bool { return strings.HasSuffix(k, "_configs") && !strings.Contains(k, "relabel") })
	if len(j.Targets) == 0 && len(j.ByEnv) == 0 && !discovers {
		r.add(finding.BadJob, where, "it scrapes nothing: give it Targets, ByEnv, or a discovery in its YAML")
	}
	for _, env := range slices.Sorted(maps.Keys(j.ByEnv)) {
		if !slices.Contains(in.Envs, env) {
			r.add(finding.BadJob, where, "ByEnv: %q is none of the site's Envs (%s)", env, strings.Join(in.Envs, ", "))
		}
		if len(j.ByEnv[env]) == 0 {
			r.add(finding.BadJob, where, "ByEnv: %q has no targets", env)
		}
	}
	if _, double := j.Labels["env"]; double && len(j.ByEnv) > 0 {
		r.add(finding.BadJob, where, "Labels and ByEnv both set the label env")
	}
	if j.Scheme != "" && j.Scheme != "http" && j.Scheme != "https" {
		r.add(finding.BadJob, where, "the Scheme %q is none of http and https", j.Scheme)
	}
	if strings.ContainsAny(j.Path, "?#") || j.Path != "" && !strings.HasPrefix(j.Path, "/") {
		r.add(finding.BadJob, where, "the Path %q is not a path such as /metrics: write a query as params in YAML", j.Path)
	}
	interval, err := r.JobInterval(j)
	switch {
	case err != nil:
		r.add(finding.Unreadable, where, "Interval: %v", err)
	case interval > 2*time.Minute:
		r.add(finding.BadJob, where, "an Interval of %s is above 2m: a value is looked back to for 5 minutes only, so one missed scrape is a gap", model.Duration(interval))
	}
	for _, t := range slices.Concat(j.Targets, slices.Concat(slices.Collect(maps.Values(j.ByEnv))...)) {
		if strings.Contains(t, "/") && !HasUser(t) { // another check reports users in addresses
			r.add(finding.BadJob, where, "%q is not host:port: Scheme and Path are fields of their own", t)
		}
	}
}

// JobInterval returns the scrape interval of a job: its Interval, or the
// scrape_interval of its YAML. 0 means the interval of the site.
func (s *Site) JobInterval(j preflight.Job) (time.Duration, error) {
	text := j.Interval
	if keys, err := JobYAML(j); text == "" && err == nil {
		text = keys["scrape_interval"].Value
	}
	return s.Duration(text)
}

// JobYAML decodes the YAML of a job. A key with a field of its own is an error.
func JobYAML(j preflight.Job) (map[string]yaml.Node, error) {
	keys := map[string]yaml.Node{}
	if yamlfile.Empty([]byte(j.YAML)) {
		return keys, nil
	}
	f, err := yamlfile.Parse("YAML", []byte(j.YAML))
	if err == nil {
		err = f.Single()
	}
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal([]byte(j.YAML), &keys); err != nil {
		return nil, fmt.Errorf("YAML: %w", err)
	}
	for field, set := range map[string]bool{
		"job_name": true, "scrape_interval": j.Interval != "", "metrics_path": j.Path != "", "scheme": j.Scheme != "",
		"static_configs": len(j.Targets)+len(j.ByEnv) > 0,
	} {
		if _, twice := keys[field]; twice && set {
			return keys, fmt.Errorf("YAML: the key %s is given as a field too: leave one out", field)
		}
	}
	return keys, nil
}
