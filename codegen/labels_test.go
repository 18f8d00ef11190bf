package codegen_test

import (
	"testing"
	"testing/fstest"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

func queueSite() preflight.Site { return mq(broker(queueLong())) }

// ofJob changes the only job of the queue's site.
func ofJob(edit func(j *preflight.Job)) change {
	return func(s *preflight.Site) { edit(&s.Jobs[0]) }
}

func jobLabels(labels map[string]string) change {
	return ofJob(func(j *preflight.Job) { j.Labels = labels })
}

func groupLabels(labels map[string]string) change {
	return func(s *preflight.Site) { s.Packs[0].Groups[0].Labels = labels }
}

func taken(list ...preflight.Change) change {
	return func(s *preflight.Site) { s.Packs[0] = s.Packs[0].With(list...) }
}

// A label that Prometheus or another field sets is a finding everywhere.
func TestLabelsThatAnotherFieldGives(t *testing.T) {
	t.Parallel()
	named := map[string]string{"alertname": "x"}
	plantEach(t, queueSite, map[string]planted{
		"the severity of a group":  {groupLabels(map[string]string{"sev": "grey"}), `group "queue": DF007: Labels sets "sev", which holds the severity: give each alert its Severity`},
		"the severity in a change": {taken(preflight.Override{Alert: "QueueLong", Labels: map[string]string{"sev": "grey"}}), `alert "QueueLong": DF007: Labels sets "sev"`},
		"another label of a group": {groupLabels(map[string]string{"unit": "x"}), ""},
		"the severity of recording rules": {func(s *preflight.Site) {
			addGroup(s, rules.Group{Name: "r", Labels: map[string]string{"sev": "grey"}, Records: []rules.Record{depth}})
		}, ""},
		"the name of an alert":        {in("QueueLong", func(a *rules.Alert) { a.Labels = named }), `alert "QueueLong": DF007: Labels: "alertname" is the name of the alert`},
		"the name in an Override":     {taken(preflight.Override{Alert: "QueueLong", Labels: named}), `alert "QueueLong": DF007: Labels: "alertname"`},
		"the name in a group":         {groupLabels(named), `group "queue": DF007: Labels: "alertname"`},
		"the name in external labels": {func(s *preflight.Site) { s.ExternalLabels = map[string][]string{"alertname": {"x"}} }, `site: DF017: ExternalLabels: "alertname"`},
		"the name in target labels":   {func(s *preflight.Site) { s.TargetLabels = metrics.Labels("alertname") }, `site: DF017: TargetLabels: "alertname"`},
		"the name in a job":           {jobLabels(named), `job "queue": DF018: Labels: "alertname"`},
		"the name of the metric":      {in("QueueLong", func(a *rules.Alert) { a.Labels = map[string]string{"__name__": "x"} }), `alert "QueueLong": DF007: Labels: "__name__" is the name of the metric`},
		"the name in a rule file":     {ruleFile("{alert: X, expr: queue_up == 0, labels: {sev: grey, alertname: y}}"), `alert "X": DF007: Labels: "alertname"`},
		"the severity of a rule file": {func(s *preflight.Site) {
			s.Packs[0].RuleFiles = fstest.MapFS{"a.yml": {Data: []byte("groups: [{name: a, labels: {sev: grey}, rules: [{alert: X, expr: queue_up == 0}]}]")}}
		}, ""},
		"a target label for relabelling": {func(s *preflight.Site) { s.TargetLabels = metrics.Labels("__meta_x") }, `site: DF017: TargetLabels: "__meta_x": Prometheus drops`},
		"a target label without a name":  {func(s *preflight.Site) { s.TargetLabels = metrics.Labels("") }, `site: DF017: TargetLabels: a label has no name`},
		"a target label with a space":    {func(s *preflight.Site) { s.TargetLabels = metrics.Labels("a b") }, ""},
		"a job's label with a space":     {jobLabels(map[string]string{"a b": "x"}), ""},
		"a job's label without a name":   {jobLabels(map[string]string{"": "x"}), `job "queue": DF018: Prometheus refuses it: "" is not a valid label name`},
		"the name of the job":            {jobLabels(map[string]string{"job": "x"}), `job "queue": DF018: Labels: "job" is the name of the job`},
		"the address of the target":      {jobLabels(map[string]string{"instance": "x"}), `job "queue": DF018: Labels: "instance" is the address of the target`},
		"the address to scrape":          {jobLabels(map[string]string{"__address__": "x:1"}), `job "queue": DF018: Labels: "__address__" is the address of the target`},
		"a label that is dropped":        {jobLabels(map[string]string{"__x": "y"}), `job "queue": DF018: Labels: "__x": Prometheus drops`},
		"a label for relabelling": {ofJob(func(j *preflight.Job) {
			j.Labels, j.YAML = map[string]string{"__x": "y"}, "relabel_configs: [{source_labels: [__x], target_label: x}]"
		}), ""},
		"how a target is scraped":         {jobLabels(map[string]string{"__scheme__": "https", "__metrics_path__": "/m", "__param_target": "x", "__scrape_timeout__": "5s"}), ""},
		"the scheme twice":                {ofJob(func(j *preflight.Job) { j.Labels, j.Scheme = map[string]string{"__scheme__": "https"}, "http" }), `"__scheme__" and Scheme both give the scheme`},
		"the path twice":                  {ofJob(func(j *preflight.Job) { j.Labels, j.Path = map[string]string{"__metrics_path__": "/m"}, "/n" }), `"__metrics_path__" and Path both give the path`},
		"the interval":                    {jobLabels(map[string]string{"__scrape_interval__": "5s"}), `write it in Interval`},
		"a label of the metric":           {jobLabels(map[string]string{"queue": "x"}), `job "queue": DF018: Labels gives the label "queue", which the metric queue_depth has itself and which Prometheus would rename to exported_queue`},
		"a label of the metric, honoured": {ofJob(func(j *preflight.Job) { j.Labels, j.YAML = map[string]string{"queue": "x"}, "honor_labels: true" }), ""},
		"a label of the metric, restored": {ofJob(func(j *preflight.Job) {
			j.Labels, j.YAML = map[string]string{"queue": "x"}, "metric_relabel_configs: [{source_labels: [exported_queue], target_label: queue}]"
		}), ""},
		"a label of the metric, not there": {ofJob(func(j *preflight.Job) { j.Labels, j.YAML = map[string]string{"queue": "x"}, "honor_labels: false" }), "exported_queue"},
		"the environment of the metric":    {func(s *preflight.Site) { s.Packs[0].Metrics[0].Labels = metrics.Labels("queue", "env") }, `job "queue": DF018: ByEnv gives the label "env", which the metric queue_depth has itself`},
		"another job with that label": {func(s *preflight.Site) {
			s.Jobs = append(s.Jobs, preflight.Job{Name: "web", Targets: []string{"w:80"}, Labels: map[string]string{"queue": "x"}})
		}, ""},
		"a label of a group of the records": {depthOf(map[string]string{"tier": "x"}, `q:depth{tier="x"} > 5`), ""},
		"another value of that label":       {depthOf(map[string]string{"tier": "x"}, `q:depth{tier="y"} > 5`), `alert "Deep", expr: PQ`},
		"a label that is not recorded":      {depthOf(nil, `q:depth{tier="x"} > 5`), `alert "Deep", expr: PQ`},
	})
}

// depth records the depth of the queues.
var depth = rules.Record{Name: "q:depth", Expr: "sum(queue_depth)"}

func addGroup(s *preflight.Site, g rules.Group) {
	s.Packs[0].Groups = append(s.Packs[0].Groups, g)
}

// depthOf records the depth in a group with labels, for an alert.
func depthOf(labels map[string]string, expr string) change {
	return func(s *preflight.Site) {
		addGroup(s, rules.Group{Name: "depth", Labels: labels, Records: []rules.Record{depth}})
		addGroup(s, rules.Group{Name: "deep", Alerts: []rules.Alert{{Name: "Deep", Severity: "amber", Expr: expr}}})
	}
}

// ruleFile adds a rule file with one rule.
func ruleFile(rule string) change {
	return func(s *preflight.Site) {
		s.Packs[0].RuleFiles = fstest.MapFS{"a.yml": {Data: []byte("groups: [{name: a, rules: [" + rule + "]}]")}}
	}
}
