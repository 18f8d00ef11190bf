// Package matchers parses matchers as a running Alertmanager does.
package matchers

import (
	"fmt"
	"sync"

	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/promslog"
)

// AsAlertmanager makes Alertmanager's packages parse matchers as a running
// Alertmanager does: names of labels may be any UTF-8. By default they accept
// only the classic syntax.
var AsAlertmanager = sync.OnceFunc(func() {
	compat.InitFromFlags(promslog.NewNopLogger(), featurecontrol.NoopFlags{})
})

// Parse parses a list of matchers as a running Alertmanager does:
// severity="page", team=~"a|b". An empty text has none.
func Parse(text string) (labels.Matchers, error) {
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
