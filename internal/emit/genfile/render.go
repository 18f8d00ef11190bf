package genfile

import (
	"bytes"
	"maps"
	"strings"
	"text/template"
	"time"

	"github.com/prometheus/common/model"
)

// Render executes a template. It adds the functions wait, which formats a
// duration, join, which joins a list, and inc, which adds one.
func Render(name, text string, funcs template.FuncMap, data any) ([]byte, error) {
	all := template.FuncMap{
		"wait": func(d time.Duration) string { return model.Duration(d).String() },
		"join": func(list []string) string { return strings.Join(list, ", ") },
		"inc":  func(i int) int { return i + 1 },
	}
	maps.Copy(all, funcs)
	tmpl, err := template.New(name).Funcs(all).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
