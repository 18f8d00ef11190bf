package message

// Mentions returns the people whom messages with a sound name.
func (f *Formatter) Mentions() []string { return f.mentions }
