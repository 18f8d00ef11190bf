package spec_test

import (
	"fmt"
	"os"
	"path/filepath"

	shipped "github.com/alertnative/preflight/checks/spec"
)

func ExampleShipped() {
	for _, s := range shipped.Shipped() {
		fmt.Printf("%s: %d reasons\n", s.Name, len(s.Reasons))
	}
	// Output:
	// Environment: 6 reasons
	// Secrets: 7 reasons
	// Live Safety: 7 reasons
	// Database: 36 reasons
	// Exchange Health: 24 reasons
	// Open Positions: 40 reasons
	// Git Safety: 21 reasons
	// Migrations: 19 reasons
}

// The generator reads the names of declared checks from preflight.yml.
func ExampleDeclared() {
	file := filepath.Join(os.TempDir(), "preflight-example.yml")
	if err := os.WriteFile(file, []byte("checks: [{name: Order Router, http: {url: 'http://router/health'}}]\n"), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file)
	specs, err := shipped.Declared(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %s\n", specs[0].Name, specs[0].Looks)
	// Output: Order Router: http://router/health answers as expected
}
