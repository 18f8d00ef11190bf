package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
)

// aGroup is a chat with twenty calls a minute.
const aGroup = -4242

// benchStorm posts one group of alerts and 100 groups of one, and a minute later
// another.
func benchStorm(ctx context.Context, alerts int) (err error) {
	const others = 100
	s, err := startIn(ctx, aGroup, fakebot.Telegram())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	begin := time.Now()
	if _, err := s.postOne(http.DefaultClient, notification(0, 1_000_000, alerts, time.Time{})); err != nil {
		return err
	}
	for i := range others {
		if _, err := s.postOne(http.DefaultClient, notification(i+1, i+1, 1, time.Time{})); err != nil {
			return err
		}
	}
	patience, stop := context.WithTimeout(ctx, 15*time.Minute)
	defer stop()
	named := func(target int) bool {
		return s.shows(fmt.Sprintf("target-%d", target)) || s.shows(fmt.Sprintf("env-%d", target))
	}
	next := 1
	if err := s.bot.Wait(patience, func() bool {
		for next <= others && named(next) {
			next++
		}
		return next > others
	}); err != nil {
		return fmt.Errorf("group %d is not named: %w", next, err)
	}
	all := time.Since(begin)
	time.Sleep(time.Until(begin.Add(65 * time.Second)))
	later := time.Now()
	if _, err := s.postOne(http.DefaultClient, notification(others+1, others+1, 1, time.Time{})); err != nil {
		return err
	}
	if err := s.bot.Wait(patience, func() bool { return named(others + 1) }); err != nil {
		return fmt.Errorf("the later alert is not named: %w", err)
	}
	soon := time.Since(later)
	for waiting := 1.0; waiting > 0 && patience.Err() == nil; time.Sleep(time.Second) {
		if waiting, err = s.backlog(); err != nil {
			return err
		}
	}
	minute, refused := 0, 0
	for _, c := range s.bot.Calls() {
		if c.Status != http.StatusOK {
			refused++
		} else if c.At.Sub(begin) < time.Minute {
			minute++
		}
	}
	fmt.Printf("storm: a group of %d urgent alerts, and %d groups of one, in a group with 20 calls a minute:\n", alerts, others)
	fmt.Printf("  %-40s %8.1f s\n", "until every group is named", all.Seconds())
	fmt.Printf("  %-40s %8.1f s\n", "until a later urgent alert is named", soon.Seconds())
	fmt.Printf("  %-40s %d in the first minute, %d refused\n", "calls", minute, refused)
	fmt.Printf("  %-40s %d in all, after %.0f s\n\n", "messages", len(s.bot.Messages(s.chat)), time.Since(begin).Seconds())
	return nil
}

// shows reports whether a message shows a word.
func (s *subject) shows(word string) bool {
	for _, m := range s.bot.Messages(s.chat) {
		for rest := m.Text; ; {
			_, after, found := strings.Cut(rest, word)
			if !found {
				break
			}
			if after == "" || after[0] < '0' || after[0] > '9' {
				return true
			}
			rest = after
		}
	}
	return false
}

// benchFlapping lets an urgent alert fire and resolve ten times within 40
// seconds.
func benchFlapping(ctx context.Context) (err error) {
	s, err := start(ctx, fakebot.Telegram())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	const episodes = 10
	for range episodes {
		for _, ends := range []bool{false, true} {
			began = time.Now() // each episode starts later
			end := time.Time{}
			if ends {
				end = time.Now()
			}
			if _, err := s.postOne(http.DefaultClient, notification(1, 1, 1, end)); err != nil {
				return err
			}
			time.Sleep(2 * time.Second)
		}
	}
	time.Sleep(15 * time.Second)
	loud := 0
	for _, m := range s.bot.Messages(s.chat) {
		if !m.Silent {
			loud++
		}
	}
	fmt.Printf("flapping: an urgent alert fires and is resolved %d times in 40 s:\n", episodes)
	fmt.Printf("  %-40s %d, %d of them messages with a sound\n\n", "calls", len(s.bot.Calls()), loud)
	return nil
}
