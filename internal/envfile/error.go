package envfile

// SyntaxError is the error of a file that its reader refuses. The readers' own
// errors quote the file, secrets included.
type SyntaxError struct {
	Line int
	BOM  bool // the file starts with a byte-order mark
}

// Error describes what is wrong with the line.
func (e *SyntaxError) Error() string {
	if e.BOM && e.Line == 1 {
		return "starts with a byte-order mark: save it as UTF-8 without one"
	}
	return "cannot be parsed: each line must be NAME=value, with quotes around a value that has spaces, # or quotes in it"
}
