package texts_test

import (
	"slices"
	"testing"

	"github.com/alertnative/preflight/internal/emit/texts"
)

func TestNamesOfATemplate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text           string
		labels, values []string
	}{
		{`{{ if eq $labels.job "webhook" "spare" }}direct{{ else }}{{ $labels.env }}{{ end }}`, []string{"job", "env"}, []string{"webhook", "spare"}},
		{`{{ $labels.job }} {{ $labels.job }} {{ $value }}`, []string{"job"}, nil},
		{"plain", nil, nil},
		{"{{ broken", nil, nil},
	} {
		labels, values := texts.Names(tt.text)
		if !slices.Equal(labels, tt.labels) || !slices.Equal(values, tt.values) {
			t.Errorf("%s: %q %q, want %q %q", tt.text, labels, values, tt.labels, tt.values)
		}
	}
}
