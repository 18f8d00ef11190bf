package metrics

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics/desc"
)

// The expositions of well-known programs, recorded from the programs by "make
// exporters": PROGRAM.prom or PROGRAM@VERSION.prom.
//
//go:embed exporters/*.prom
var recorded embed.FS

// recording is one recorded exposition.
type recording struct{ program, version, file string }

// recordings lists the recorded expositions, the newest version of a program
// first.
var recordings = sync.OnceValue(func() []recording {
	files, err := recorded.ReadDir("exporters")
	if err != nil {
		panic(err) // the folder is embedded
	}
	var out []recording
	for _, f := range files {
		program, version, _ := strings.Cut(strings.TrimSuffix(f.Name(), ".prom"), "@")
		out = append(out, recording{program, version, "exporters/" + f.Name()})
	}
	slices.SortFunc(out, func(a, b recording) int {
		return cmp.Or(cmp.Compare(a.program, b.program), -compareVersions(a.version, b.version))
	})
	return out
})

// compareVersions orders "0.9" before "0.17".
func compareVersions(a, b string) int {
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		return cmp.Compare(number(x), number(y))
	})
}

// parsed holds the descriptions of the requested recordings.
var parsed sync.Map // file → []Desc

// Exporters returns the recorded metrics of programs by name: "node_exporter",
// or one version of it, "postgres_exporter@0.17". Without a version it returns
// the newest.
//
// A name that is not one of [Programs] yields a description with a
// [desc.Desc.Problem].
func Exporters(names ...string) []Desc {
	var out []Desc
	for _, name := range names {
		out = append(out, exporter(name)...)
	}
	return out
}

func exporter(name string) []Desc {
	program, version, _ := strings.Cut(name, "@")
	i := slices.IndexFunc(recordings(), func(r recording) bool {
		return r.program == program && (version == "" || version == r.version || strings.HasPrefix(r.version, version+"."))
	})
	if i < 0 {
		return []Desc{desc.Mistake(finding.Finding{
			Code: finding.UnknownProgram, Where: fmt.Sprintf("exporter %q", name),
			Reason: fmt.Sprintf("no exposition of this program is recorded (there are %s): give one with metrics.Exposition", strings.Join(known(), ", ")),
		})}
	}
	r := recordings()[i]
	if descs, ok := parsed.Load(r.file); ok {
		return slices.Clone(descs.([]Desc))
	}
	data, err := recorded.ReadFile(r.file)
	if err != nil {
		panic(err) // recordings lists embedded files only
	}
	descs := describe(string(data), true)
	for i := range descs {
		descs[i].Program = program
	}
	parsed.Store(r.file, descs)
	return slices.Clone(descs)
}

// known lists the names that Exporters accepts, with the versions.
func known() []string {
	var out []string
	for _, r := range recordings() {
		if r.version != "" {
			out = append(out, r.program+"@"+r.version)
		} else {
			out = append(out, r.program)
		}
	}
	return out
}

// Programs returns the names of the programs whose metrics are recorded,
// sorted and without versions.
func Programs() []string {
	var out []string
	for _, r := range recordings() {
		out = append(out, r.program)
	}
	return slices.Compact(out)
}

// DefaultPort returns the default port on which a program of [Programs] serves
// its metrics.
func DefaultPort(program string) (port int, known bool) {
	port, known = map[string]int{
		"alertmanager": 9093, "node_exporter": 9100, "postgres_exporter": 9187, "prometheus": 9090,
	}[program]
	return port, known
}

// Scraping describes the series that Prometheus itself adds for each target.
func Scraping() []Desc {
	return []Desc{
		{Name: "up", Type: Gauge, Unit: Bool, Help: "1 when the target answered the last scrape, else 0."},
		{Name: "scrape_duration_seconds", Type: Gauge, Unit: Seconds, Help: "How long the last scrape took."},
		{Name: "scrape_samples_scraped", Type: Gauge, Help: "Samples that the target exposed."},
		{Name: "scrape_samples_post_metric_relabeling", Type: Gauge, Help: "Samples that were kept after relabelling."},
		{Name: "scrape_series_added", Type: Gauge, Help: "About how many series were new in this scrape."},
	}
}
