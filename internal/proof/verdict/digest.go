package verdict

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// schema is the version of this program's part of the evaluation. Increment it
// after a change of [ruletest] that can change a verdict.
const schema = 2

// digest identifies a test with its rules and the version of the engine. An
// empty digest is never cached.
type digest string

// newDigest returns the digest of a test. rules is the result of encodeRules.
func newDigest(engine string, rules []byte, file testfile.File) digest {
	text, err := json.Marshal(plain(file))
	if rules == nil || err != nil {
		return ""
	}
	return digestOf([]byte(engine), rules, text)
}

// inputDigest returns the digest of any values and of tests.
func inputDigest(engine string, input []any, tests []testfile.File) digest {
	for _, f := range tests {
		for _, t := range f.Tests {
			one := f
			one.Tests = []testfile.Test{t}
			input = append(input, plain(one))
		}
	}
	text, err := json.Marshal(input)
	if err != nil {
		return ""
	}
	return digestOf([]byte(engine), text)
}

func digestOf(parts ...[]byte) digest {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:", len(part))
		h.Write(part)
	}
	return digest(hex.EncodeToString(h.Sum(nil)[:16]))
}

// encodeRules returns the text of the rules that the tests of a case load, or
// nil if they cannot be encoded.
func encodeRules(c *Case) []byte {
	text, err := json.Marshal(c.Groups)
	if err != nil {
		return nil
	}
	return text
}

// plain returns the parts of the file that determine its verdict. Numbers
// become text, because JSON has no NaN.
func plain(f testfile.File) any {
	type expr struct {
		testfile.ExprCase
		Expected []string
	}
	var exprs []expr
	test := f.Tests[0]
	for _, c := range test.Exprs {
		e := expr{ExprCase: c}
		e.ExprCase.Expected = nil
		for _, s := range c.Expected {
			e.Expected = append(e.Expected, fmt.Sprintf("%q %v %q", s.Labels, s.Value, s.Histogram))
		}
		exprs = append(exprs, e)
	}
	test.Exprs = nil
	return []any{f.EvaluationInterval, f.GroupEvalOrder, f.FuzzyCompare, test, exprs}
}

// builtEngine returns the versions of all modules that affect a verdict. It is
// empty if they are unknown, as in a test binary.
var builtEngine = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path != "github.com/prometheus/prometheus" {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		if m.Version == "" {
			return "" // a local folder, whose content may change
		}
		return fmt.Sprintf("schema %d, %s@%s, %s", schema, m.Path, m.Version, runtime.Version())
	}
	return ""
})
