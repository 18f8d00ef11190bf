package site_test

import (
	"fmt"

	"github.com/alertnative/preflight/site"
)

func ExampleSite() {
	s := site.Site()
	for _, p := range s.Packs {
		fmt.Println(p.Name)
	}
	fmt.Println(s.Envs, s.Urgent)
	// Output:
	// trading
	// pipeline
	// [paper] [PreflightCheckFailed UrgentUndelivered]
}
