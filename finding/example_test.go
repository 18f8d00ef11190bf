package finding_test

import (
	"fmt"

	"github.com/alertnative/preflight/finding"
)

func ExampleFinding() {
	f := finding.Finding{
		Code: finding.UnknownMetric, Where: `alert "TargetDown"`, Part: "expr",
		Text: "upp == 0", From: 0, To: 3,
		Reason: `no metric "upp" in the catalogue`, Suggestion: `"up"`,
	}
	fmt.Println(f)
	// Output:
	// alert "TargetDown", expr: PQ002: no metric "upp" in the catalogue
	//     upp == 0
	//     ^^^
	//     did you mean "up"?
}
