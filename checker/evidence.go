package checker

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/alertnative/preflight/internal/outfile"
)

// evidenceVersion is the version of the format of [Evidence]. Increment it if a
// field changes its meaning or is removed; new fields do not need it.
const evidenceVersion = 1

// evidenceSchema is the JSON Schema of [Evidence].
//
//go:embed evidence.schema.json
var evidenceSchema []byte

// Evidence is the JSON record of a run. It holds no secret. Times are in UTC,
// durations and latencies in seconds.
type Evidence struct {
	Schema       int       `json:"schema_version"` // evidenceVersion
	Run          string    `json:"run_id"`
	Env          string    `json:"env"`
	Started      time.Time `json:"started"`
	Finished     time.Time `json:"finished"`
	DurationSecs float64   `json:"duration_seconds"`
	RealCheck    bool      `json:"real_check"`
	Interrupted  bool      `json:"interrupted"`
	ReadyForLive bool      `json:"ready_for_live"`
	Checker      string    `json:"checker_version"`
	Go           string    `json:"go_version"`
	Subject
	Summary struct {
		Total int `json:"total"`
		Pass  int `json:"pass"`
		Warn  int `json:"warn"`
		Fail  int `json:"fail"`
		Skip  int `json:"skip"`
	} `json:"summary"`
	Results []EvidenceResult `json:"results"`
	// Variables are HMACs of the environment variables that the checks read, by
	// name, if there is an evidence key.
	Variables map[string]string `json:"variables,omitempty"`
	Digest    string            `json:"digest"` // see seal.go
}

// EvidenceResult is the result of one check.
type EvidenceResult struct {
	Check        string           `json:"check"`
	Status       Status           `json:"status"`
	Why          string           `json:"why,omitempty"` // reason for skipping it
	DurationSecs float64          `json:"duration_seconds"`
	Targets      []EvidenceTarget `json:"targets"`
}

// EvidenceTarget is the observation of one target. It has a reason if the
// target warns or fails, and a latency if the target answered.
type EvidenceTarget struct {
	Target      string  `json:"target"`
	Status      Status  `json:"status"`
	Reason      string  `json:"reason,omitempty"`
	Detail      string  `json:"detail,omitempty"`
	LatencySecs float64 `json:"latency_seconds,omitempty"`
}

// newEvidence returns the evidence of a run.
func newEvidence(run, env string, about Subject, r Report) Evidence {
	e := Evidence{
		Schema: evidenceVersion, Run: run, Env: env, Subject: about, DurationSecs: r.Duration.Seconds(),
		Started: r.Started.UTC(), Finished: r.Started.Add(r.Duration).UTC(),
		RealCheck: r.Real, Interrupted: r.Interrupted, ReadyForLive: r.Ready(),
		Checker: programVersion(), Go: runtime.Version(), Results: []EvidenceResult{},
	}
	e.Summary.Total = len(r.Results)
	e.Summary.Pass, e.Summary.Warn = r.Count(Pass), r.Count(Warn)
	e.Summary.Fail, e.Summary.Skip = r.Count(Fail), r.Count(Skip)
	for _, result := range r.Results {
		er := EvidenceResult{Check: result.Check, Status: result.Status, Why: result.Why, DurationSecs: result.Duration.Seconds(), Targets: []EvidenceTarget{}}
		for _, o := range result.Observations {
			er.Targets = append(er.Targets, EvidenceTarget{o.Target, o.Status, o.Reason, o.Detail, o.Latency.Seconds()})
		}
		e.Results = append(e.Results, er)
	}
	return e
}

// problems returns one line for each target that warns or fails.
func (e Evidence) problems() []string {
	var lines []string
	for _, r := range e.Results {
		if r.Status == Skip {
			lines = append(lines, fmt.Sprintf("%s: skipped: %s", r.Check, r.Why))
		}
		for _, t := range r.Targets {
			if t.Status == Fail {
				lines = append(lines, fmt.Sprintf("%s: %s: %s (%s)", r.Check, t.Target, t.Detail, t.Reason))
			}
		}
	}
	return lines
}

// evidenceFile returns the path of the newest evidence of an environment.
func evidenceFile(dir, env string) string { return filepath.Join(dir, env+".json") }

// writeEvidence writes sealed evidence atomically.
func writeEvidence(path string, sealed []byte) error {
	if err := writeFile(path, sealed); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	return nil
}

// marshal returns the evidence in the format of a file.
func (e Evidence) marshal() ([]byte, error) {
	data, err := json.MarshalIndent(e, "", "  ")
	return append(data, '\n'), err
}

// writeFile replaces a file atomically. It creates the folder if needed. The
// umask decides who can read both.
func writeFile(path string, data []byte) error {
	target, err := outfile.Resolve(path)
	if err != nil {
		return err
	}
	outfile.Sweep(target, time.Minute) // younger files may belong to a running checker
	return outfile.Write(target, data, outfile.Umask)
}
