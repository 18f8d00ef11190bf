package serve

import (
	"bytes"
	"cmp"
	_ "embed"
	"html/template"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/version"

	"github.com/alertnative/preflight/checker"
)

//go:embed page.html
var pageHTML string

// pageTemplate is parsed on first use, because a single run never needs it.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"seconds": func(s float64) time.Duration {
			return time.Duration(s * float64(time.Second)).Round(100 * time.Microsecond)
		},
		"utc": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}).Parse(pageHTML))
})

// pageData is the content of the page.
type pageData struct {
	Env      string
	Every    model.Duration
	Reload   int               // seconds after which the browser loads the page again
	Evidence *checker.Evidence // evidence of the last run; nil before the first
	Strip    func(check string) []cell
	Version  string
}

// reload returns the seconds between two loads of the page. A run is seen soon,
// and a short interval does not make the page flicker.
func reload(every time.Duration) int {
	return int(max(5*time.Second, min(every, time.Minute)).Seconds())
}

// page serves the result of the last run.
func (s *service) page(w http.ResponseWriter, _ *http.Request) {
	data := pageData{
		Env: s.loop.Env(), Every: model.Duration(s.loop.Every()), Reload: reload(s.loop.Every()), Strip: s.runs.strip, Version: cmp.Or(version.Version, "devel"),
	}
	if last := s.last.Load(); last != nil {
		data.Evidence = last
	}
	var b bytes.Buffer
	if err := pageTemplate().Execute(&b, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = b.WriteTo(w)
}
