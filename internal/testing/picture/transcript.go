package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// message is a message of a transcript without later edits.
type message struct {
	Number  string
	ReplyTo string // number of the message that it replies to; "" for none
	Silent  bool
	Time    string // clock time, such as 10:20
	Title   string
	Lines   []string
	Rows    [][]string // of buttons
}

var (
	sent  = regexp.MustCompile(`→ chat \S+: message (\d+), (rings|silent)(?:, reply to (\d+))?$`)
	clock = regexp.MustCompile(`\d{4}-\d\d-\d\d (\d\d:\d\d):\d\d`)
	row   = regexp.MustCompile(`^\[[^]]+\]( \[[^]]+\])*$`)
)

// messages returns the messages of a transcript of pipelinetest, without edits.
func messages(transcript string) ([]message, error) {
	var (
		all    []message
		inside bool
	)
	for line := range strings.Lines(transcript) {
		line = strings.TrimRight(line, "\n")
		text, quoted := strings.CutPrefix(line, "    |")
		if !quoted {
			m := sent.FindStringSubmatch(line)
			if inside = m != nil; inside {
				all = append(all, message{Number: m[1], ReplyTo: m[3], Silent: m[2] == "silent"})
			}
			continue
		}
		if !inside {
			continue
		}
		last := &all[len(all)-1]
		text = strings.TrimPrefix(text, " ")
		switch {
		case last.Title == "":
			last.Title = text
		case row.MatchString(text):
			last.Rows = append(last.Rows, strings.Split(strings.Trim(text, "[]"), "] ["))
		default:
			last.Lines = append(last.Lines, text)
		}
		if m := clock.FindStringSubmatch(text); m != nil {
			last.Time = m[1]
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no message in the transcript")
	}
	return all, nil
}

// from returns the messages from the one with a number on, or all for "".
func from(all []message, number string) []message {
	for len(all) > 0 && number != "" && all[0].Number != number {
		all = all[1:]
	}
	return all
}

// digest returns a digest of the messages. Pictures contain it, so that a test
// finds outdated ones.
func digest(all []message) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", all))
	return hex.EncodeToString(sum[:])
}
