package checks

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// EvidenceVersion is the version of the shape of [Evidence]. It rises when a
// field changes its meaning or goes; new fields may come without.
const EvidenceVersion = 1

// Evidence is a run as a JSON file keeps it. It holds no secret. Times are in
// UTC, durations and latencies in seconds.
type Evidence struct {
	Schema       int       `json:"schema_version"` // EvidenceVersion
	Env          string    `json:"env"`
	Started      time.Time `json:"started"`
	Finished     time.Time `json:"finished"`
	DurationSecs float64   `json:"duration_seconds"`
	RealCheck    bool      `json:"real_check"`
	ReadyForLive bool      `json:"ready_for_live"`
	Checker      string    `json:"checker_version"`
	Summary      struct {
		Total int `json:"total"`
		Pass  int `json:"pass"`
		Warn  int `json:"warn"`
		Fail  int `json:"fail"`
		Skip  int `json:"skip"`
	} `json:"summary"`
	Results []EvidenceResult `json:"results"`
}

// EvidenceResult is the outcome of one check.
type EvidenceResult struct {
	Check        string           `json:"check"`
	Status       Status           `json:"status"`
	Why          string           `json:"why,omitempty"` // it was skipped
	DurationSecs float64          `json:"duration_seconds"`
	Targets      []EvidenceTarget `json:"targets"`
}

// EvidenceTarget is what was observed of one target; the reason is there when
// it warns or fails, the latency when it answered.
type EvidenceTarget struct {
	Target      string  `json:"target"`
	Status      Status  `json:"status"`
	Reason      string  `json:"reason,omitempty"`
	Detail      string  `json:"detail,omitempty"`
	LatencySecs float64 `json:"latency_seconds,omitempty"`
}

// NewEvidence returns the evidence of a run.
func NewEvidence(env string, r Report) Evidence {
	e := Evidence{
		Schema: EvidenceVersion, Env: env, DurationSecs: r.Duration.Seconds(),
		Started: r.Started.UTC(), Finished: r.Started.Add(r.Duration).UTC(),
		RealCheck: r.Real, ReadyForLive: r.Ready(), Checker: Version(), Results: []EvidenceResult{},
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

// WriteFile writes the evidence, whole or not at all.
func (e Evidence) WriteFile(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("evidence: %w", err)
		}
	}()
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(path, append(data, '\n'), 0o644, renameio.WithTempDir(filepath.Dir(path)))
}
