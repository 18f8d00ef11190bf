package emit

import (
	"github.com/prometheus/alertmanager/timeinterval"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/routing"
)

// TimeInterval returns a time interval in Alertmanager's form.
func TimeInterval(i routing.TimeInterval) (timeinterval.TimeInterval, error) {
	var out timeinterval.TimeInterval
	list, err := intervals([]routing.TimeInterval{i})
	if err != nil {
		return out, err
	}
	text, err := yaml.Marshal(list[0].Ranges[0])
	if err != nil {
		return out, err
	}
	return out, yaml.Unmarshal(text, &out)
}
