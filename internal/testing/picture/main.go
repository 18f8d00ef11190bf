// Command picture draws the messages of a transcript of pipelinetest as a chat,
// with Chromium. The documentation shows these pictures.
//
//	picture TRANSCRIPT.txt PICTURE.png [FIRST]
//
// With a number, the picture begins at that message.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: picture TRANSCRIPT.txt PICTURE.png [FIRST]")
		os.Exit(2)
	}
	first := ""
	if len(os.Args) == 4 {
		first = os.Args[3]
	}
	if err := draw(os.Args[1], os.Args[2], first); err != nil {
		fmt.Fprintf(os.Stderr, "picture: %v\n", err)
		os.Exit(1)
	}
}

//go:embed chat.html.tmpl
var page string

// Size of the window in CSS pixels. The part below the last message is cut off.
const width, height = 480, 2000

func draw(transcript, picture, first string) (err error) {
	text, err := os.ReadFile(transcript)
	if err != nil {
		return err
	}
	all, err := messages(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", transcript, err)
	}
	if all = from(all, first); len(all) == 0 {
		return fmt.Errorf("%s: it has no message %s", transcript, first)
	}
	dir, err := os.MkdirTemp("", "picture-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	html, shot := filepath.Join(dir, "chat.html"), filepath.Join(dir, "chat.png")
	if err := writePage(html, all); err != nil {
		return err
	}
	if err := screenshot(dir, html, shot); err != nil {
		return err
	}
	drawn, err := os.ReadFile(shot)
	if err != nil {
		return err
	}
	cut, err := cutBelow(drawn)
	if err != nil {
		return err
	}
	marked, err := withText(cut, digestKey, digest(all))
	if err != nil {
		return err
	}
	return os.WriteFile(picture, marked, 0o644)
}

func writePage(file string, all []message) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	titles := map[string]string{}
	for _, m := range all {
		titles[m.Number] = m.Title
	}
	t := template.Must(template.New("chat").Funcs(template.FuncMap{
		"title": func(number string) string { return titles[number] },
	}).Parse(page))
	return t.Execute(f, all)
}

// screenshot draws a page with Chromium. Without a sandbox it works for root
// too.
func screenshot(home, html, png string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--user-data-dir="+filepath.Join(home, "profile"), "--force-device-scale-factor=2",
		fmt.Sprintf("--window-size=%d,%d", width, height), "--screenshot="+png, "file://"+html)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium: %w: run make pictures, which installs it\n%s", err, out)
	}
	return nil
}
