package guesses_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checks/internal/guesses"
)

// Each password takes fewer guesses than the next one.
func TestOrder(t *testing.T) {
	for _, order := range [][]string{
		{"monkey", "Monkey", "mOnkEy", "mOnkEyZebra"},
		{"monkey", "m0nkey", "m0nkey!2024", "m0nkey!2024-kX9vQ2"},
		{"monkey", "yeknom", "kyoenm-7Q"},
		{"aaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ahdkwtqp"},
		{"abcdefgh", "hgfedcba", "hbfgecdaq"},
		{"qwertyui", "qazwsxed", "qmzpwlxe"},
		{"2024", "29112024", "83511924"},
		{"password", "passwordpassword", "Password123Password123", "iloveyouforever"},
		{"mongoose", "mqngwxse"},
	} {
		got := make([]float64, 0, len(order))
		for _, password := range order {
			got = append(got, guesses.Bits(password))
		}
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) < len(got) {
			t.Errorf("%v: %.1f", order, got)
		}
	}
}

// Random text counts with nearly all of its bits.
func TestRandom(t *testing.T) {
	for password, bits := range map[string]float64{
		"kX9vQ2mZt7LwR4ns": 16 * 5.95, "8371940562817394065281": 22 * 3.32, "3f9c1b7e2a8d4c60a5b4": 20 * 4, "bqzvkxwjfhtmplrdnscg": 20 * 4.7,
		"uLq8!vP2#xR5@kT9": 16 * 6.57,
	} {
		if got := guesses.Bits(password); got < 0.9*bits || got > 1.01*bits {
			t.Errorf("%s: %.1f bits, want about %.1f", password, got, bits)
		}
	}
}

// Hangul counts by its keys, however it is encoded. Wide letters count as usual
// ones.
func TestHangul(t *testing.T) {
	for _, same := range [][2]string{
		{"비밀번호", "qlalfqjsgh"}, {"값쌓기", "rkqtTkgrl"}, {"ㅁㄴㅇㄹ", "asdf"}, {"\u1107\u1175\u11ab", "빈"}, {"ｐａｓｓ１２", "pass12"},
	} {
		if a, b := guesses.Bits(same[0]), guesses.Bits(same[1]); a != b {
			t.Errorf("%s: %.1f bits, %s: %.1f", same[0], a, same[1], b)
		}
	}
	for _, weak := range []string{"비밀번호비밀번호비밀번호", "비밀번호1234", "안녕하세요반갑습니다", "사랑해요1234", "dkssudgktpdy!!1234"} {
		if bits := guesses.Bits(weak); bits >= 50 {
			t.Errorf("%s: %.1f bits", weak, bits)
		}
	}
	if with := guesses.Bits("김거래왕2024", "김거래왕"); with > 40 {
		t.Errorf("%.1f bits with the user's name", with)
	}
}

// An attacker tries the name of the user first.
func TestContext(t *testing.T) {
	const password = "zrqvbot-2024"
	without, with := guesses.Bits(password), guesses.Bits(password, "ZRQVBOT")
	if with > 0.6*without {
		t.Errorf("%.1f bits with the user's name, %.1f without", with, without)
	}
}

// The list is searched as it is.
func TestList(t *testing.T) {
	data, err := os.ReadFile("words.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 50_000 {
		t.Errorf("%d bytes, want 50 kB at most", len(data))
	}
	var words []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if rank := line[len(line)-1]; rank < 'A' || rank > 'Z' || len(line) < 4 {
			t.Errorf("%q", line)
		}
		words = append(words, line[:len(line)-1])
	}
	if !slices.IsSorted(words) || len(slices.Compact(slices.Clone(words))) < len(words) {
		t.Error("the list is not sorted, or has a word twice")
	}
}

func FuzzBits(f *testing.F) {
	for _, password := range []string{"", "a", "Password123Password123", "비밀번호", "\xff\xfe", "İİİİ", strings.Repeat("ab", 300)} {
		f.Add(password)
	}
	f.Fuzz(func(t *testing.T, password string) {
		if bits := guesses.Bits(password, "user"); !(bits >= 0 && bits < 1000) {
			t.Errorf("%q: %v bits", password, bits)
		}
	})
}

func BenchmarkBits(b *testing.B) {
	for b.Loop() {
		guesses.Bits("kX9vQ2mZt7LwkX8vQ2mZr7LsfWq8hJd62HdkX3vQ2mZtnvb78Lsfd3hfjksPqw5a")
	}
}
