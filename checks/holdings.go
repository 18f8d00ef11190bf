package checks

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"
)

// account holds the assets and orders that an exchange reports. Amounts of different
// kinds are never netted: an asset and a debt, a long and a short position.
type account struct {
	held   []holding
	orders []order  // that rest
	unread []string // wallets that could not be read, each with the cause
	rights rights   // of a spot account on Binance
}

// rights are those of an account to trade; nil if the exchange leaves them out.
type rights struct {
	canTrade    *bool
	permissions *[]string
}

// holding is an amount in an account.
type holding struct {
	wallet string // "" for the spot wallet, and for positions in futures
	asset  string // currency, or symbol of a futures contract
	kind   string // borrowed, LONG, SHORT, or "" for the others
	amount float64
}

// The wallets beside the main one. An allowed position names its wallet.
const (
	walletFunding    = "funding"
	walletCross      = "cross_margin"
	walletIsolated   = "isolated_margin"
	walletCollateral = "collateral" // of futures
)

// String returns the holding as people read it: "funding: USDT 5".
func (h holding) String() string {
	text := h.asset + " "
	if h.wallet != "" {
		text = h.wallet + ": " + text
	}
	if h.kind != "" {
		text += h.kind + " "
	}
	return text + strconv.FormatFloat(h.amount, 'f', -1, 64)
}

// order is an order that rests on an exchange.
type order struct {
	symbol string
	id     string // unique on the exchange
}

// hold adds an amount. Amounts of one asset, wallet and kind are added up: they
// have the same sign.
func (a *account) hold(h holding) {
	for i, other := range a.held {
		if other.wallet == h.wallet && other.asset == h.asset && other.kind == h.kind {
			a.held[i].amount = decimals(other.amount + h.amount)
			return
		}
	}
	h.amount = decimals(h.amount)
	a.held = append(a.held, h)
}

// decimals returns the decimal number that a sum or a product of decimal numbers
// means: 0.1 + 0.2 is not above 0.3.
func decimals(v float64) float64 {
	const digits = 15 // that a float64 keeps of every decimal number
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	return v
}

// add adds the content of another account. An order may be in both.
func (a *account) add(b account) {
	for _, h := range b.held {
		a.hold(h)
	}
	for _, o := range b.orders {
		if !slices.Contains(a.orders, o) {
			a.orders = append(a.orders, o)
		}
	}
	a.unread = append(a.unread, b.unread...)
}

// together reads parts of an account concurrently.
func together(ctx context.Context, parts ...func(context.Context) (account, error)) (account, error) {
	read := make([]account, len(parts))
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() { read[i], errs[i] = part(ctx) })
	}
	wg.Wait()
	var all account
	for i := range parts {
		if errs[i] != nil {
			return account{}, errs[i]
		}
		all.add(read[i])
	}
	return all, nil
}

// price is the price of one unit of an asset in another currency.
type price struct {
	value float64
	at    time.Time // of the last trade
}
