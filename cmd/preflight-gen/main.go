// Command preflight-gen proves the shipped site and writes its files.
package main

import (
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/site"
)

func main() { codegen.Main(site.Site()) }
