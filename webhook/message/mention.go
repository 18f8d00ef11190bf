package message

// Mention adds the mentions to the text of a message that rings. It returns the text
// alone if there are none, or if both are too long for a message.
func (f *Formatter) Mention(html string) string {
	with := html + "\n\n" + f.mentions
	if f.mentions == "" || Length(with) > MaxLength {
		return html
	}
	return with
}
