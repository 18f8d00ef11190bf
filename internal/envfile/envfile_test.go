package envfile_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/docker/cli/pkg/kvfile"
	"github.com/google/go-cmp/cmp"
	"github.com/joho/godotenv"

	"github.com/alertnative/preflight/internal/envfile"
)

// process is the environment of the process.
func process(name string) (string, bool) {
	value, ok := map[string]string{"SET": "from the process", "A": "outer"}[name]
	return value, ok
}

// files are small files on which the formats differ. Each want is the value of A
// for systemd by systemd.exec(5); "-" means that A is not set.
var files = []struct{ text, systemd string }{
	{"A=1", "1"},
	{"A=1\n", "1"},
	{"A=", ""},
	{"A", "-"},
	{"=1", "-"},
	{"# A=1", "-"},
	{"; A=1", "-"},
	{"  # A=1", "-"},
	{"A=1 # why", "1 # why"},
	{"A=1#2", "1#2"},
	{"A=#2", "#2"},
	{"A=\"1\" # why", "1# why"},
	{"export A=1", "-"},
	{"export\tA=1", "-"},
	{"A =1", "1"},
	{"A= 1", "1"},
	{"  A=1  ", "1"},
	{"A=a b  c", "a b  c"},
	{"A=a\tb", "a\tb"},
	{"A: 1", "-"},
	{"A='a b'", "a b"},
	{"A=\"a b\"", "a b"},
	{"A=' a '", " a "},
	{"A='it''s'", "its"},
	{"A=a'b'", "a'b'"},
	{"A=a\"b\"", "a\"b\""},
	{"A='a\\nb'", "a\\nb"},
	{"A=\"a\\nb\"", "a\\nb"},
	{"A=a\\nb", "anb"},
	{"A=\"a\\\"b\"", "a\"b"},
	{"A='a\\'b'", "a\\b'"},
	{"A=a\\\\b", "a\\b"},
	{"A=\"a\\\\b\"", "a\\b"},
	{"A=\"a\nb\"", "a\nb"},
	{"A='a\nb'", "a\nb"},
	{"A=a\\\nb", "ab"},
	{"A=\"a\\\nb\"", "ab"},
	{"A=pa$word", "pa$word"},
	{"A='pa$word'", "pa$word"},
	{"A=\"pa$word\"", "pa$word"},
	{"A=pa$$word", "pa$$word"},
	{"A=\"pa\\$word\"", "pa$word"},
	{"A=pa\\$word", "pa$word"},
	{"B=x\nA=$B", "$B"},
	{"B=x\nA=${B}", "${B}"},
	{"A=${B:-fallback}", "${B:-fallback}"},
	{"B=\nA=${B:-fallback}-${B-other}", "${B:-fallback}-${B-other}"},
	{"A=${B:?needed}", "${B:?needed}"},
	{"A=${SET}", "${SET}"},
	{"A=$SET", "$SET"},
	{"SET", "-"},
	{"\ufeffA=1", "-"},
	{"\ufeffB=1\nA=2", "2"},
	{"A=1\r\nB=2\r\n", "1"},
	{"A=\"1\"\r\n", "1"},
	{"A=a b\r\n", "a b"},
	{"A=1\nA=2", "2"},
	{"A-B=1\nA=2", "2"},
	{"A.B=1\nA=2", "2"},
	{"1A=1\nA=2", "2"},
	{"A B=1\nA=2", "2"},
	{"A=\"never closed", "never closed"},
	{"A='never closed\nB=1", "never closed\nB=1"},
	{"A=p@ss:w/rd?#x", "p@ss:w/rd?#x"},
	{"A=a=b=c", "a=b=c"},
	{"A=`x`", "`x`"},
	{"A=비밀", "비밀"},
	{"A=\xff", "error"},
	{"A=\"a\"\"b\"", "ab"},
	{"A=\"a\" b", "ab"},
	{"A=\\", ""},
	{"A=\"\\", ""},
	{"A=a \\", "a "},
	{"A=a \\\n b", "a  b"},
	{"# one \\\nA=1", "1"},
	{"\n\n\nA=1", "1"},
}

func TestReadsAsSystemd(t *testing.T) {
	for _, f := range files {
		file, err := envfile.Parse(envfile.Systemd, []byte(f.text), process)
		got, ok := file.Values["A"]
		switch {
		case err != nil:
			got = "error"
		case !ok:
			got = "-"
		}
		if got != f.systemd {
			t.Errorf("%q: A is %q, want %q", f.text, got, f.systemd)
		}
	}
}

// The other formats give what their readers give.
func TestReadsAsTheReaders(t *testing.T) {
	readers := map[envfile.Format]func(string) (map[string]string, error){
		envfile.Dotenv: godotenv.Unmarshal,
		envfile.Compose: func(text string) (map[string]string, error) {
			return dotenv.ParseWithLookup(strings.NewReader(text), process)
		},
		envfile.Docker: func(text string) (map[string]string, error) {
			pairs, err := kvfile.ParseFromReader(strings.NewReader(text), process)
			values := map[string]string{}
			for _, p := range pairs {
				name, value, _ := strings.Cut(p, "=")
				values[name] = value
			}
			return values, err
		},
	}
	for format, read := range readers {
		for _, f := range files {
			want, wantErr := read(f.text)
			delete(want, "")
			got, err := envfile.Parse(format, []byte(f.text), process)
			if (err != nil) != (wantErr != nil) {
				t.Errorf("%s %q: error %v, want %v", format, f.text, err, wantErr)
			} else if err == nil && !cmp.Equal(got.Values, want) {
				t.Errorf("%s %q: %s", format, f.text, cmp.Diff(want, got.Values))
			}
		}
	}
}

