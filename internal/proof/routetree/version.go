package routetree

import (
	"runtime/debug"
	"strings"
	"sync"
)

// testedVersion is the version of Alertmanager in go.mod. The build information
// of a test binary has no module versions.
const testedVersion = "0.35.0"

// Version returns the version of Alertmanager whose code is linked.
var Version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return testedVersion
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/prometheus/alertmanager" && m.Replace == nil {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return testedVersion
})
