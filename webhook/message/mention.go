package message

// Mentions returns the people that messages with a sound name.
func (f *Formatter) Mentions() []string { return f.mentions }