// What people expect of each format, where the formats differ.
func TestFormatsDiffer(t *testing.T) {
	for _, tt := range []struct {
		text, dotenv, compose, docker, systemd string
	}{
		{"A='a b'", "a b", "a b", "'a b'", "a b"},
		{"A=pa$word", "pa$word", "pa", "pa$word", "pa$word"},
		{"A=pa$WORD", "pa", "pa", "pa$WORD", "pa$WORD"},
		{"A=${B:-x}", ":-x}", "x", "${B:-x}", "${B:-x}"},
		{"A=${SET}", "", "from the process", "${SET}", "${SET}"},
		{"A=1 # why", "1", "1", "1 # why", "1 # why"},
		{"A=1  ", "1", "1", "1  ", "1"},
		{"A=1\r\n", "1", "1", "1", "1"},
		{"export A=1", "1", "1", "error", "-"},
		{"A-B=1\nA=2", "error", "2", "2", "2"},
		{"\ufeffA=1", "error", "1", "1", "-"},
		{"A=\"a\\nb\"", "a\nb", "a\nb", "\"a\\nb\"", "a\\nb"},
		{"A", "-", "-", "outer", "-"},
	} {
		for format, want := range map[envfile.Format]string{
			envfile.Dotenv: tt.dotenv, envfile.Compose: tt.compose, envfile.Docker: tt.docker, envfile.Systemd: tt.systemd,
		} {
			file, err := envfile.Parse(format, []byte(tt.text), process)
			got, ok := file.Values["A"]
			switch {
			case err != nil:
				got = "error"
			case !ok:
				got = "-"
			}
			if got != want {
				t.Errorf("%s %q: A is %q, want %q", format, tt.text, got, want)
			}
		}
	}
}

func TestTwice(t *testing.T) {
	for _, tt := range []struct {
		format envfile.Format
		text   string
		lines  []int // of A
	}{
		{envfile.Dotenv, "A=1\nB=2\nexport A=3\n", []int{1, 3}},
		{envfile.Dotenv, "A=1\nA: 2\n\n  A = 3", []int{1, 2, 4}},
		{envfile.Dotenv, "A=1\nB=\"\nA=2\n\"\n", nil},
		{envfile.Dotenv, "A=\"\nA=2\n\"\n", nil},
		{envfile.Dotenv, "A=1\n# A=2\n", nil},
		{envfile.Dotenv, "A=1\nAA=2\n", nil},
		{envfile.Compose, "\ufeffA=1\nA=2", []int{1, 2}},
		{envfile.Docker, "A=1\nB=\"\nA=2\n", []int{1, 3}},
		{envfile.Systemd, "A=1\nB=x\\\nA=2\n", nil},
		{envfile.Systemd, "A=1\nB='\nA=2\n'\nA=3\n", []int{1, 5}},
		{envfile.Systemd, "A=1\nexport A=2\n", nil},
	} {
		file, err := envfile.Parse(tt.format, []byte(tt.text), process)
		if err != nil {
			t.Fatalf("%q: %v", tt.text, err)
		}
		if lines := file.Twice["A"]; !slices.Equal(lines, tt.lines) {
			t.Errorf("%s %q: A is set at %v, want %v", tt.format, tt.text, lines, tt.lines)
		}
	}
}

// An error has the line, and never the text.
func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		format envfile.Format
		text   string
		line   int
	}{
		{envfile.Dotenv, "GOOD=1\nthis line is the secret hunter2\nTOKEN=x\n", 2},
		{envfile.Dotenv, "GOOD='two\nlines'\n\nTOKEN=\"hunter2\nMORE=1\n", 4},
		{envfile.Dotenv, "\ufeffTOKEN=hunter2", 1},
		{envfile.Compose, "A=1\nB='hunter2\n", 2},
		{envfile.Compose, "A=1\nB=${HUNTER2:?hunter2}\n", 2},
		{envfile.Docker, "A=1\nhunter 2=x\n", 2},
		{envfile.Systemd, "A=1\nB=\xff\n", 2},
	} {
		_, err := envfile.Parse(tt.format, []byte(tt.text), process)
		bad := (*envfile.SyntaxError)(nil)
		if !errors.As(err, &bad) || bad.Line != tt.line || strings.Contains(strings.ToLower(err.Error()), "hunter") {
			t.Errorf("%s %q: %v, want line %d", tt.format, tt.text, err, tt.line)
		}
	}
}

// FuzzParse reads any text. Names of variables are never empty, and variables
// that are set twice are set.
func FuzzParse(f *testing.F) {
	for _, file := range files {
		f.Add([]byte(file.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range envfile.Formats() {
			file, err := envfile.Parse(format, bytes.Clone(data), process)
			if err != nil {
				continue
			}
			if _, ok := file.Values[""]; ok {
				t.Errorf("%s: a variable without a name", format)
			}
			for name, lines := range file.Twice {
				if _, ok := file.Values[name]; !ok || len(lines) < 2 {
					t.Errorf("%s: %s at %v", format, name, lines)
				}
			}
		}
	})
}
