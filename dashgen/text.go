package dashgen

// Text is Markdown.
type Text struct{ Markdown string }

type textOptions struct {
	Code    textCode `json:"code"`
	Content string   `json:"content"`
	Mode    string   `json:"mode"`
}

type textCode struct {
	Language        string `json:"language"`
	ShowLineNumbers bool   `json:"showLineNumbers"`
	ShowMiniMap     bool   `json:"showMiniMap"`
}

func (t Text) render() rendering {
	return rendering{
		plugin:  "text",
		options: textOptions{Code: textCode{Language: "plaintext"}, Content: t.Markdown, Mode: "markdown"},
	}
}
