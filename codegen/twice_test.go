package codegen_test

import (
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/rules"
)

// While the job is down, an alert holds its own instances and none of the alert
// of its name in the other taking of the pack.
func TestHoldWhileDownOfAPackTakenTwice(t *testing.T) {
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

	// Taken once, it has no other of its name.
	contains(t, file(t, mq(broker(a)), "prometheus/rules/queue.yml"), `ALERTS{alertname="QueueLong",alertstate="firing"}`)
}

// The job tells two takings apart while their results have it.
func TestJobsOfAPackTakenTwice(t *testing.T) {
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
		contains(t, findings(t, site(expr)), `alert "QueueLong": DF007: the packs "billing" and "orders" have it, and nothing tells their results apart`)
	}
}
