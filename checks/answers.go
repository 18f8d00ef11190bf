package checks

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/alertnative/preflight/checks/internal/strict"
	"github.com/alertnative/preflight/internal/lazy"
)

// decode decodes the body of an answer strictly. Its error is a rejection that
// names the field. what is the subject of the answer, such as "the account".
func (a answer) decode(what string, v any) error {
	err := fmt.Errorf("is longer than %d MiB", maxAnswer>>20)
	if len(a.body) <= maxAnswer {
		err = strict.Unmarshal(a.body, v)
	}
	if err == nil {
		return nil
	}
	if strings.HasPrefix(err.Error(), "is ") { // the whole, and not a field
		what = "the answer with " + what
	}
	return badAnswer(what, err)
}

// badAnswer returns the error of an answer that is not as documented.
func badAnswer(what string, err error) error {
	const most = 200 // a server chooses the names of fields
	text := err.Error()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	if !strings.HasPrefix(text, "is ") {
		what += ":"
	}
	return rejection{"bad_answer", what + " " + text}
}

// decimal matches the numbers that exchanges send as text. It refuses what
// ParseFloat takes beyond that: NaN, Inf, hexadecimal numbers, underscores.
var decimal = lazy.Regexp(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// signed is an amount that may be negative, such as a short position.
type signed float64

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *signed) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 64)
	mantissa, _, _ := strings.Cut(strings.ToLower(string(text)), "e")
	if err != nil || !decimal().Match(text) || v == 0 && strings.ContainsAny(mantissa, "123456789") {
		return errors.New("is no amount")
	}
	*s = signed(v)
	return nil
}

// amount is an amount that is not negative.
type amount float64

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *amount) UnmarshalText(text []byte) error {
	var v signed
	if err := v.UnmarshalText(text); err != nil {
		return err
	}
	if v < 0 {
		return errors.New("is negative")
	}
	*a = amount(v)
	return nil
}

// name is the name of an asset or a symbol.
type name string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (n *name) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("is empty")
	}
	*n = name(text)
	return nil
}

// once refuses names that come twice in an answer.
type once map[name]bool

func (o once) add(what string, n name) error {
	if o[n] {
		return badAnswer(what, fmt.Errorf("has %s twice", n))
	}
	o[n] = true
	return nil
}
