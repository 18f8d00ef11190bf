package codegen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/prometheus/model/rulefmt"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/routing"
)

// mutation is the command that prints the mutation score of the pack's rule
// tests and routes, or of files, and what survived.
type mutation struct {
	name  string
	files *[]string
	floor *float64
}

func newMutation(app *kingpin.Application) mutation {
	cmd := app.Command("mutate", "Make one mistake at a time in the rules and routes and run their tests: show the mistakes that no test notices.")
	return mutation{
		name:  cmd.FullCommand(),
		files: cmd.Arg("files", "Rule files and promtool tests of them, instead of the pack's. Without a rule file, all that the tests load.").Strings(),
		floor: cmd.Flag("floor", "Exit 1 when the score is below this, in percent.").Default("100").Float64(),
	}
}

func (m mutation) run(ctx context.Context, sites []preflight.Site, stdout, stderr io.Writer) (int, error) {
	start := time.Now()
	var outcomes []mutate.Outcome
	var waivers map[mutate.RuleID][]finding.Equivalent
	var err error
	if len(*m.files) > 0 {
		outcomes, err = mutateFiles(*m.files)
	} else {
		waivers = map[mutate.RuleID][]finding.Equivalent{}
		for _, s := range sites {
			p, err := prove(ctx, s, proofOptions{})
			if err != nil {
				fmt.Fprintln(stderr, located(err))
				return exitFindings, nil
			}
			of, excuses, err := p.mutate()
			if err != nil {
				return exitBroken, err
			}
			outcomes = append(outcomes, of...)
			maps.Copy(waivers, excuses)
		}
	}
	if err != nil {
		return exitBroken, err
	}
	wrong := mutate.Waive(outcomes, waivers)
	for _, f := range wrong {
		fmt.Fprintln(stdout, f)
	}
	result := mutate.Count(outcomes)
	result.Print(stdout, outcomes, time.Since(start))
	if len(wrong) > 0 || result.All.Score() < *m.floor || *m.floor > 0 && len(result.Untested) > 0 {
		fmt.Fprintf(stderr, "preflight-gen: %d mistakes would go unnoticed, %d %s have no test, %d waivers are wrong\n",
			result.All.Survivors(), len(result.Untested), result.Noun(), len(wrong))
		return exitFindings, nil
	}
	return exitClean, nil
}

// mutate makes the mutants of the site's rules and routes. Those of an urgent
// alert, and of a loud one, must be noticed by the scenarios that a person
// wrote, those of a route by the promises.
func (p *proved) mutate() ([]mutate.Outcome, map[mutate.RuleID][]finding.Equivalent, error) {
	var proofs []mutate.Proof
	for _, g := range p.Groups {
		list, err := p.Rules(g)
		if err != nil {
			return nil, nil, err
		}
		proof := mutate.Proof{Groups: []mutate.Group{{File: rulePath(g), RuleGroup: rulefmt.RuleGroup{Name: g.Name, Rules: list}}}}
		for _, t := range p.proofs {
			if t.covered.Group != g.Name {
				continue
			}
			for _, file := range p.judges(t) {
				suites, err := ruletest.Load(file)
				if err != nil {
					return nil, nil, err
				}
				proof.Suites = append(proof.Suites, suites...)
			}
		}
		proofs = append(proofs, proof)
	}
	outcomes, err := mutate.Score(proofs, func(mutate.RuleID) bool { return true })
	if err != nil {
		return nil, nil, err
	}
	waivers := p.waivers(outcomes)
	ofRoutes, more, err := p.Routes.Mutate()
	maps.Copy(waivers, more)
	return append(outcomes, ofRoutes...), waivers, err
}

// waivers are those of each rule that has mutants.
func (p *proved) waivers(outcomes []mutate.Outcome) map[mutate.RuleID][]finding.Equivalent {
	type key struct{ group, name string }
	byName := map[key][]finding.Equivalent{}
	for g, r := range p.Context.Records {
		byName[key{g.Name, r.Name}] = r.Equivalents
	}
	for g, a := range p.Context.Alerts {
		list := slices.Clone(a.Equivalents)
		if a.HoldWhileDown != "" {
			list = append(list, finding.Equivalent{Mutant: "group → count", Why: "ALERTS is read for its labels only, its value is not"})
		}
		byName[key{g.Name, a.Name}] = list
	}
	out := map[mutate.RuleID][]finding.Equivalent{}
	for _, o := range outcomes {
		if out[o.Of] == nil {
			out[o.Of] = append(out[o.Of], byName[key{o.Of.Group, o.Of.Name}]...)
		}
		if o.By == nil && p.givesLabel(o) {
			out[o.Of] = append(out[o.Of], finding.Equivalent{Mutant: o.Name(), Why: "the expression gives every instance this label already"})
		}
	}
	return out
}

