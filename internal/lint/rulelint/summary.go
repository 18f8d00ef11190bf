package rulelint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// mostLines is the number of rules to list for a file and reason.
const mostLines = 5

// Summary writes what was not read, a line for each, and a line with the numbers
// of findings, rules and files.
func (r Report) Summary(w io.Writer) {
	for _, name := range slices.Sorted(maps.Keys(r.Within)) {
		fmt.Fprintf(w, "%s: read %s\n", name, several(r.Within[name]))
	}
	more := map[Unread]int{}
	for _, u := range r.Unread {
		key := Unread{File: u.File, Reason: u.Reason} // of all its rules
		switch {
		case u.Part:
			fmt.Fprintf(w, "%s: partly read: %s\n", u.File, u.Reason)
		case u.Line == 0:
			fmt.Fprintf(w, "%s: not read: %s\n", u.File, u.Reason)
		case more[key] < mostLines:
			fmt.Fprintf(w, "%s:%d: not read: %s\n", u.File, u.Line, u.Reason)
		}
		more[key]++
	}
	for _, u := range r.Unread {
		key := Unread{File: u.File, Reason: u.Reason}
		if n := more[key] - mostLines; u.Line > 0 && n > 0 {
			fmt.Fprintf(w, "%s: not read: %s more: %s\n", u.File, counted(n, "rule"), u.Reason)
			more[key] = 0
		}
	}
	fmt.Fprintf(w, "preflight-gen: %s in %s of %s%s\n",
		counted(len(r.Issues), "finding"), counted(r.Rules, "rule"), counted(r.Files, "file"), r.rest())
}

// rest returns the numbers of what was not read.
func (r Report) rest() string {
	var unread []string
	if r.UnreadRules > 0 {
		unread = append(unread, counted(r.UnreadRules, "rule"))
	}
	if r.UnreadFiles > 0 {
		unread = append(unread, counted(r.UnreadFiles, "file"))
	}
	var out string
	if r.Partly > 0 {
		out = "; partly read: " + counted(r.Partly, "file")
	}
	if len(unread) > 0 {
		out += "; not read: " + strings.Join(unread, ", ")
	}
	if r.Others > 0 {
		out += "; without rules: " + counted(r.Others, "file")
	}
	return out
}

// several lists at most five texts.
func several(list []string) string {
	if n := len(list) - 5; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:5], ", "), n)
	}
	return strings.Join(list, ", ")
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// reasonOf returns an error of the file system without the path.
func reasonOf(err error) string {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return inner.Err.Error()
	}
	return err.Error()
}
