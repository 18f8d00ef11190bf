package mutate

import (
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/finding"
)

// maxWaived is the largest share of mutants that may be waived, in percent.
const maxWaived = 5

// Waive marks the survivors that waivers excuse. It first checks that a waived
// mutant gives the same result as its rule on random series, or as its route
// for every alert. It returns findings for waivers that are wrong or unused,
// and for too many of them.
func Waive(outcomes []Outcome, waivers map[RuleID][]finding.Equivalent) []finding.Finding {
	differs := make([]string, len(outcomes))
	excuse := make([]*finding.Equivalent, len(outcomes))
	used := map[RuleID]map[string]bool{}
	work := errgroup.Group{}
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, o := range outcomes {
		at := slices.IndexFunc(waivers[o.Of], func(w finding.Equivalent) bool { return w.Mutant == o.Name() })
		if o.By != nil || at < 0 {
			continue
		}
		excuse[i] = &waivers[o.Of][at]
		if used[o.Of] == nil {
			used[o.Of] = map[string]bool{}
		}
		used[o.Of][o.Name()] = true
		work.Go(func() error {
			differs[i] = o.differs()
			return nil
		})
	}
	_ = work.Wait() // the workers return no error
	var out []finding.Finding
	for i := range outcomes {
		switch {
		case excuse[i] == nil:
		case differs[i] == "":
			outcomes[i].Waived = excuse[i].Why
		default:
			out = append(out, outcomes[i].finding(FalseWaive, fmt.Sprintf("%s is waived (%s), but is not the same: %s", outcomes[i].Name(), excuse[i].Why, differs[i])))
		}
	}
	out = append(out, stale(outcomes, waivers, used)...)
	if all := Count(outcomes).All; all.Waived*100 > maxWaived*all.Mutants {
		out = append(out, finding.Finding{Code: TooWaived, Where: "all mutants",
			Reason: fmt.Sprintf("%d of %d are waived, more than %d %%: write scenarios, or simpler rules and routes", all.Waived, all.Mutants, maxWaived)})
	}
	return out
}

// stale returns findings for waivers that excuse no survivor.
func stale(outcomes []Outcome, waivers map[RuleID][]finding.Equivalent, used map[RuleID]map[string]bool) []finding.Finding {
	var out []finding.Finding
	for i, o := range outcomes {
		if i > 0 && o.Of == outcomes[i-1].Of {
			continue
		}
		for _, w := range waivers[o.Of] {
			if !used[o.Of][w.Mutant] {
				out = append(out, finding.Finding{Code: StaleWaive, Where: fmt.Sprintf("%s, waiver", o.Of), Text: w.Mutant, To: len(w.Mutant),
					Reason: "no mutant of that name survives: delete the waiver"})
			}
		}
	}
	return out
}
