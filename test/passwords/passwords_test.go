// Package passwords holds only a test: the check Secrets judges passwords as
// zxcvbn does, which knows ten times as many words.
package passwords

import (
	"os"
	"strings"
	"testing"

	"github.com/trustelem/zxcvbn"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks"
)

// weak is the number of guesses below which zxcvbn counts as a verdict of weak.
// The two count random letters differently, so their limits differ.
const weak = 1e14

func TestVerdicts(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/passwords.txt")
	if err != nil {
		t.Fatal(err)
	}
	config, err := checker.ParseConfig("preflight.yml", []byte("secrets: {required: [S]}"), checks.Shipped()...)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[bool]int{}
	for password := range strings.Lines(string(data)) {
		password = strings.TrimSuffix(password, "\n")
		env := config.Env("paper", func(name string) (string, bool) { return password, name == "S" })
		found := judge(t, config, env)
		if found == "placeholder" { // found first
			found = "weak"
		}
		want := zxcvbn.PasswordStrength(password, nil).Guesses < weak
		if (found == "weak") != want {
			t.Errorf("%s: %q, and zxcvbn calls it weak: %v", password, found, want)
		}
		verdicts[want]++
	}
	if verdicts[true] < 100 || verdicts[false] < 40 {
		t.Errorf("%v: too few of one verdict", verdicts)
	}
}

// judge returns the reason of the check Secrets, or "" if it passes.
func judge(t *testing.T, config checker.Config, env checker.Env) string {
	t.Helper()
	for _, check := range config.Checks() {
		if check.Spec().Name == "Secrets" {
			return check.Run(t.Context(), env.For(check))[0].Reason
		}
	}
	t.Fatal("there is no check Secrets")
	return ""
}
