package suggest_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/lint/suggest"
)

var parts = []string{"node", "cpu", "seconds", "total", "bytes", "http", "requests", "a", "aa", "bot", "주문", "go", "up", "x_y", "memory", "available"}

func word(r *rand.Rand) string {
	out := ""
	for i := range 1 + r.IntN(5) {
		if i > 0 {
			out += "_"
		}
		out += parts[r.IntN(len(parts))]
	}
	return out
}

// misspell makes up to n edits.
func misspell(r *rand.Rand, s string, n int) string {
	runes := []rune(s)
	for range r.IntN(n + 1) {
		at := 0
		if len(runes) > 0 {
			at = r.IntN(len(runes))
		}
		switch letter := []rune("abz_봇")[r.IntN(5)]; {
		case len(runes) == 0 || r.IntN(3) == 0:
			runes = append(runes[:at:at], append([]rune{letter}, runes[at:]...)...)
		case r.IntN(2) == 0:
			runes = append(runes[:at:at], runes[at+1:]...)
		default:
			runes[at] = letter
		}
	}
	return string(runes)
}

// An index gives the answers of a full scan.
func TestIndexAnswersLikeAScan(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	found, slips := 0, 0
	for range 40 {
		var names []string
		for range 150 {
			names = append(names, word(r))
		}
		index := suggest.NewIndex(names)
		for range 100 {
			asked := misspell(r, names[r.IntN(len(names))], 7)
			if r.IntN(10) == 0 {
				asked = strings.ToUpper(asked)
			}
			if got, want := index.Nearest(asked), suggest.Nearest(asked, names); got != want {
				t.Fatalf("Nearest(%q) is %s, a scan finds %s", asked, got, want)
			} else if want != "" {
				found++
			}
			if got, want := index.Slip(asked), suggest.Slip(asked, names); got != want {
				t.Fatalf("Slip(%q) is %t, a scan finds %t", asked, got, want)
			} else if want {
				slips++
			}
		}
	}
	if found < 1000 || slips < 1000 {
		t.Errorf("%d of 4000 words had a suggestion, %d were slips: the test shows too little", found, slips)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ word, candidate, want string }{
		{"CRITICAL", "critical", `"critical"`},
		{"jbo", "job", `"job"`},
		{"pod", "job", ""},
		{"node_cpu_secnods_totl", "node_cpu_seconds_total", `"node_cpu_seconds_total"`},
		{"node_memory_free_bytes", "node_memory_used_bytes", `"node_memory_used_bytes"`},
		{"node_memory_free_bytes", "node_memory_available_bytes", ""},
		{"", "a", ""},
		{"a", "", ""},
	} {
		if got := suggest.Nearest(tt.word, []string{tt.candidate}); got != tt.want {
			t.Errorf("Nearest(%q, %q) is %s, want %s", tt.word, tt.candidate, got, tt.want)
		}
		if got := suggest.NewIndex([]string{tt.candidate}).Nearest(tt.word); got != tt.want {
			t.Errorf("Nearest(%q) of an index of %q is %s, want %s", tt.word, tt.candidate, got, tt.want)
		}
	}
}

// A candidate that differs only in case is nearer than others.
func TestNearestPrefersEqualWithoutCase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		word       string
		candidates []string
		want       string
	}{
		{"p1", []string{"P0", "P2", "p0", "P1"}, `"P1"`},
		{"P1", []string{"P0", "p1"}, `"p1"`},
		{"Queue", []string{"queues", "quene", "queue"}, `"queue"`},
		{"p1", []string{"p1", "p2"}, `"p1"`},
	} {
		if got := suggest.Nearest(tt.word, tt.candidates); got != tt.want {
			t.Errorf("Nearest(%q, %q) is %s, want %s", tt.word, tt.candidates, got, tt.want)
		}
		if got := suggest.NewIndex(tt.candidates).Nearest(tt.word); got != tt.want {
			t.Errorf("Nearest(%q) of an index of %q is %s, want %s", tt.word, tt.candidates, got, tt.want)
		}
	}
}

// BenchmarkIndex asks for unknown names among n metrics.
func BenchmarkIndex(b *testing.B) {
	for _, n := range []int{3000, 20000} {
		r := rand.New(rand.NewPCG(1, 2))
		var names []string
		for i := range n {
			names = append(names, fmt.Sprintf("team_%s_%d", word(r), i))
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			index := suggest.NewIndex(names)
			index.Nearest("x")
			for i := 0; b.Loop(); i++ {
				index.Nearest(fmt.Sprintf("team_%s_%dx", names[i%n], i))
			}
		})
		b.Run(fmt.Sprint("scan", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				suggest.Nearest(fmt.Sprintf("team_%s_%dx", names[i%n], i), names)
			}
		})
	}
}