// givesLabel reports whether a mutant drops a label that the instances have from
// their expression too: the environment of a rule for one, say.
func (p *proved) givesLabel(o mutate.Outcome) bool {
	name, value, isLabel := strings.Cut(o.From, ": ")
	if o.Kind != "labels" || o.To != "" || !isLabel {
		return false
	}
	for g, a := range p.Context.Alerts {
		if g.Name != o.Of.Group || a.Name != o.Of.Name {
			continue
		}
		for _, cond := range p.Conditions(g, a, false) {
			t, _ := p.Checker.Expr("", cond.Expr)
			if cond.Labels[name] == value && t.Labels.Pinned(name) == value {
				return true
			}
		}
	}
	return false
}

// rulePath is where the rules of a group are.
func rulePath(g site.Group) string { return "prometheus/rules/" + g.Name + ".yml" }

// judges are the tests that must notice the mutants of a rule: of one whose
// messages ring, and of a recording rule that such a one reads, only the
// scenarios, because what is made from an expression proves little about it.
func (p *proved) judges(t proof) []testfile.File {
	rings := func(severity string) bool {
		level, _, ok := p.Level(severity)
		return ok && level.Sound == routing.Loud
	}
	for _, a := range p.Context.Alerts {
		if t.covered.Scenarios > 0 && (a.Name == t.covered.Name || slices.Contains(t.covered.ReadBy, a.Name)) && rings(a.Severity) {
			t.file.Tests = t.file.Tests[:t.covered.Scenarios]
			return []testfile.File{t.file}
		}
	}
	return t.all()
}

// mutateFiles makes the mutants of rule files that tests of promtool load.
func mutateFiles(paths []string) ([]mutate.Outcome, error) {
	var ruleFiles []string
	var proofs []mutate.Proof
	for _, path := range paths {
		isRules, err := holdsRules(path)
		if err != nil {
			return nil, err
		}
		if isRules {
			abs, err := filepath.Abs(path)
			if err != nil {
				return nil, err
			}
			ruleFiles = append(ruleFiles, abs)
			continue
		}
		proof, err := readProof(path)
		if err != nil {
			return nil, err
		}
		proofs = append(proofs, proof)
	}
	if len(proofs) == 0 {
		return nil, errors.New("no tests: name promtool's test files too")
	}
	for _, file := range ruleFiles {
		if !slices.ContainsFunc(proofs, func(p mutate.Proof) bool {
			return slices.ContainsFunc(p.Groups, func(g mutate.Group) bool { return g.File == file })
		}) {
			return nil, fmt.Errorf("%s: none of the tests loads it: name the tests that have it in rule_files", file)
		}
	}
	return mutate.Score(proofs, func(id mutate.RuleID) bool { return len(ruleFiles) == 0 || slices.Contains(ruleFiles, id.File) })
}

// holdsRules tells a rule file from a test by its first key.
func holdsRules(path string) (bool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	var keys map[string]yaml.Node
	if err := yaml.Unmarshal(data, &keys); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	_, groups := keys["groups"]
	_, tests := keys["tests"]
	if groups == tests {
		return false, fmt.Errorf("%s: neither a rule file (it has groups) nor a test of promtool (it has tests)", path)
	}
	return groups, nil
}

func readProof(path string) (mutate.Proof, error) {
	file, err := testfile.Read(path)
	if err != nil {
		return mutate.Proof{}, err
	}
	suites, err := ruletest.Load(file)
	if err != nil {
		return mutate.Proof{}, err
	}
	loads, err := file.Loads()
	if err != nil {
		return mutate.Proof{}, err
	}
	proof := mutate.Proof{Suites: suites}
	for _, load := range loads {
		abs, err := filepath.Abs(load)
		if err != nil {
			return mutate.Proof{}, err
		}
		data, err := os.ReadFile(abs)
		if err != nil {
			return mutate.Proof{}, err
		}
		var parsed rulefmt.RuleGroups
		if err := yaml.Unmarshal(data, &parsed); err != nil {
			return mutate.Proof{}, fmt.Errorf("%s: %w", abs, err)
		}
		for _, g := range parsed.Groups {
			proof.Groups = append(proof.Groups, mutate.Group{File: abs, RuleGroup: g})
		}
	}
	return proof, nil
}
