package codegen_test

import (
	"testing"

	"github.com/alertnative/preflight/routing"
)

// Mistakes in the file of others are counted apart. A subtree by Raw is the
// site's own.
func TestMistakesInTheFileOfOthers(t *testing.T) {
	t.Parallel()
	s := queueSite()
	ofOthers()(&s)
	s.Routing.Route.Routes = []routing.Route{routing.Raw(`{matchers: [sev="amber", team="mq"], group_wait: 2m}`)}
	s.Routing.Promises = []routing.Promise{{Match: `sev="red"`, Receiver: "mq", Within: "6m"}}
	_, stdout, stderr := generate(t, s, "mutate", "--floor=0")
	contains(t, stdout+stderr, "of other people: promises notice ", " mistakes in Routing.YAML\n", `no test: routing, {sev="amber",team="mq"}`)
	lacks(t, stdout+stderr, `no test: routing, {env="dev"`, `routing, the default route`)
}
