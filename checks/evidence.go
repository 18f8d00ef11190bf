package checks

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// Evidence is a run as a JSON file keeps it. It holds no secret.
type Evidence struct {
	Version      int       `json:"version"` // of this shape: 1
	Env          string    `json:"env"`
	Started      time.Time `json:"started"`
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
	DurationSecs float64          `json:"duration_seconds"`
	Targets      []EvidenceTarget `json:"targets"`
}

// EvidenceTarget is what was observed of one target.
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
		Version: 1, Env: env, Started: r.Started.UTC(), DurationSecs: r.Duration.Seconds(),
		RealCheck: r.Real, ReadyForLive: r.Ready(), Checker: Version(), Results: []EvidenceResult{},
	}
	e.Summary.Total = len(r.Results)
	e.Summary.Pass, e.Summary.Warn = r.Count(Pass), r.Count(Warn)
	e.Summary.Fail, e.Summary.Skip = r.Count(Fail), r.Count(Skip)
	for _, result := range r.Results {
		er := EvidenceResult{Check: result.Check, Status: result.Status, DurationSecs: result.Duration.Seconds(), Targets: []EvidenceTarget{}}
		for _, o := range result.Observations {
			er.Targets = append(er.Targets, EvidenceTarget{o.Target, o.Status, o.Reason, o.Detail, o.Latency.Seconds()})
		}
		e.Results = append(e.Results, er)
	}
	return e
}

// WriteFile writes the evidence, whole or not at all.
func (e Evidence) WriteFile(path string) error {
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(path, append(data, '\n'), 0o644, renameio.WithTempDir(filepath.Dir(path)))
}
