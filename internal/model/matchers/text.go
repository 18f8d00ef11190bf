package matchers

import (
	"slices"
	"sort"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

// Text returns a matcher in the syntax of alertmanager.yml. The String method
// of labels.Matcher writes the escapes of Go for some names, which Alertmanager
// reads literally.
func Text(m *labels.Matcher) string {
	name := m.Name
	if !model.LegacyValidation.IsValidLabelName(name) {
		name = quote(name)
	}
	return name + m.Type.String() + quote(m.Value)
}

// Texts returns each matcher of a list as [Text] does.
func Texts(list labels.Matchers) []string {
	var out []string
	for _, m := range list {
		out = append(out, Text(m))
	}
	return out
}

// Name returns matchers in braces, as they name a route: {severity="page"}. Their
// order is that of Alertmanager.
func Name(list labels.Matchers) string {
	list = slices.Clone(list)
	sort.Sort(list)
	return "{" + strings.Join(Texts(list), ",") + "}"
}

// escapes are those on which both parsers of Alertmanager agree.
var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func quote(text string) string { return `"` + escapes.Replace(text) + `"` }
