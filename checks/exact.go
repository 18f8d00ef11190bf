package checks

import (
	"errors"
	"math/big"

	"github.com/alertnative/preflight/internal/lazy"
)

// exact is an exact amount or price that is not negative. Exchanges send them
// as text or as numbers, and compare them exactly.
type exact struct{ value *big.Rat }

// exactForm bounds the size of the numbers.
var exactForm = lazy.Regexp(`^[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?$`)

// UnmarshalText parses a number such as 0.001.
func (d *exact) UnmarshalText(text []byte) error {
	if !exactForm().Match(text) {
		return errors.New("is no amount")
	}
	d.value, _ = new(big.Rat).SetString(string(text))
	return nil
}

// parseExact parses a number of preflight.yml. It returns no number
// for bad text, which Problems reports.
func parseExact(text string) exact {
	var d exact
	_ = d.UnmarshalText([]byte(text))
	return d
}

// set reports whether the number is there and not zero. Exchanges send 0 for
// limits that do not apply.
func (d exact) set() bool { return d.value != nil && d.value.Sign() > 0 }

func (d exact) less(than exact) bool { return d.value.Cmp(than.value) < 0 }

func (d exact) times(other exact) exact { return exact{new(big.Rat).Mul(d.value, other.value)} }

// inSteps reports whether the distance from a number is a multiple of a step.
func (d exact) inSteps(from, step exact) bool {
	distance := new(big.Rat).Set(d.value)
	if from.value != nil {
		distance.Sub(distance, from.value)
	}
	return distance.Quo(distance, step.value).IsInt()
}

// String returns all digits and no trailing zeros.
func (d exact) String() string {
	digits, _ := d.value.FloatPrec()
	return d.value.FloatString(digits)
}
