package message

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/markup"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/transport"
)

// Limits of the parts of a message, in UTF-16 code units. Together they leave
// room for one line of a list in every message.
const (
	maxTitle    = 200
	maxField    = 100
	maxSentence = 200
	maxSources  = 3
	maxLine     = 500
	shortLine   = 120 // in which the labels matter more than the text
	maxDetails  = 300
	maxAction   = 250
	maxActions  = 1000 // all of them
)

//go:embed templates/*.tmpl
var shipped embed.FS

// Options configure the look of messages. The zero value is English, in UTC.
type Options struct {
	Language string         // one of Languages
	Location *time.Location // of the times shown
	// Severities is the scale of the site. The zero value means
	// [config.Priorities].
	Severities config.Severities
	// Remedies stand below the lines of alerts whose label check and annotation
	// reason they name.
	Remedies config.Remedies
	// Templates is a folder whose files alert.tmpl, resolution.tmpl and
	// digest.tmpl replace the shipped ones of that name; they are
	// html/template over [Page], restricted to Telegram's tags. New refuses a
	// template that fails on sample alerts, or whose text Telegram would refuse.
	Templates string
	// Length is the length of the longest message in UTF-16 code units. 0 means
	// [MaxLength].
	Length int
	// Mentions are the people that a message with a sound names, such as @oncall.
	Mentions []string
	// Failed, unless nil, is called when a template fails on an alert and the
	// shipped template replaces it.
	Failed func(error)
}

// Formatter writes messages. It is safe for concurrent use.
type Formatter struct {
	words     Words
	scale     Scale
	remedies  config.Remedies
	location  *time.Location
	templates *template.Template
	shipped   *Formatter // replaces templates that fail; nil if the templates are the shipped ones
	failed    func(error)
	length    int
	mentions  []string
	clusters  bool // see [Formatter.NamingClusters]
	strict    bool // refuses links that Telegram shows as text, see [Formatter.try]
}

// New makes a formatter. The error names the file and the mistake in it.
func New(o Options) (*Formatter, error) {
	words, ok := languages()[cmp.Or(o.Language, "en")]
	if !ok {
		return nil, fmt.Errorf("no messages in language %q: choose one of %s", o.Language, strings.Join(Languages(), ", "))
	}
	t, err := parseShipped()
	if err != nil {
		return nil, err
	}
	f := &Formatter{words: words, scale: Scale{o.Severities}, remedies: o.Remedies, location: cmp.Or(o.Location, time.UTC), templates: t, failed: o.Failed, length: cmp.Or(o.Length, MaxLength), mentions: o.Mentions}
	if o.Severities.Levels == nil {
		f.scale.Severities = config.Priorities()
	}
	if o.Templates == "" {
		return f, nil
	}
	builtIn := *f
	if builtIn.templates, err = t.Clone(); err != nil {
		return nil, err
	}
	f.shipped = &builtIn
	own, err := f.replace(o.Templates)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	if err := f.try(own); err != nil {
		return nil, fmt.Errorf("templates: %w", own.placed(err))
	}
	return f, nil
}

// Scale returns the scale by which the formatter ranks alerts.
func (f *Formatter) Scale() Scale { return f.scale }

// Within returns a formatter that writes messages up to another length, see
// [Options.Length].
func (f *Formatter) Within(length int) *Formatter {
	if length == f.length {
		return f
	}
	other := *f
	other.length = length
	if f.shipped != nil {
		other.shipped = f.shipped.Within(length)
	}
	return &other
}

// NamingClusters returns a formatter whose messages name the clusters of the alerts,
// for a chat that shows alerts of several.
func (f *Formatter) NamingClusters() *Formatter {
	other := *f
	other.clusters = true
	if f.shipped != nil {
		other.shipped = f.shipped.NamingClusters()
	}
	return &other
}

// Format writes the messages of a notice: one, or as many as its alerts need.
// If the user's template fails, the shipped one replaces it, because the alert
// must be delivered.
func (f *Formatter) Format(n Notice) ([]Message, error) {
	messages, err := f.format(n)
	if err != nil && f.shipped != nil {
		f.fails(err)
		return f.shipped.format(n)
	}
	return messages, err
}

// Edit formats a message that was sent before, with the alerts as they are now.
func (f *Formatter) Edit(n Notice) (Message, error) {
	m, err := f.edit(n)
	if err != nil && f.shipped != nil {
		f.fails(err)
		return f.shipped.edit(n)
	}
	return m, err
}

func (f *Formatter) fails(err error) {
	if f.failed != nil {
		f.failed(fmt.Errorf("templates: %w", err))
	}
}

func (f *Formatter) format(n Notice) ([]Message, error) {
	order := f.sorted(n)
	if mark*len(order) < MaxLength { // else it can't fit
		for _, s := range sizes {
			whole, err := f.render(n, order, 1, 1, s)
			if err != nil {
				return nil, err
			}
			if whole.Document.Length()+mark*(len(order)+1) <= f.length {
				return []Message{whole}, nil
			}
		}
	}
	parts, err := f.split(n, order)
	if err != nil {
		return nil, err
	}
	messages := make([]Message, len(parts))
	for i, p := range parts {
		if messages[i], err = f.shrink(n, p, i+1, len(parts)); err != nil {
			return nil, err
		}
	}
	return messages, nil
}

func (f *Formatter) edit(n Notice) (Message, error) {
	return f.shrink(n, f.sorted(n), max(n.Part, 1), max(n.Parts, 1))
}

// size determines how much a message says about each alert.
type size struct {
	line     int // length of a line, in UTF-16 code units
	remedies bool
	details  int // length of the text below a line; 0 for none
	actions  int // length of all recommended actions
}

