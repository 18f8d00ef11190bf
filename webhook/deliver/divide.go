package deliver

import "github.com/alertnative/preflight/webhook/message"

// divisions have the kinds of summaries of which the chat refused one. Its lines
// come in shorter summaries, until one line alone is refused: the others are
// named. The zero value has none.
type divisions map[message.Kind]division

// division is the state of a refused summary.
type division struct {
	suspects int // the first lines, of which the chat refuses at least one
	most     int // the lines of the next summary
}

// most returns the number of lines that the next summary of a kind may have, or 0
// for any number.
func (d divisions) most(kind message.Kind) int { return d[kind].most }

// refused notes that the chat refuses a summary.
func (d *divisions) refused(c *call) {
	if *d == nil {
		*d = divisions{}
	}
	(*d)[c.Kind] = division{suspects: c.lines, most: c.lines / 2}
}

// took notes that the chat accepted a summary in a form.
func (d *divisions) took(c *call, f form) {
	of, ok := (*d)[c.Kind]
	switch {
	case c.unnamed(f):
		d.refused(c)
	case !ok:
	case f >= minimal || of.suspects <= c.lines: // that line was at fault, or none is any more
		delete(*d, c.Kind)
	default:
		of.suspects -= c.lines
		of.most = (of.suspects + 1) / 2
		(*d)[c.Kind] = of
	}
}

// divisible reports whether the call is a new summary of several lines.
func (c *call) divisible() bool { return c.Kind.Summarizes() && c.Edits == "" && c.lines > 1 }

// unnamed reports whether a form of the call names none of several lines. They
// stay due.
func (c *call) unnamed(f form) bool { return c.divisible() && f >= minimal }
