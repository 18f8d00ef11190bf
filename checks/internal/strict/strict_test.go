package strict_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checks/internal/strict"
)

// amount is not negative.
type amount float64

func (a *amount) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil || v < 0 {
		return errors.New("is no amount")
	}
	*a = amount(v)
	return nil
}

type account struct {
	Balances []balance         `json:"balances"`
	Time     int64             `json:"time"`
	CanTrade bool              `json:"canTrade"`
	Rate     float64           `json:"rate"`
	Limits   map[string]amount `json:"limits"`
	Note     *string           `json:"note"`
}

type balance struct {
	Asset string `json:"asset"`
	Free  amount `json:"free"`
}

const good = `{"balances": [{"asset": "BTC", "free": "1.5", "more": {"a": [1, {"b": null}]}}], "time": 7, "canTrade": true, "rate": 0.5, "limits": {"BTC": 2}}`

func TestUnmarshal(t *testing.T) {
	var got account
	if err := strict.Unmarshal([]byte(good), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Balances) != 1 || got.Balances[0] != (balance{"BTC", 1.5}) || got.Time != 7 || !got.CanTrade || got.Rate != 0.5 || got.Limits["BTC"] != 2 || got.Note != nil {
		t.Errorf("%+v", got)
	}
}

func TestRefused(t *testing.T) {
	rest := `"time": 7, "canTrade": true, "rate": 0.5, "limits": {}`
	deep := strings.Repeat("[", 1<<20)
	if err := strict.Unmarshal([]byte(deep+strings.Repeat("]", 1<<20)), new(account)); err == nil {
		t.Error("a document of a million levels is accepted")
	}
	for text, want := range map[string]string{
		`null`:                                 "is null",
		``:                                     "is no JSON",
		`[]`:                                   "is of another kind",
		`"text"`:                               "is of another kind",
		`{"balances": [], ` + rest:             "is no JSON",
		`{"balances": [], ` + rest + `} {}`:    "is no JSON",
		`{` + rest + `}`:                       "balances is missing",
		`{"balances": null, ` + rest + `}`:     "balances is null",
		`{"balances": {}, ` + rest + `}`:       "balances is of another kind",
		`{"Balances": [], ` + rest + `}`:       "balances is missing",
		`{"balances": [null], ` + rest + `}`:   "balances[0] is null",
		`{"balances": [{}, {}], ` + rest + `}`: "",
		`{"balances": [{"asset": "BTC", "free": null}], ` + rest + `}`:              "balances[0].free is of another kind",
		`{"balances": [{"asset": "BTC", "free": ""}], ` + rest + `}`:                "balances[0].free is no amount",
		`{"balances": [{"asset": "BTC", "free": "-5"}], ` + rest + `}`:              "balances[0].free is no amount",
		`{"balances": [{"asset": "BTC", "free": "5", "free": "0"}], ` + rest + `}`:  "balances[0].free comes twice",
		`{"balances": [{"asset": "BTC", "free": "5", "FREE": "0"}], ` + rest + `}`:  "balances[0].FREE comes twice",
		`{"balances": [], "baſ": 1, "bas": 2, ` + rest + `}`:                        "bas comes twice",
		`{"balances": [], "x": {"y": [{"z": 1, "Z": 2}]}, ` + rest + `}`:            "x.y.Z comes twice",
		`{"balances": [], "time": 7.5, "canTrade": true, "rate": 1, "limits": {}}`:  "time is of another kind",
		`{"balances": [], "time": "7", "canTrade": true, "rate": 1, "limits": {}}`:  "time is of another kind",
		`{"balances": [], "time": 1e99, "canTrade": true, "rate": 1, "limits": {}}`: "time is of another kind",
		`{"balances": [], "time": 7, "canTrade": "yes", "rate": 1, "limits": {}}`:   "canTrade is of another kind",
		`{"balances": [], "time": 7, "canTrade": true, "rate": 1, "limits": []}`:    "limits is of another kind",
	} {
		var got account
		err := strict.Unmarshal([]byte(text), &got)
		if err == nil || want != "" && err.Error() != want {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestRawMessage(t *testing.T) {
	var got struct {
		List []json.RawMessage `json:"list"`
		Next int               `json:"next"`
	}
	if err := strict.Unmarshal([]byte(`{"list": [{"a": 1}, null, "x"], "next": 7}`), &got); err != nil || len(got.List) != 3 || string(got.List[0]) != `{"a": 1}` || got.Next != 7 {
		t.Errorf("%s %d: %v", got.List, got.Next, err)
	}
	for _, text := range []string{`{"next": 7}`, `{"list": null, "next": 7}`, `{"list": [1], "list": [], "next": 7}`, `{"list": {}, "next": 7}`} {
		if err := strict.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(_ *testing.T, data []byte) {
		var got account
		_ = strict.Unmarshal(data, &got)
	})
}
