// Command preflight-gen writes the generated files of the shipped pack.
package main

import (
	"os"

	"github.com/alertnative/preflight/codegen"
)

func main() {
	os.Exit(codegen.Main(codegen.Preflight(), os.Args[1:], os.Stdout, os.Stderr))
}
