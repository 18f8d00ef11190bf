package codegen

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/proof/verdict"
)

// test is the command that runs only the proofs and prints each.
type test struct {
	name  string
	junit *string
}

func newTest(app *kingpin.Application) test {
	cmd := app.Command("test", "Run every proof and show each: scenarios, generated tests, promises and quiets.")
	return test{
		name:  cmd.FullCommand(),
		junit: cmd.Flag("junit", "Also write the results as JUnit XML.").PlaceHolder("FILE.xml").String(),
	}
}

// junitReport is a report in JUnit's format.
type junitReport struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class    string   `xml:"classname,attr"`
	Name     string   `xml:"name,attr"`
	Seconds  string   `xml:"time,attr"`
	Failures []string `xml:"failure,omitempty"`
}

func (t test) run(ctx context.Context, sites []preflight.Site, stdout, stderr io.Writer) (int, error) {
	var report junitReport
	code := exitClean
	passed, failed := 0, 0
	for _, s := range sites {
		var outcomes []verdict.Outcome
		shown := newProgress(stderr, "tests")
		_, err := prove(ctx, s, verdict.Options{
			NoCache:  true,
			Done:     func(o verdict.Outcome) { outcomes = append(outcomes, o) },
			Progress: shown.set,
		})
		shown.clear()
		slices.SortStableFunc(outcomes, func(a, b verdict.Outcome) int {
			return strings.Compare(a.Case.Name+"\x00"+a.Test, b.Case.Name+"\x00"+b.Test)
		})
		suite := junitSuite{Name: s.Name, Tests: len(outcomes)}
		for _, o := range outcomes {
			c := junitCase{Class: o.Case.Name, Name: o.Test, Seconds: fmt.Sprintf("%.3f", o.Took.Seconds())}
			word := "ok  "
			for _, f := range o.Failures {
				c.Failures = append(c.Failures, f.String())
				word = "FAIL"
			}
			fmt.Fprintf(stdout, "%s  %s: %s\n", word, o.Case.Name, o.Test)
			if len(c.Failures) > 0 {
				suite.Failures++
			}
			suite.Cases = append(suite.Cases, c)
		}
		passed, failed = passed+len(outcomes)-suite.Failures, failed+suite.Failures
		report.Suites = append(report.Suites, suite)
		if err != nil {
			code = exitFindings
			fmt.Fprintln(stderr, located(err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	fmt.Fprintf(stdout, "%d passed, %d failed\n", passed, failed)
	if *t.junit != "" {
		data, err := xml.MarshalIndent(report, "", "  ")
		if err != nil {
			return exitBroken, err
		}
		if err := os.WriteFile(*t.junit, append([]byte(xml.Header), append(data, '\n')...), 0o644); err != nil {
			return exitBroken, err
		}
	}
	if ctx.Err() != nil {
		return exitBroken, errors.New("interrupted: some tests did not run")
	}
	return code, nil
}
