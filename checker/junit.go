package checker

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/alertnative/preflight/checker/spec"
)

// writeJUnit writes a run as JUnit XML for continuous integration: a suite per
// check, a test case per target. JUnit has no warnings; they become passed test
// cases with output. specs are the specs of the run's checks, in order.
func writeJUnit(path string, env string, specs []spec.Spec, r Report) error {
	suites := junit.Testsuites{Name: "preflight " + env, Time: seconds(r.Duration)}
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	for i, result := range r.Results {
		suite := junit.Testsuite{Name: result.Check, ID: i, Hostname: host, Time: seconds(result.Duration)}
		suite.SetTimestamp(r.Started.UTC())
		shown := specs[i].In(english)
		for _, o := range result.Observations {
			suite.AddTestcase(testcase(result.Check, o, shown.Reason(o.Reason)))
		}
		if len(result.Observations) == 0 {
			suite.AddTestcase(testcase(result.Check, Observation{Target: result.Check, Status: result.Status, Detail: result.Why}, spec.Reason{}))
		}
		suites.AddSuite(suite)
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	if err := suites.WriteXML(&b); err != nil {
		return fmt.Errorf("JUnit: %w", err)
	}
	if err := writeFile(path, b.Bytes()); err != nil {
		return fmt.Errorf("JUnit: %w", err)
	}
	return nil
}

func testcase(check string, o Observation, reason spec.Reason) junit.Testcase {
	tc := junit.Testcase{Classname: "preflight." + check, Name: o.Target, Time: seconds(o.Latency)}
	switch o.Status {
	case Fail:
		tc.Failure = &junit.Result{Type: o.Reason, Message: o.Detail, Data: reason.Meaning + ": " + reason.Remedy}
	case Skip:
		tc.Skipped = &junit.Result{Message: o.Detail}
	case Warn:
		tc.SystemOut = &junit.Output{Data: fmt.Sprintf("WARN (%s): %s\n%s: %s", o.Reason, o.Detail, reason.Meaning, reason.Remedy)}
	}
	return tc
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 6, 64) }
