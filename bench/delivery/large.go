package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
)

// benchReady posts one notification after the other, and then again while 16
// connections ask /-/ready without a pause.
func benchReady(ctx context.Context, n int) (err error) {
	s, err := start(ctx, fakebot.Telegram())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	fmt.Printf("%d notifications one after the other, and again while %d connections ask /-/ready without a pause:\n", n, connections)
	quiet, err := s.postEach(0, n)
	if err != nil {
		return err
	}
	quiet.print("time to the acknowledgement, alone")
	asking, stop := context.WithCancel(ctx)
	var pollers sync.WaitGroup
	answers := make([]int, connections)
	for c := range connections {
		pollers.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for asking.Err() == nil {
				if s.ready(asking, client) {
					answers[c]++
				}
			}
		})
	}
	begin := time.Now()
	busy, err := s.postEach(n, n)
	took := time.Since(begin).Seconds()
	stop()
	pollers.Wait()
	if err != nil {
		return err
	}
	busy.print("with the questions")
	asked := 0
	for _, answered := range answers {
		asked += answered
	}
	fmt.Printf("  %-40s %.0f/s\n\n", "answers of /-/ready", float64(asked)/took)
	return nil
}

// postEach posts notifications one after the other.
func (s *subject) postEach(from, n int) (times durations, err error) {
	for i := from; i < from+n; i++ {
		d, err := s.postOne(http.DefaultClient, notification(i%groups, i, 1, time.Time{}))
		if err != nil {
			return nil, err
		}
		times = append(times, d)
	}
	return times, nil
}

func (s *subject) ready(ctx context.Context, client *http.Client) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+"/-/ready", nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// benchLarge posts one notification with many alerts, and small ones of other
// groups until it is applied.
func benchLarge(ctx context.Context, alerts int) (err error) {
	s, err := start(ctx, fakebot.Telegram())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	body := large(alerts)
	var accepted time.Duration
	var failed error
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		accepted, failed = s.postOne(http.DefaultClient, body)
	}()
	var times durations
	var peak float64
	begin := time.Now()
	for i, done := 0, false; !done; i++ {
		d, err := s.postOne(http.DefaultClient, notification(1+i%groups, i, 1, time.Time{}))
		if err != nil {
			return err
		}
		times = append(times, d)
		if i%100 != 99 {
			continue
		}
		waiting, err := s.metric("preflight_webhook_inbox")
		if err != nil {
			return err
		}
		resident, err := s.metric("process_resident_memory_bytes")
		if err != nil {
			return err
		}
		peak = max(peak, resident/1e6)
		select {
		case <-answered:
			done = waiting == 0 || failed != nil
		default:
		}
	}
	if failed != nil {
		return failed
	}
	fmt.Printf("one notification of %d alerts (%.1f MB), and small ones of other groups one after the other until it is applied:\n", alerts, float64(len(body))/1e6)
	fmt.Printf("  %-40s %8.1f s\n", "until it is acknowledged", accepted.Seconds())
	fmt.Printf("  %-40s %8.1f s\n", "until it is applied", time.Since(begin).Seconds())
	fmt.Printf("  %-40s %8.0f MB\n", "resident memory, peak", peak)
	fmt.Printf("  %-40s %8d\n", "small notifications", len(times))
	times.print("time to their acknowledgement")
	shown := 0
	for _, m := range s.bot.Messages(chat) {
		if strings.Contains(m.Text, "target-") {
			shown++
		}
	}
	fmt.Printf("  %-40s %8d, the first of another group after %.1f s\n\n", "messages in the chat", shown, firstOther(s.bot.Messages(chat), begin).Seconds())
	return nil
}

// firstOther returns how long after a time the first message about a small
// notification came.
func firstOther(messages []fakebot.Message, begin time.Time) time.Duration {
	for _, m := range messages {
		if strings.Contains(m.Text, "target-") {
			return m.Sent.Sub(begin)
		}
	}
	return -1
}

// large returns a notification whose alerts are as short as those of the smallest
// rules.
func large(alerts int) []byte {
	var body bytes.Buffer
	body.WriteString(`{"version":"4","groupKey":"{}/{}:{large}","status":"firing","receiver":"tg","groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://a","truncatedAlerts":0,"alerts":[`)
	for i := range alerts {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"status":"firing","labels":{"a":"%d"},"startsAt":"2026-03-01T10:00:00Z"}`, i)
	}
	body.WriteString(`]}`)
	return body.Bytes()
}
