package definitions

import (
	"io"
	"net/url"
	"strings"

	tmplhtml "html/template"
	tmpltext "text/template"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/emit/amfile"
)

// expander expands texts as Alertmanager does. Alertmanager parses a text and
// copies all templates for each expansion; the expander does so once a text.
type expander struct {
	*template.Template
	text *tmpltext.Template
	html *tmplhtml.Template

	trees trees // of the user's templates
}

func newExpander() (*expander, error) {
	x := &expander{}
	var err error
	x.Template, err = template.FromGlobs(nil, func(text *tmpltext.Template, html *tmplhtml.Template) { x.text, x.html = text, html })
	if err == nil {
		x.ExternalURL = &url.URL{Scheme: "http", Host: "alertmanager"}
	}
	return x, err
}

// compile returns a function that expands a text.
func (x *expander) compile(m amfile.Message) (func(*template.Data) (string, error), error) {
	var now *template.Data
	funcs := map[string]any{"routeLabels": func(name string) (string, error) { return x.RouteLabelRenderer(now)(name) }}
	var execute func(io.Writer, any) error
	if m.HTML {
		all, err := x.html.Clone()
		if err != nil {
			return nil, err
		}
		parsed, err := all.New("").Option("missingkey=zero").Funcs(funcs).Parse(m.Text)
		if err != nil {
			return nil, err
		}
		execute = parsed.Execute
	} else {
		all, err := x.text.Clone()
		if err != nil {
			return nil, err
		}
		parsed, err := all.New("").Option("missingkey=zero").Funcs(funcs).Parse(m.Text)
		if err != nil {
			return nil, err
		}
		execute = parsed.Execute
	}
	return func(d *template.Data) (string, error) {
		now = d
		var b strings.Builder
		err := execute(&b, d)
		return b.String(), err
	}, nil
}
