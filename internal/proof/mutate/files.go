package mutate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/prometheus/prometheus/model/rulefmt"
	"gopkg.in/yaml.v3"
)

// ReadFiles reads rule files and promtool tests of them, told apart by their
// keys. It returns the tests with the rules that they load, and says which rules
// are to be mutated: those of the rule files, or all where none is named.
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
		return nil, nil, errors.New("no tests: name promtool's test files too")
	}
	for _, file := range ruleFiles {
		if !slices.ContainsFunc(proofs, func(p Proof) bool {
			return slices.ContainsFunc(p.Groups, func(g Group) bool { return g.File == file })
		}) {
			return nil, nil, fmt.Errorf("%s: none of the tests loads it: name the tests that have it in rule_files", file)
		}
	}
	return proofs, func(id RuleID) bool { return len(ruleFiles) == 0 || slices.Contains(ruleFiles, id.File) }, nil
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
