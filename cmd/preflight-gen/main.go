// Command preflight-gen writes the generated files of the shipped pack, and of
// the checks that the preflight.yml in this folder adds to it.
package main

import (
	"fmt"
	"os"

	"github.com/alertnative/preflight/codegen"
)

func main() {
	pack, err := codegen.ReadPreflight("preflight.yml")
	if err != nil {
		fmt.Fprintf(os.Stderr, "preflight-gen: %v\n", err)
		os.Exit(2)
	}
	os.Exit(codegen.Main(pack, os.Args[1:], os.Stdout, os.Stderr))
}
