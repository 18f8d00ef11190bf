package main

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The pictures in the documentation show the present messages of the
// transcripts.
func TestPicturesMatchTranscripts(t *testing.T) {
	t.Parallel()
	const images = "../../../docs/images"
	list, err := filepath.Glob(filepath.Join(images, "*.png"))
	if err != nil || len(list) == 0 {
		t.Fatalf("no pictures in %s (%v)", images, err)
	}
	for _, file := range list {
		name := strings.TrimSuffix(filepath.Base(file), ".png")
		transcript, err := os.ReadFile("../../../pipelinetest/testdata/" + name + ".txt")
		if errors.Is(err, fs.ErrNotExist) {
			transcript, err = os.ReadFile("../../../webhook/testdata/" + name + ".txt")
		}
		if err != nil {
			t.Fatal(err)
		}
		all, err := messages(string(transcript))
		if err != nil {
			t.Fatal(err)
		}
		drawn, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		shown := slices.ContainsFunc(all, func(m message) bool {
			return bytes.Contains(drawn, []byte("tEXt"+digestKey+"\x00"+digest(from(all, m.Number))))
		})
		if !shown {
			t.Errorf("%s shows other messages than the transcript: run make pictures", file)
		}
	}
}

func TestPageShowsEveryLine(t *testing.T) {
	t.Parallel()
	all, err := messages(`+1m0s      == a note
+2m0s      → chat -100: message 1, rings
    | 🚨 Title
    |
    | Time: 2026-03-02 10:20:03 UTC
    |   - a < b
    | [Runbook] [Graph]
    | [Silence]
+3m0s      → chat -100: message 2, silent, reply to 1
    | ✅ Resolved
    |
    | Time: 2026-03-02 10:40:03 UTC
+3m1s      → chat -100: edit of message 1
    | - 🚨 Title
    | + ✅ Title
`)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "chat.html")
	if err := writePage(file, all); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<b>🚨 Title</b>\n\nTime: 2026-03-02 10:20:03 UTC\n  - a &lt; b</div>", `<div class="time">10:20</div>`,
		`<div class="row"><div class="button">Runbook ↗</div><div class="button">Graph ↗</div></div><div class="row"><div class="button">Silence ↗</div></div>`,
		`<div class="quote">🚨 Title</div>`, "<b>✅ Resolved</b>", "🔕 10:40",
	} {
		if !strings.Contains(string(html), want) {
			t.Errorf("the page lacks %q:\n%s", want, html)
		}
	}
	if strings.Contains(string(html), "✅ Title") {
		t.Errorf("the page shows an edit:\n%s", html)
	}
}

// A marked picture is still a PNG file, without the rows below the last
// message.
func TestPictureIsCutAndMarked(t *testing.T) {
	t.Parallel()
	blank := image.NewRGBA(image.Rect(0, 0, 10, 100))
	blank.Set(5, 20, color.White)
	var data bytes.Buffer
	if err := png.Encode(&data, blank); err != nil {
		t.Fatal(err)
	}
	cut, err := cutBelow(data.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	marked, err := withText(cut, digestKey, "abc")
	if err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(bytes.NewReader(marked))
	if err != nil {
		t.Fatal(err)
	}
	if h := got.Bounds().Dy(); h != 37 || !bytes.Contains(marked, []byte("tEXtmessages\x00abc")) {
		t.Errorf("%d rows in %q", h, marked)
	}
}
