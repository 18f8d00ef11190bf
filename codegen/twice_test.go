package codegen_test

import (
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/rules"
)

// While the job is down, an alert holds only its own instances, not those of
// the equally named alert in the other use of the pack.
func TestHoldWhileDownOfPackUsedTwice(t *testing.T) {
	t.Parallel()
	a := queueLong()
	a.HoldWhileDown = "queue"
	others := rules.Scenario{
		Name: "the other one fires while the broker is down",
		Series: `
			ALERTS{alertname="QueueLong", alertstate="firing", sev="amber", unit="orders", queue="a"} 1x20
			up{job="queue"} 0x20`,
		Expect: []rules.Expect{rules.Quiet("10m")},
	}
	own := rules.Scenario{
		Name: "it holds its own",
		Series: `
			queue_depth{job="queue", queue="a"} 60000x5 stale
			up{job="queue"} 0x20`,
		Expect: []rules.Expect{rules.Fires("15m", `queue="a"`)},
	}
	made := files(t, ordersAndBilling(broker(a), preflight.Override{Alert: "QueueLong", Threshold: "50000", Scenarios: []rules.Scenario{others, own}}))
	contains(t, made[ordersRules], `ALERTS{alertname="QueueLong",alertstate="firing",unit="orders"}`)
	contains(t, made[billingRules], `ALERTS{alertname="QueueLong",alertstate="firing",unit="billing"}`)

	// A pack that is used once has no other alert of the name.
	contains(t, file(t, mq(broker(a)), "prometheus/rules/queue.yml"), `ALERTS{alertname="QueueLong",alertstate="firing"}`)
}

// The job distinguishes two uses of a pack if their results have it.
func TestJobsOfPackUsedTwice(t *testing.T) {
	t.Parallel()
	of := func(job, expr string) preflight.Pack {
		a := queueLong()
		a.HoldWhileDown, a.Expr = job, replaced(expr, "JOB", job)
		p := broker(a)
		p.Groups[0].Alerts = p.Groups[0].Alerts[1:]
		p.Metrics = p.Metrics[:1]
		return p
	}
	site := func(expr string) preflight.Site {
		s := mq(of("one", expr).With(preflight.As("orders")), of("two", expr).With(preflight.As("billing")))
		s.Jobs = []preflight.Job{{Name: "one", Targets: []string{"a:9400"}}, {Name: "two", Targets: []string{"b:9400"}}}
		return s
	}
	made := files(t, site(`sum by (job, queue) (queue_depth{job="JOB"}) > 5`))
	contains(t, made[ordersRules], `ALERTS{alertname="QueueLong",alertstate="firing",job="one"}`)
	contains(t, made[billingRules], `ALERTS{alertname="QueueLong",alertstate="firing",job="two"}`)
	for _, expr := range []string{
		`sum by (queue) (queue_depth{job="JOB"}) > 5`, `sum without (job, instance) (queue_depth{job="JOB"}) > 5`, `count(queue_depth{job="JOB"}) > 5`,
		`queue_depth{job="JOB"} > on (queue) group_right () max by (queue) (queue_depth{job="JOB"})`,
	} {
		contains(t, findings(t, site(expr)), `alert "QueueLong": DF007: the packs "billing" and "orders" have it, and no label distinguishes their results`)
	}
}

// A rename applies to one use of a pack. The other use and its readers keep the
// original names.
func TestRenameOfPackUsedTwice(t *testing.T) {
	t.Parallel()
	a := queueLong()
	a.Scenarios = []rules.Scenario{{
		Name: "long", Series: `queue_depth{queue="a"} 9x9`,
		Expect: []rules.Expect{rules.Quiet("1m"), rules.Fires("5m", `queue="a"`).Says("note", "see queue_depth")},
	}}
	a.Annotations = map[string]string{"note": "see queue_depth"}
	p := broker(a)
	p.Runbooks = []preflight.Runbook{{Alerts: []string{"QueueLong"}, Markdown: "Query `queue_depth`."}}
	reader := preflight.Pack{Name: "reader", Groups: []rules.Group{{Name: "reader", Alerts: []rules.Alert{
		{Name: "AllLong", Severity: "grey", Expr: "sum(queue_depth) > 5", Scenarios: []rules.Scenario{{
			Name: "long", Series: `queue_depth{queue="a"} 1 9x9`, Expect: []rules.Expect{rules.Quiet("0m"), rules.Fires("5m")},
		}}},
	}}}}

	s := ordersAndBilling(p, preflight.Rename{From: "queue", To: "kju"})
	s.Packs = append(s.Packs, reader)
	made := files(t, s)
	contains(t, made[ordersRules], "queue_depth", "queue_up")
	lacks(t, made[ordersRules], "kju")
	contains(t, made[billingRules], "kju_depth", "kju_up", "note: see kju_depth")
	lacks(t, made[billingRules], "queue_")
	contains(t, made["prometheus/rules/reader.yml"], "queue_depth")

	// Both uses are renamed differently, so the reader's metric is ambiguous.
	s = mq(p.With(preflight.As("orders"), preflight.Labels{"unit": "orders"}, preflight.Rename{From: "queue", To: "a"}),
		p.With(preflight.As("billing"), preflight.Labels{"unit": "billing"}, preflight.Rename{From: "queue", To: "b"}))
	made = files(t, s)
	contains(t, made[ordersRules], "(a_depth)")
	contains(t, made[billingRules], "(b_depth)")
	s.Packs = append(s.Packs, reader)
	contains(t, findings(t, s), `alert "AllLong", expr: PQ002: no metric "queue_depth"`)

	// Both uses are renamed alike.
	s = ordersAndBilling(p.With(preflight.Rename{From: "queue", To: "kju"}))
	s.Packs = append(s.Packs, reader)
	contains(t, file(t, s, "prometheus/rules/reader.yml"), "kju_depth")
}

// Renames apply in order, and each must change a metric.
func TestRenamesInOrder(t *testing.T) {
	t.Parallel()
	made := file(t, mq(broker(queueLong()).With(preflight.Rename{From: "queue", To: "kju"}, preflight.Rename{From: "kju", To: "acme_queue"})), "prometheus/rules/queue.yml")
	contains(t, made, "acme_queue_up == 0")
	for change, want := range map[preflight.Rename]string{
		{From: "queue"}:                `pack "queue", Rename: DF008: To is empty`,
		{From: "queue", To: "a b"}:     `pack "queue", Rename: DF008: To: "a b" is no beginning of a metric's name`,
		{From: "queue", To: "9"}:       `pack "queue", Rename: DF008: To: "9" is no beginning`,
		{To: "kju"}:                    `pack "queue", Rename: DF008: From is empty`,
		{From: "queues", To: "kju"}:    `DF008: no metric of the pack starts with "queues_"`,
		{From: "queue_up", To: "kju_"}: `DF008: no metric of the pack starts with "queue_up_"`,
	} {
		contains(t, findings(t, mq(broker(queueLong()).With(change))), want)
	}
}
