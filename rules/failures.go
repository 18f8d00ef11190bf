package rules

import "fmt"

// failures proves an alert on the increase of a counter over a window, in
// minutes: one failure is told at once, and until it is out of the window. It
// counts after a restart of the program, and beside a series without failures.
// Both series are of the instance expected.
func failures(failing, quiet string, window int, instance map[string]string) []Scenario {
	firing := []Instance{{Labels: instance}}
	at := func(minute int) string { return fmt.Sprintf("%dm", minute) }
	return []Scenario{{
		Name: "one failure fires until it is out of the window: " + instance["job"],
		Series: []Series{
			{failing, fmt.Sprintf("0x4 1x%d", window+10)},
			{quiet, fmt.Sprintf("0x%d", window+15)},
		},
		Expect: []Expect{
			{At: "4m"},
			{At: "5m", Firing: firing},
			{At: at(window + 3), Firing: firing},
			{At: at(window + 4)},
		},
	}, {
		Name:   "a failure after a restart counts: " + instance["job"],
		Series: []Series{{failing, fmt.Sprintf("5x4 1x%d", window+10)}},
		Expect: []Expect{
			{At: "4m"},
			{At: "6m", Firing: firing},
			{At: at(window + 4)},
		},
	}}
}
