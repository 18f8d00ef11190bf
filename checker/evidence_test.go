package checker

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/alertnative/preflight/checker/spec"
)

var about = Subject{
	Host: "h", Commit: strings.Repeat("a", 40), Config: "preflight.yml", ConfigDigest: "sha256:" + strings.Repeat("0", 64),
}

// good returns a ready run with every field of the evidence.
func good() Report {
	a := result("A", time.Millisecond, "a1=pass", "a2=warn:slow")
	a.Observations[0].Latency = 1500 * time.Microsecond
	return Report{Started: start, Duration: time.Second, Real: true, Results: []Result{a, result("B", 0, "b1=pass")}}
}

// seal writes the evidence of a run and returns its path.
func seal(t *testing.T, key string, r Report) string {
	t.Helper()
	data, err := newEvidence("0123456789abcdef", "live", about, r).seal([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	path := evidenceFile(filepath.Join(t.TempDir(), "evidence"), "live")
	if err := writeEvidence(path, data); err != nil {
		t.Fatal(err)
	}
	return path
}

// schemaAccepts validates a file against the published schema.
func schemaAccepts(t *testing.T, path string) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(evidenceSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("evidence.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("evidence.json")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(value)
}

func TestEvidenceMatchesSchema(t *testing.T) {
	t.Parallel()
	failing := good()
	failing.Results[1] = result("B", 0, "b1=fail:broken")
	skipping := good()
	skipping.Results[1] = Result{Check: "B", Status: Skip, Why: "not selected"}
	for name, r := range map[string]Report{"ready": good(), "failed": failing, "skipped": skipping, "nothing": {Started: start}} {
		if err := schemaAccepts(t, seal(t, "", r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The schema must reject invalid evidence.
	path := seal(t, "", failing)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, edit := range [][2]string{
		{`"reason": "broken"`, `"reason": "Not Snake"`}, {`"env": "live"`, `"env": "LIVE"`}, {`"status": "fail"`, `"status": "bad"`},
		{`"host": "h"`, `"hosts": "h"`}, {`"commit": "a`, `"commit": "g`},
	} {
		if err := os.WriteFile(path, bytes.Replace(data, []byte(edit[0]), []byte(edit[1]), 1), 0o644); err != nil {
			t.Fatal(err)
		}
		if schemaAccepts(t, path) == nil {
			t.Errorf("the schema accepts %s", edit[1])
		}
	}
}

func TestEditedEvidenceIsRejected(t *testing.T) {
	t.Parallel()
	const key = "0123456789abcdef"
	for name, tt := range map[string]struct {
		sealed, read string // keys
		edit         [2]string
		want         string // part of the error; "" for no error
	}{
		"untouched":                 {"", "", [2]string{}, ""},
		"untouched, with a key":     {key, key, [2]string{}, ""},
		"a word":                    {"", "", [2]string{`"ready_for_live": true`, `"ready_for_live":true`}, "was changed after the run"},
		"a failure made good":       {"", "", [2]string{`"status": "warn"`, `"status": "pass"`}, "was changed after the run"},
		"the digest":                {"", "", [2]string{`"digest": "sha256:`, `"digest": "sha256:0`}, "was changed after the run"},
		"no digest":                 {"", "", [2]string{`"digest"`, `"dig"`}, "was changed after the run"},
		"a word, with a key":        {key, key, [2]string{`"host": "h"`, `"host": "i"`}, "was changed after the run, or sealed with another key"},
		"another key":               {key, key + "x", [2]string{}, "was changed after the run, or sealed with another key"},
		"a key that is not there":   {key, "", [2]string{}, "set PREFLIGHT_EVIDENCE_KEY"},
		"no key where there is one": {"", key, [2]string{}, "not sealed with the key"},
		"another version":           {"", "", [2]string{`"schema_version": 1`, `"schema_version": 2`}, "has the schema version 2, and this program reads 1"},
		"no JSON":                   {"", "", [2]string{`{`, `[`}, "is not evidence of a run"},
	} {
		path := seal(t, tt.sealed, good())
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(data), tt.edit[0], tt.edit[1], 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		e, err := ReadEvidence(path, []byte(tt.read))
		if tt.want == "" {
			if err != nil || !e.ReadyForLive || e.Commit != about.Commit {
				t.Errorf("%s: %+v, %v", name, e, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
	if _, err := ReadEvidence("no/such.json", nil); err == nil || !strings.Contains(err.Error(), "there is no evidence: no/such.json") {
		t.Errorf("error %v", err)
	}
}

func TestDemand(t *testing.T) {
	t.Parallel()
	end := start.Add(time.Second)
	usual := demand{Env: "live", MaxAge: 15 * time.Minute, Subject: about, Now: end.Add(time.Minute)}
	failing := good()
	failing.Results[1] = result("B", 0, "b1=fail:broken")
	skipping := good()
	skipping.Results[1] = Result{Check: "B", Status: Skip, Why: "not selected"}
	unreal := good()
	unreal.Real = false
	for name, tt := range map[string]struct {
		report Report
		change func(*demand)
		want   string
		not    bool // want a notReadyError
	}{
		"ready":                                {good(), func(*demand) {}, "", false},
		"just in time":                         {good(), func(d *demand) { d.Now = end.Add(15 * time.Minute) }, "", false},
		"another host":                         {good(), func(d *demand) { d.Subject.Host = "other" }, "", false},
		"another host, which must be the same": {good(), func(d *demand) { d.Subject.Host, d.SameHost = "other", true }, "of another machine: of h, and this is other", false},
		"the same host":                        {good(), func(d *demand) { d.SameHost = true }, "", false},
		"other changed files":                  {good(), func(d *demand) { d.Subject.Tree = "sha256:1" }, "for other files", false},
		"too old":                              {good(), func(d *demand) { d.Now = end.Add(15*time.Minute + time.Second) }, "too old: the run ended at 2026-01-02T03:04:06Z, 15m1s ago, but only 15m0s is allowed", false},
		"of the future":                        {good(), func(d *demand) { d.Now = end.Add(-time.Minute) }, "from the future", false},
		"another env":                          {good(), func(d *demand) { d.Env = "paper" }, "is for live, not for paper", false},
		"another commit":                       {good(), func(d *demand) { d.Subject.Commit = "b" }, "another commit: it is for " + about.Commit + ", but b is checked out", false},
		"no checkout":                          {good(), func(d *demand) { d.Subject.Commit = "" }, "but no commit is checked out", false},
		"another configuration":                {good(), func(d *demand) { d.Subject.ConfigDigest = "x" }, "another configuration: preflight.yml has changed", false},
		"a failure":                            {failing, func(*demand) {}, "live is not ready:\n  B: b1:  (broken)", true},
		"a skipped check":                      {skipping, func(*demand) {}, "live is not ready:\n  B: skipped: not selected", true},
		"not for real":                         {unreal, func(*demand) {}, "without --real-check", true},
	} {
		d := usual
		tt.change(&d)
		err := d.meet(newEvidence("0123456789abcdef", "live", about, tt.report))
		var notReady *notReadyError
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) || errors.As(err, &notReady) != tt.not {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}

func TestOldTemporaryFilesAreRemoved(t *testing.T) {
	t.Parallel()
	path := seal(t, "", good())
	old, young := filepath.Join(filepath.Dir(path), ".live.json111"), filepath.Join(filepath.Dir(path), ".live.json222")
	for _, name := range []string{old, young} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hourAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(old, hourAgo, hourAgo); err != nil {
		t.Fatal(err)
	}
	if err := writeEvidence(path, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 2 || entries[0].Name() != ".live.json222" {
		t.Errorf("%v, %v", entries, err)
	}
}

// A CI system reads the counts and the messages.
func TestJUnit(t *testing.T) {
	t.Parallel()
	r := good()
	r.Results[1] = result("B", time.Second, "b1=fail:broken", "b2=skip")
	r.Results[1].Status = Fail
	r.Results[1].Observations[0].Detail = `it <broke> & "so" ]]> on`
	r.Results = append(r.Results, Result{Check: "C", Status: Skip, Why: "nothing declared"})
	specs := []spec.Spec{{Name: "A"}, {Name: "B", Reasons: []spec.Reason{{Name: "broken", Meaning: "it is broken", Remedy: "repair it"}}}, {Name: "C"}}
	path := filepath.Join(t.TempDir(), "sub", "junit.xml")
	if err := writeJUnit(path, "paper", specs, r); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type note struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Class   string `xml:"classname,attr"`
				Failure *note  `xml:"failure"`
				Skipped *note  `xml:"skipped"`
				Out     string `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &got); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if got.Tests != 5 || got.Failures != 1 || got.Skipped != 2 || len(got.Suites) != 3 {
		t.Errorf("%d tests, %d failures, %d skipped, %d suites\n%s", got.Tests, got.Failures, got.Skipped, len(got.Suites), data)
	}
	b1 := got.Suites[1].Cases[0]
	if b1.Name != "b1" || b1.Class != "preflight.B" || b1.Failure == nil || b1.Failure.Type != "broken" ||
		b1.Failure.Message != r.Results[1].Observations[0].Detail || b1.Failure.Text != "it is broken: repair it" {
		t.Errorf("%+v", b1)
	}
	if warned := got.Suites[0].Cases[1]; warned.Failure != nil || !strings.HasPrefix(warned.Out, "WARN (slow)") {
		t.Errorf("%+v", warned)
	}
	if skipped := got.Suites[2].Cases[0]; skipped.Skipped == nil || skipped.Skipped.Message != "nothing declared" {
		t.Errorf("%+v", skipped)
	}
}

// The digest can be verified without this program, as documented.
func TestDigestOfFileWithEmptyDigest(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(seal(t, "", good()))
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Digest string `json:"digest"`
	}
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	if got := "sha256:" + sha256Hex(bytes.Replace(data, []byte(e.Digest), nil, 1)); got != e.Digest {
		t.Errorf("%s, the file says %s", got, e.Digest)
	}
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
