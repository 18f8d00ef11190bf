package mutate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"golang.org/x/sync/errgroup"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

// Files are rule files and tests of promtool.
type Files struct {
	Proofs []Proof
	// Refused are the files that cannot be used. The others do not need them.
	Refused []Refusal
	// Notes are remarks about tests that promtool passes.
	Notes []string

	rules []string // the named rule files
}

// Refusal is a file that cannot be used, with the reason.
type Refusal struct {
	File string
	Err  error
}

// String returns the refusal in one line.
func (r Refusal) String() string {
	text := strings.ReplaceAll(r.Err.Error(), "\n", "; ")
	if strings.HasPrefix(text, r.File+":") {
		return text
	}
	return r.File + ": " + strings.Replace(text, r.File+": ", "", 1)
}

// Mutable reports whether to mutate a rule: the rules of the named rule files,
// or all rules if there is none.
func (f Files) Mutable(id RuleID) bool {
	return len(f.rules) == 0 || slices.Contains(f.rules, id.File)
}

// ReadFiles reads rule files and promtool tests, which it distinguishes by their
// keys, and runs the tests. A file that promtool refuses, or whose tests fail on
// the unchanged rules, is among the refused ones.
func ReadFiles(paths []string) Files {
	var f Files
	var tests []string
	for _, path := range paths {
		kind, err := fileKindOf(path)
		switch {
		case err != nil:
			f.refuse(path, err)
		case kind == ruleFile:
			if abs, err := filepath.Abs(path); err == nil && !slices.Contains(f.rules, abs) {
				f.rules = append(f.rules, abs)
			}
		case !slices.Contains(tests, path):
			tests = append(tests, path)
		}
	}
	f.read(tests)
	for _, file := range slices.Clone(f.rules) {
		if !slices.ContainsFunc(f.Proofs, func(p Proof) bool { return slices.Contains(p.Loads, file) }) {
			f.refuse(shown(file), errors.New("no test loads it: add a test file whose rule_files name it"))
		}
	}
	return f
}

func (f *Files) refuse(path string, err error) { f.Refused = append(f.Refused, Refusal{path, err}) }

// read reads test files and runs their tests, in parallel.
func (f *Files) read(tests []string) {
	proofs, errs := make([]Proof, len(tests)), make([]error, len(tests))
	work := errgroup.Group{}
	work.SetLimit(runtime.GOMAXPROCS(0))
	loader := ruletest.NewLoader()
	for i, path := range tests {
		work.Go(func() error {
			if proofs[i], errs[i] = readProof(loader, path); errs[i] == nil {
				j := newJudge(proofs[i])
				for _, s := range proofs[i].Suites {
					s.Share(j.groups(nil, nil))
				}
				errs[i] = baseline([]*judge{j})
			}
			return nil
		})
	}
	_ = work.Wait() // the workers return no error
	for i, path := range tests {
		if errs[i] != nil {
			f.refuse(path, errs[i])
			continue
		}
		f.Proofs = append(f.Proofs, proofs[i])
		f.note(path, proofs[i])
	}
}

// note adds remarks about the tests of a file.
func (f *Files) note(path string, p Proof) {
	if len(p.Suites) == 0 {
		f.Notes = append(f.Notes, path+": no tests in it")
	}
	for _, s := range p.Suites {
		if _, left := s.Lines(); left > 0 {
			f.Notes = append(f.Notes, fmt.Sprintf("%s: test %q: promtool ignores the last %d input series, because an empty line or a comment stands before them", path, s.Name, left))
		}
		for _, e := range testfile.Lookback(s.Test) {
			f.Notes = append(f.Notes, path+": "+e.String())
		}
	}
}

type fileKind int

const (
	testFile fileKind = iota
	ruleFile
)

// fileKindOf distinguishes a rule file from a test by the keys of its first
// document, as promtool reads only that. A file without content is a test
// without tests.
func fileKindOf(path string) (fileKind, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return testFile, err
	}
	var keys map[string]yaml.Node
	err = yaml.NewDecoder(bytes.NewReader(data)).Decode(&keys)
	if errors.Is(err, io.EOF) {
		return testFile, nil
	}
	if err != nil {
		return testFile, err
	}
	if _, groups := keys["groups"]; groups {
		return ruleFile, nil
	}
	for _, key := range []string{"tests", "rule_files", "evaluation_interval", "group_eval_order", "fuzzy_compare"} {
		if _, found := keys[key]; found {
			return testFile, nil
		}
	}
	if len(keys) == 0 {
		return testFile, nil
	}
	return testFile, errors.New("neither a rule file (no key groups) nor a test of promtool (no key tests)")
}

func readProof(loader *ruletest.Loader, path string) (Proof, error) {
	file, err := testfile.Read(path)
	if err != nil {
		return Proof{}, err
	}
	// By-hand tests judge first, so a suggested one counts only where it is
	// needed.
	slices.SortStableFunc(file.Tests, func(a, b testfile.Test) int { return rank(a) - rank(b) })
	suites, err := loader.Load(file)
	if err != nil {
		return Proof{}, err
	}
	loads, err := file.Loads()
	if err != nil {
		return Proof{}, err
	}
	proof := Proof{Suites: suites, Path: path, Order: file.GroupEvalOrder}
	for _, load := range loads {
		abs, err := filepath.Abs(load)
		if err != nil {
			return Proof{}, err
		}
		if slices.Contains(proof.Loads, abs) {
			continue
		}
		// The same checks as in promtool, so that both refuse the same files.
		parsed, errs := rulefmt.ParseFile(abs, false, model.UTF8Validation, ruletest.NewParser(), promslog.NewNopLogger())
		if len(errs) > 0 {
			return Proof{}, fmt.Errorf("a rule file cannot be loaded: %w", errors.Join(errs...))
		}
		proof.Loads = append(proof.Loads, abs)
		for _, g := range parsed.Groups {
			proof.Groups = append(proof.Groups, Group{File: abs, RuleGroup: g})
		}
	}
	return proof, nil
}

func rank(t testfile.Test) int {
	if t.Suggested {
		return 1
	}
	return 0
}

// shown returns a path relative to the working folder, if it is in it.
func shown(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}
