package mutate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/prometheus/prometheus/model/rulefmt"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

// ReadFiles reads rule files and promtool tests, which it distinguishes by
// their keys. It returns the tests with the rules that they load, and a
// function that reports whether to mutate a rule: the rules of the named rule
// files, or all rules if there is none.
func ReadFiles(paths []string) ([]Proof, func(RuleID) bool, error) {
	var ruleFiles []string
	var proofs []Proof
	for _, path := range paths {
		isRules, err := holdsRules(path)
		if err != nil {
			return nil, nil, err
		}
		if isRules {
			abs, err := filepath.Abs(path)
			if err != nil {
				return nil, nil, err
			}
			ruleFiles = append(ruleFiles, abs)
			continue
		}
		proof, err := readProof(path)
		if err != nil {
			return nil, nil, err
		}
		proofs = append(proofs, proof)
	}
	if len(proofs) == 0 {
		return nil, nil, errors.New("no tests: add promtool's test files to the arguments")
	}
	for _, file := range ruleFiles {
		if !slices.ContainsFunc(proofs, func(p Proof) bool {
			return slices.ContainsFunc(p.Groups, func(g Group) bool { return g.File == file })
		}) {
			return nil, nil, fmt.Errorf("%s: no test loads it: add the tests whose rule_files name it", file)
		}
	}
	return proofs, func(id RuleID) bool { return len(ruleFiles) == 0 || slices.Contains(ruleFiles, id.File) }, nil
}

// holdsRules distinguishes a rule file from a test by its first key.
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
		return false, fmt.Errorf("%s: not a rule file (no groups) and not a promtool test (no tests)", path)
	}
	return groups, nil
}

func readProof(path string) (Proof, error) {
	file, err := testfile.Read(path)
	if err != nil {
		return Proof{}, err
	}
	suites, err := ruletest.Load(file)
	if err != nil {
		return Proof{}, err
	}
	loads, err := file.Loads()
	if err != nil {
		return Proof{}, err
	}
	proof := Proof{Suites: suites}
	for _, load := range loads {
		abs, err := filepath.Abs(load)
		if err != nil {
			return Proof{}, err
		}
		data, err := os.ReadFile(abs)
		if err != nil {
			return Proof{}, err
		}
		var parsed rulefmt.RuleGroups
		if err := yaml.Unmarshal(data, &parsed); err != nil {
			return Proof{}, fmt.Errorf("%s: %w", abs, err)
		}
		for _, g := range parsed.Groups {
			proof.Groups = append(proof.Groups, Group{File: abs, RuleGroup: g})
		}
	}
	return proof, nil
}
