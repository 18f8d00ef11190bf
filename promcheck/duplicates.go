package promcheck

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/alertnative/preflight/finding"
)

// Duplicate is a finding about a duplicate rule.
type Duplicate struct {
	Rule    *Rule
	Finding finding.Finding
}

// Duplicates reports rules with the name, labels and expression of an earlier
// one. Of other files, only those in the same folder count, because folders may
// be of different servers. Files with many rules in common do not count either:
// a server loads one of them.
func (c *Checker) Duplicates(rules []*Rule) []Duplicate {
	var all []copied
	seen, size, common := map[string][]*Rule{}, map[string]int{}, map[[2]string]int{}
	for _, r := range rules {
		size[r.File]++
		if first := original(seen, r); first != nil {
			all = append(all, copied{first, r})
			common[[2]string{first.File, r.File}]++
		}
	}
	var out []Duplicate
	for _, d := range all {
		in := ""
		if d.first.File != d.again.File {
			n := common[[2]string{d.first.File, d.again.File}]
			if n > 1 && 2*n >= min(size[d.first.File], size[d.again.File]) {
				continue
			}
			in = " in " + d.first.File
		}
		out = append(out, Duplicate{d.again, finding.Finding{
			Code: finding.SameRule, Severity: finding.SameRule.Severity(), Where: d.again.Where, Part: "expr", Text: d.again.Expr, To: len(d.again.Expr),
			Reason: fmt.Sprintf("the same rule as %s%s: remove one of them", d.first.Where, in),
		}})
	}
	return out
}

// copied is a rule that is there again.
type copied struct{ first, again *Rule }

// original returns the first rule of which r is a copy, or nil, and records r.
func original(seen map[string][]*Rule, r *Rule) *Rule {
	key := r.Alert + "\x00" + r.Record + "\x00" + strings.Join(strings.Fields(r.Expr), " ") + "\x00" + fmt.Sprint(r.Labels)
	before := seen[key]
	seen[key] = append(before, r)
	for _, o := range before {
		if o.File == r.File && o.For == r.For || o.File != r.File && filepath.Dir(o.File) == filepath.Dir(r.File) {
			return o
		}
	}
	return nil
}
