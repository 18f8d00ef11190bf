package deliver

import (
	"context"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/transport"
)

// topicRetry is the time after which a topic that refused a message is tried
// again. Meanwhile its messages go to the chat itself.
const topicRetry = 10 * time.Minute

// form is the form in which the content of a message is sent.
type form int

// The forms, from the best to the one that a chat accepts wherever it accepts any
// message.
const (
	formatted form = iota
	plainText
	minimal
	nameless
)

func (f form) String() string {
	return [...]string{"formatted", "plain text", "severity and name", "severity"}[f]
}

// in returns the content of a call in a form.
func (c *call) in(f form) transport.Message {
	m := c.content
	switch f {
	case plainText:
		m.Plain = true
	case minimal:
		m = transport.Message{Document: transport.Text(c.minimum), Plain: true, Silent: m.Silent}
	case nameless:
		m = transport.Message{Document: transport.Text(c.nameless), Plain: true, Silent: m.Silent}
	}
	return m
}

// fitted leaves out of a message the parts that a chat cannot show.
func fitted(m transport.Message, able transport.Capabilities) transport.Message {
	if !able.Replies {
		m.ReplyTo = ""
	}
	if !able.Buttons {
		m.Document = m.Document.WithoutButtons()
	}
	return m
}

// lastForm returns the last form to try. An edit must not replace a text by less.
func (c *call) lastForm() form {
	if c.Edits != "" {
		return plainText
	}
	return nameless
}

// outcome is the result of a call: the id of a new message, or a failure.
type outcome struct {
	id      string
	form    form // the last that was tried
	failure *transport.Error
	// postponed means that the next form is tried later.
	postponed bool
}

// try makes the call. What the chat refuses, it sends in simpler forms, and then
// in the chat instead of the topic: the first that is accepted shows what was at
// fault. If none is, the chat itself is. Other messages may come in between: see
// [postponed].
func (w *worker) try(ctx, hard context.Context, c *call) (o outcome) {
	chat := w.chat
	if c.Edits != "" || time.Now().Before(w.topicAway) {
		chat.Topic = 0
	}
	w.postponed.resume(c, &chat, &o)
	if c.divisible() && w.divided.most(c.Kind) > 0 { // each form takes a call
		o.form = plainText
	}
	for {
		if o = w.attempt(hard, chat, c, o.form); o.failure == nil {
			if c.Edits == "" {
				w.postponed.took(c, o.form, time.Now())
				w.judge(ctx, hard, chat, c, &o)
				w.divided.took(c, o.form)
			}
			return o
		}
		switch refused := o.failure.Kind == transport.Refused; {
		case refused && o.form == plainText && c.divisible() && w.takesOthers():
			w.divided.refused(c)
			w.metrics.retried.WithLabelValues(w.key, api.Refused).Inc()
			w.log.Warn("a summary was refused: dividing it", "message", c.ID, "lines", c.lines, "err", o.failure)
			o.postponed = true
			return o
		case refused && o.form < c.lastForm():
			o.form++
		case chat.Topic != 0 && (refused || o.failure.Kind == transport.TopicGone):
			chat.Topic, o.form = 0, formatted
		default:
			w.postponed.refused(c, o.failure)
			return o
		}
		w.metrics.retried.WithLabelValues(w.key, api.Refused).Inc()
		w.log.Warn("a message was refused: trying it otherwise", "message", c.ID, "form", o.form, "topic", chat.Topic, "err", o.failure)
		if w.postpones(c) {
			w.postponed.add(c, chat, &o)
			return o
		}
		if !w.pace().wait(ctx, w.lease.Share) {
			o.failure = &transport.Error{Kind: transport.Unreachable, Description: "shutting down"}
			return o
		}
	}
}

// judge decides what was at fault when a new message was accepted in another
// way than the best. The chat itself may have been, if it was failing or took
// messages again between two attempts: the message then gets its full text.
func (w *worker) judge(ctx, hard context.Context, chat transport.Chat, c *call, o *outcome) {
	if now := time.Now(); w.dead == "" && chat.Topic != w.chat.Topic && !now.Before(w.topicAway) {
		w.topicAway = now.Add(topicRetry)
		w.log.Error("the topic does not take messages: they go to the chat itself", "topic", w.chat.Topic, "until", w.topicAway)
	}
	doubtful := o.form >= minimal || w.dead != "" && o.form != formatted
	if doubtful && w.soon() && w.pace().wait(ctx, w.lease.Share) {
		full := *c
		full.Edits = o.id
		if w.attempt(hard, chat, &full, formatted).failure == nil {
			o.form = formatted
		}
	}
}

// attempt makes one call of the transport.
func (w *worker) attempt(hard context.Context, chat transport.Chat, c *call, f form) outcome {
	o := outcome{form: f}
	able := w.transport().Capabilities(chat)
	if c.Edits != "" && !able.Edits {
		o.failure = &transport.Error{Transport: chat.Service(), Kind: transport.MessageGone, Description: "messages cannot be edited"}
		return o
	}
	m := fitted(c.in(f), able)
	err := w.service.global.Wait(hard)
	if err == nil {
		p, now := w.pace(), time.Now()
		p.begin(now)
		w.calls = latest(append(w.calls, now))
		if c.Edits != "" {
			w.service.edits.begin(now)
			err = w.transport().Edit(hard, chat, c.Edits, m)
		} else {
			o.id, err = w.transport().Send(hard, chat, m)
		}
		p.end(time.Now())
		if err == nil {
			p.shows(time.Now())
		}
	}
	if err != nil && !errors.As(err, &o.failure) {
		o.failure = &transport.Error{Kind: transport.Unreachable, Description: err.Error()}
	}
	return o
}
