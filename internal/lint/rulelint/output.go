package rulelint

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Formats returns the output formats of a report.
func Formats() []string { return []string{"text", "json", "sarif", "github"} }

// Write writes the issues in one of the [Formats].
func (r Report) Write(w io.Writer, format string) error {
	switch format {
	case "json":
		return r.json(w)
	case "sarif":
		return r.sarif(w)
	case "github":
		return r.github(w)
	}
	for _, i := range r.Issues {
		if _, err := fmt.Fprintf(w, "%s%s%s\n", i.position(), i.headline(), i.Finding.Detail()); err != nil {
			return err
		}
	}
	return nil
}

// position returns the place of the issue with a colon, or "" if it is unknown.
func (i Issue) position() string {
	switch {
	case i.File == "":
		return ""
	case i.Column == 0:
		return fmt.Sprintf("%s:%d: ", i.File, i.Line)
	}
	return fmt.Sprintf("%s:%d:%d: ", i.File, i.Line, i.Column)
}

// headline describes the issue in one line.
func (i Issue) headline() string {
	f := i.Finding.Shown()
	text := fmt.Sprintf("%s: %s", f.Code, f.Reason)
	if place := f.Place(); place != "" {
		text = place + ": " + text
	}
	return text
}

// message returns the headline without the code, with the suggestion.
func (i Issue) message() string {
	f := i.Finding.Shown()
	text := f.Reason
	if place := f.Place(); place != "" {
		text = place + ": " + text
	}
	if f.Suggestion != "" {
		text += "; did you mean " + f.Suggestion + "?"
	}
	return text
}

type jsonIssue struct {
	File       string `json:"file,omitempty"`
	Line       int    `json:"line,omitempty"`
	Column     int    `json:"column,omitempty"`
	Code       string `json:"code"`
	Rule       string `json:"rule,omitempty"`
	Part       string `json:"part,omitempty"`
	Reason     string `json:"reason"`
	Suggestion string `json:"suggestion,omitempty"`
}

func (r Report) json(w io.Writer) error {
	out := []jsonIssue{}
	for _, i := range r.Issues {
		f := i.Finding.Shown()
		out = append(out, jsonIssue{i.File, i.Line, i.Column, string(f.Code), f.Where, f.Part, f.Reason, f.Suggestion})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

// github writes workflow commands, which GitHub shows beside the lines.
func (r Report) github(w io.Writer) error {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, i := range r.Issues {
		at := ""
		if i.File != "" {
			at = fmt.Sprintf("file=%s,line=%d,", property.Replace(i.File), max(i.Line, 1))
		}
		if i.Column > 0 {
			at += fmt.Sprintf("col=%d,", i.Column)
		}
		_, err := fmt.Fprintf(w, "::error %stitle=%s::%s\n", at, property.Replace(string(i.Finding.Code)), data.Replace(i.message()))
		if err != nil {
			return err
		}
	}
	return nil
}

// The used part of a SARIF 2.1.0 log.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID string `json:"id"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn"`
	}
)

func (r Report) sarif(w io.Writer) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "preflight-gen", Rules: []sarifRule{}}}, Results: []sarifResult{}}
	var codes []string
	for _, i := range r.Issues {
		codes = append(codes, string(i.Finding.Code))
		result := sarifResult{RuleID: string(i.Finding.Code), Level: "error", Message: sarifText{i.message()}}
		if i.File != "" {
			result.Locations = []sarifLocation{{sarifPhysical{
				Artifact: sarifArtifact{strings.ReplaceAll(i.File, `\`, "/")}, Region: sarifRegion{max(i.Line, 1), max(i.Column, 1)},
			}}}
		}
		run.Results = append(run.Results, result)
	}
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{code})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}
