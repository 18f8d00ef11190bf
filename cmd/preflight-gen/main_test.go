package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/alertnative/preflight/internal/golden"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"preflight-gen": main, "planted": planted})
}

// Each file of testdata is a session that a user could type.
func TestCommands(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata", UpdateScripts: golden.Update()})
}