// sizes are tried in this order. Texts below the lines never make a notice longer
// than one message.
var sizes = []size{
	{maxLine, true, maxDetails, maxActions},
	{maxLine, true, maxDetails / 3, maxActions},
	{maxLine, false, 0, maxActions},
}

// mark is the space that an edit needs to mark an alert as resolved.
const mark = 24

// split packs the alerts into messages, in order.
func (f *Formatter) split(n Notice, order []int) ([][]int, error) {
	const heading, bullet = 40, 8 // a list's heading, and the part's number in the title
	base, err := f.render(n, order[:min(1, len(order))], 1, 2, size{line: 1, actions: maxActions})
	if err != nil {
		return nil, err
	}
	room := f.length - base.Document.Length() - heading - mark
	labels := f.distinguish(n.Items)
	if len(order) > 1 {
		room -= heading // of the labels that all share, each of which is counted in two lines or more
	}
	var parts [][]int
	used := room + 1
	titles := map[string]bool{} // the headings of the last part
	for _, i := range order {
		it := n.Items[i]
		size := units16(f.complete(n, it, f.summary(it, f.text(it), "", labels, maxLine), maxLine)) + mark + bullet + heading/2
		title := f.listTitle(n.Items[i])
		if !titles[title] {
			size += units16(title)
		}
		if used+size > room {
			parts, used = append(parts, nil), 0
			clear(titles)
		}
		titles[title] = true
		parts[len(parts)-1] = append(parts[len(parts)-1], i)
		used += size
	}
	return parts, nil
}

// shrink renders the message without the texts below the lines, and then with
// shorter and shorter lines, until it fits Telegram's limits.
func (f *Formatter) shrink(n Notice, items []int, part, parts int) (m Message, err error) {
	tried := sizes
	for line := maxLine * 2 / 3; line > 0; line = line * 2 / 3 {
		s := size{line: line, actions: maxActions}
		if line < shortLine { // the actions of some alerts are worth less than the names of all
			s.actions = maxActions / 5
		}
		tried = append(slices.Clip(tried), s)
	}
	for _, s := range tried {
		if m, err = f.render(n, items, part, parts, s); err != nil || m.Document.Length() <= f.length {
			return m, err
		}
	}
	return m, fmt.Errorf("a message of kind %q is longer than %d characters: its template writes %w", n.Kind, f.length, errTooMuch)
}

// errTooMuch means that the texts of a template leave no room for the alerts.
var errTooMuch = errors.New("too much")

func (f *Formatter) render(n Notice, items []int, part, parts int, s size) (Message, error) {
	name := "alert.tmpl"
	switch n.Kind {
	case Resolution:
		name = "resolution.tmpl"
	case Digest:
		name = "digest.tmpl"
	case Flap:
		name = "flap.tmpl"
	}
	page, buttons := f.page(n, items, part, parts, s)
	var out bytes.Buffer
	if err := f.templates.ExecuteTemplate(&out, name, page); err != nil {
		return Message{}, err
	}
	html := strings.TrimSpace(out.String())
	if f.shipped != nil { // the template is the user's
		var mistake *markup.Error
		if _, err := markup.Check(html); errors.As(err, &mistake) && (f.strict || !mistake.Link) {
			return Message{}, &markupError{name, html, mistake}
		}
	}
	d, err := document(html, n.Kind)
	if err != nil {
		return Message{}, err
	}
	d.Buttons = buttons
	d.Severity, d.Urgent = f.firing(page.Items)
	return Message{Document: d, Items: items, Part: part, Parts: parts}, nil
}

// document reads the text of a template.
func document(html string, kind Kind) (transport.Document, error) {
	d, err := transport.ParseHTML(html)
	if err == nil && strings.TrimSpace(strings.ReplaceAll(d.String(), "\x00", "")) == "" { // no chat takes that
		err = fmt.Errorf("the template of a message of kind %q writes no text", kind)
	}
	return d, err
}

// firing returns the most severe level of the alerts that fire, and whether it is
// urgent.
func (f *Formatter) firing(items []Item) (level string, urgent bool) {
	lowest := -1
	for _, it := range items {
		if s := f.scale.Of(it.Labels); !it.Resolved && (lowest < 0 || s.Rank < lowest) {
			level, lowest = s.Name, s.Rank
		}
	}
	return level, lowest >= 0 && lowest < f.scale.Urgent()
}

// sorted returns the order in which a notice lists its alerts: urgent first,
// then by their labels.
func (f *Formatter) sorted(n Notice) []int {
	order := make([]int, len(n.Items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return f.compare(n.Items[i], n.Items[j]) })
	return order
}

func (f *Formatter) compare(a, b Item) int {
	return cmp.Or(
		cmp.Compare(f.scale.Of(a.Labels).Rank, f.scale.Of(b.Labels).Rank),
		cmp.Compare(a.Labels[model.AlertNameLabel], b.Labels[model.AlertNameLabel]),
		slices.Compare(a.Labels.Values(), b.Labels.Values()),
		a.StartsAt.Compare(b.StartsAt),
	)
}

// number counts from 1 in templates.
func number(i int) int { return i + 1 }

// code formats `quoted` parts of a text as code, which a tap copies.
func code(s string) template.HTML {
	var out strings.Builder
	for {
		before, rest, open := strings.Cut(s, "`")
		quoted, after, closed := strings.Cut(rest, "`")
		if !open || !closed {
			out.WriteString(template.HTMLEscapeString(s))
			return template.HTML(out.String())
		}
		out.WriteString(template.HTMLEscapeString(before))
		if strings.TrimSpace(quoted) != "" {
			out.WriteString("<code>" + template.HTMLEscapeString(quoted) + "</code>")
		}
		s = after
	}
}
