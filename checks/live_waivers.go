package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks/internal/declared"
	shipped "github.com/alertnative/preflight/checks/spec"
)

// risk is a property of an address that a live environment should not accept.
type risk string

// The risks are reasons of the checks that use the address.
const (
	riskOtherHost  risk = "other_host"     // of an exchange
	riskPlainText  risk = "plain_text"     // the connection may be readable on the way
	riskUnverified risk = "unverified_tls" // the server may be another one
)

// liveWaivers lists risks that the live environments accept.
type liveWaivers []liveWaiver

// liveWaiver accepts a risk of one address.
type liveWaiver struct {
	Of     string `yaml:"of"` // variable of the address, or its host
	Risk   risk   `yaml:"risk"`
	Reason string `yaml:"reason"`
}

func (l liveWaivers) Problems(checker.Env) (problems []checker.Problem) {
	risks := []risk{riskOtherHost, riskPlainText, riskUnverified}
	for i, w := range l {
		switch {
		case !declared.VariableName().MatchString(w.Of) && strings.ContainsAny(w.Of, " /@") || w.Of == "":
			problems = append(problems, wrong("name the variable with the address, such as POSTGRES_DSN, or a host without its port", i, "of"))
		case !slices.Contains(risks, w.Risk):
			problems = append(problems, wrong(fmt.Sprintf("%q is none of %v", w.Risk, risks), i, "risk"))
		case strings.TrimSpace(w.Reason) == "":
			problems = append(problems, wrong("give the reason to accept this", i, "reason"))
		}
	}
	return problems
}

// reason returns why a risk of an address is accepted, or "".
func (l liveWaivers) reason(a riskyAddress) string {
	for _, w := range l {
		named := slices.ContainsFunc(a.names, func(name string) bool { return strings.EqualFold(name, w.Of) })
		if w.Risk == a.risk && named {
			return w.Reason
		}
	}
	return ""
}

// waiversIn returns the waivers in the configuration.
func waiversIn(env checker.Env) liveWaivers {
	return onceInRun(env, func() (l liveWaivers) {
		_ = env.Section(shipped.LiveWaivers, &l) // the command reports the error
		return l
	})
}

// riskyAddress is the address of a target, with a risk.
type riskyAddress struct {
	target string
	names  []string // by which a waiver names it: variable and host
	risk   risk
	detail string
}

// addressed is an observer that uses addresses. It returns those with risks.
type addressed interface{ addresses() []riskyAddress }

// trusted turns observations of a live environment that pass into warnings where
// an address has a risk that preflight.yml does not waive. To other warnings it
// adds the risk.
func trusted(env checker.Env, o any, observed []checker.Observation) []checker.Observation {
	user, ok := o.(addressed)
	if !ok || !env.Live {
		return observed
	}
	waivers := waiversIn(env)
	for _, a := range user.addresses() {
		i := slices.IndexFunc(observed, func(o checker.Observation) bool { return o.Target == a.target })
		if i < 0 || observed[i].Status == checker.Fail || observed[i].Status == checker.Skip {
			continue
		}
		if why := waivers.reason(a); why != "" {
			observed[i].Detail = strings.TrimPrefix(observed[i].Detail+fmt.Sprintf("; %s is waived: %s", a.risk, why), "; ")
			continue
		}
		if observed[i].Status == checker.Warn {
			observed[i].Detail = strings.TrimPrefix(observed[i].Detail+"; "+a.detail, "; ")
			continue
		}
		observed[i].Status, observed[i].Reason, observed[i].Detail = checker.Warn, string(a.risk), a.detail
	}
	return observed
}
