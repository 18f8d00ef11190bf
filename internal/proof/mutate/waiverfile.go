package mutate

import (
	"fmt"
	"os"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/yamlfile"
)

// Waivers are mutants that are no mistakes, from a file.
type Waivers struct {
	path string
	list []fileWaiver
}

// fileWaiver excuses a mutant of the rules of a name.
type fileWaiver struct {
	Rule   string `yaml:"rule"`   // name of the alert or record
	Group  string `yaml:"group"`  // "" for every group
	Mutant string `yaml:"mutant"` // change as the output shows it: "sum → max"
	Reason string `yaml:"reason"`
}

// ReadWaivers reads a file of waivers. Without a path there are none.
func ReadWaivers(path string) (Waivers, error) {
	w := Waivers{path: path}
	if path == "" {
		return w, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return w, err
	}
	in, err := yamlfile.Parse(path, data)
	if err != nil {
		return w, err
	}
	errs := append(in.Unknown([]string{"waivers"}), in.Decode("waivers", &w.list)...)
	for i, x := range w.list {
		for _, field := range []struct{ name, value string }{{"rule", x.Rule}, {"mutant", x.Mutant}, {"reason", x.Reason}} {
			if strings.TrimSpace(field.value) == "" {
				errs = append(errs, in.At([]any{"waivers", i, field.name}, "is missing: a waiver has rule, mutant and reason"))
			}
		}
	}
	if err := in.Single(); err != nil {
		errs = append(errs, err.(*yamlfile.Error))
	}
	return w, yamlfile.Join(errs)
}

// Apply marks the survivors that the waivers excuse. It returns findings for
// waivers that are wrong or unused.
func (w Waivers) Apply(outcomes []Outcome) []finding.Finding {
	byRule := map[RuleID][]finding.Equivalent{}
	used := make([]bool, len(w.list))
	for i, o := range outcomes {
		if i > 0 && outcomes[i-1].Of == o.Of {
			continue
		}
		for n, x := range w.list {
			if x.Rule == o.Of.Name && (x.Group == "" || x.Group == o.Of.Group) {
				byRule[o.Of] = append(byRule[o.Of], finding.Equivalent{Mutant: x.Mutant, Why: x.Reason})
				used[n] = true
			}
		}
	}
	var out []finding.Finding
	for _, f := range Waive(outcomes, byRule) {
		if f.Code != TooWaived { // the score shows it
			out = append(out, f)
		}
	}
	for i := range outcomes {
		o := &outcomes[i]
		if o.Waived != "" && o.told {
			out = append(out, o.finding(FalseWaive, fmt.Sprintf("%s is waived (%s), but a world distinguishes it from the rule: --suggest shows the test", o.Name(), o.Waived)))
			o.Waived = ""
		}
	}
	for n, x := range w.list {
		if !used[n] {
			out = append(out, finding.Finding{Code: StaleWaive, File: w.path, Where: fmt.Sprintf("waiver of %q", x.Rule), Text: x.Mutant, To: len(x.Mutant),
				Reason: "no rule of that name has mutants: correct the name, or delete the waiver"})
		}
	}
	return out
}
