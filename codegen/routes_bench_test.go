package codegen

import "testing"

// BenchmarkProveRoutes holds the shipped routing against its promises, and
// writes the page and the tests of it: all that proving routes adds to a
// generation.
func BenchmarkProveRoutes(b *testing.B) {
	pack := Preflight().sorted()
	checker, err := pack.checker()
	if err != nil {
		b.Fatal(err)
	}
	alerts, _ := pack.findings(checker, pack.context(pack.Endpoints))
	for b.Loop() {
		proved, findings, err := pack.proveRoutes(pack.Endpoints, alerts)
		if err != nil || len(findings) > 0 {
			b.Fatal(findings, err)
		}
		if _, err := proved.page(); err != nil {
			b.Fatal(err)
		}
		proved.tests()
	}
}
