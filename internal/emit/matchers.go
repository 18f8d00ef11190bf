package emit

import (
	"fmt"
	"sync"

	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/promslog"
)

// AsAlertmanager makes Alertmanager's packages read matchers as a running
// Alertmanager does: names of labels may hold any UTF-8. Without it they read
// the classic syntax alone.
var AsAlertmanager = sync.OnceFunc(func() {
	compat.InitFromFlags(promslog.NewNopLogger(), featurecontrol.NoopFlags{})
})

// Matchers parses a list of matchers as a running Alertmanager does:
// severity="page", team=~"a|b". An empty text has none.
func Matchers(text string) (labels.Matchers, error) {
	AsAlertmanager()
	if text == "" {
		return nil, nil
	}
	list, err := compat.Matchers(text, "preflight")
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return list, nil
}

// texts returns matchers as alertmanager.yml has them.
func matcherTexts(ms labels.Matchers) []string {
	var out []string
	for _, m := range ms {
		out = append(out, m.String())
	}
	return out
}
