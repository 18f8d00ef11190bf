package pipeline

import (
	"fmt"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/rules"
)

// anyFailure excuses the mutant max of a sum of increases that is compared with
// zero.
var anyFailure = finding.Equivalent{Mutant: "sum → max", Why: "increases are never negative: their sum is above 0 when one of them is"}

// counter is a counter of failures with an alert on its increase over a window.
type counter struct {
	failing, quiet string // two of its series in one instance of the alert
	minutes        int    // length of the window
	fires          string // labels of the instance
	of             string // name in the scenarios
}

// failures proves an alert on the increase of a counter. It fires with one
// failure until the failure is older than the window. It also fires after a
// restart of the program, and beside a series without failures.
func failures(c counter) []rules.Scenario {
	fires := func(minute int) rules.Expect { return rules.Fires(fmt.Sprintf("%dm", minute), c.fires) }
	resolved := rules.Quiet(fmt.Sprintf("%dm", c.minutes+4))
	return []rules.Scenario{
		{
			Name: "one failure fires until it is out of the window: " + c.of,
			Series: fmt.Sprintf("%s 0x4 1x%d\n", c.failing, c.minutes+10) +
				fmt.Sprintf("%s 0x%d", c.quiet, c.minutes+15),
			Expect: []rules.Expect{rules.Quiet("4m"), fires(5), fires(c.minutes + 3), resolved},
		},
		{
			Name:   "a failure after a restart counts: " + c.of,
			Series: fmt.Sprintf("%s 5x4 1x%d", c.failing, c.minutes+10),
			Expect: []rules.Expect{rules.Quiet("4m"), fires(6), resolved},
		},
	}
}
