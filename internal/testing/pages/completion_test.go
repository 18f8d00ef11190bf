package pages_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// testCompletion tests the completion in docs/reference/commands.md with bash:
// each program completes commands, flags and values.
func testCompletion(t *testing.T, bin string) {
	for _, c := range []struct{ program, words, want string }{
		{"preflight", "ga", "gate"},
		{"preflight", "gate --ma", "--max-age"},
		{"preflight", "--real", "--real-check"},
		{"preflight-gen", "l", "lint"},
		{"preflight-gen", "lint --format s", "sarif"},
		{"preflight-gen", "''", "help generate test lint mutate explain"},
		{"preflight-webhook", "re", "render"},
		{"preflight-webhook", "render --la", "--language"},
		{"preflight-stack", "d", "demo"},
		{"preflight-stack", "up --po", "--ports"},
	} {
		line := c.program + " " + c.words
		cmd := exec.Command("bash", "-c", `eval "$(`+c.program+` --completion-script-bash)"
COMP_WORDS=(`+line+`)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_`+c.program+`_bash_autocomplete
echo "${COMPREPLY[*]}"`)
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != c.want {
			t.Errorf("%s: completed to %q, want %q (%v)", line, got, c.want, err)
		}
		cmd = exec.Command(bin+"/"+c.program, "--completion-script-zsh")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "#compdef "+c.program+"\n") {
			t.Errorf("%s: the script for zsh starts with %.40q (%v)", c.program, out, err)
		}
	}
}
