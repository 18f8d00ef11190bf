package checks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/alertnative/preflight/checks/internal/strict"
)

// holdings reads the wallets and the orders of the account. The spot wallet
// comes first, alone: if the exchange refuses that call, no other is sent.
func (b binance) holdings(ctx context.Context) (account, error) {
	all, err := b.spotWallet(ctx)
	if err != nil {
		return account{}, err
	}
	others, err := together(ctx, b.frozen, b.funding, b.crossMargin, b.isolatedMargin, b.spotOrders, b.spotLists)
	all.add(others)
	return all, err
}

// spotWallet reads what is free, and what orders lock.
func (b binance) spotWallet(ctx context.Context) (account, error) {
	const what = "the account"
	a, err := b.get(ctx, "/api/v3/account", b.sign("omitZeroBalances=true"))
	if err != nil {
		return account{}, err
	}
	var body struct {
		Balances []struct {
			Asset  name   `json:"asset"`
			Free   amount `json:"free"`
			Locked amount `json:"locked"`
		} `json:"balances"`
		CanTrade    *bool     `json:"canTrade"`
		Permissions *[]string `json:"permissions"`
	}
	if err := a.decode(what, &body); err != nil {
		return account{}, err
	}
	out := account{rights: rights{body.CanTrade, body.Permissions}}
	seen := once{}
	for _, c := range body.Balances {
		if err := seen.add(what, c.Asset); err != nil {
			return account{}, err
		}
		out.hold(holding{asset: string(c.Asset), amount: float64(c.Free + c.Locked)})
	}
	return out, nil
}

// walletAsset is an asset in the answers about the spot and funding wallets.
type walletAsset struct {
	Asset       name    `json:"asset"`
	Free        amount  `json:"free"`
	Locked      amount  `json:"locked"`
	Freeze      amount  `json:"freeze"`
	Withdrawing amount  `json:"withdrawing"`
	IPOable     *amount `json:"ipoable"` // of the spot wallet only
}

// walletAssets reads such an answer. The calls are of the kind POST, but change
// nothing.
func (b binance) walletAssets(ctx context.Context, path, wallet string) (assets []walletAsset, unread []string, err error) {
	unread, err = b.readWallet(ctx, http.MethodPost, path, "", wallet, &assets)
	seen := once{}
	for _, c := range assets {
		if err := seen.add("the "+wallet+" wallet", c.Asset); err != nil {
			return nil, nil, err
		}
	}
	return assets, unread, err
}

// frozen reads the amounts of the spot wallet that the account does not show.
func (b binance) frozen(ctx context.Context) (account, error) {
	assets, unread, err := b.walletAssets(ctx, "/sapi/v3/asset/getUserAsset", "spot")
	out := account{unread: unread}
	for _, c := range assets {
		if c.IPOable == nil {
			return account{}, badAnswer("the spot wallet", fmt.Errorf("ipoable of %s is missing", c.Asset))
		}
		out.hold(holding{asset: string(c.Asset), amount: float64(c.Freeze + c.Withdrawing + *c.IPOable)})
	}
	return out, err
}

func (b binance) funding(ctx context.Context) (account, error) {
	assets, unread, err := b.walletAssets(ctx, "/sapi/v1/asset/get-funding-asset", walletFunding)
	out := account{unread: unread}
	for _, c := range assets {
		out.hold(holding{wallet: walletFunding, asset: string(c.Asset), amount: float64(c.Free + c.Locked + c.Freeze + c.Withdrawing)})
	}
	return out, err
}

// marginAsset is an asset of a margin account.
type marginAsset struct {
	Asset    name   `json:"asset"`
	Borrowed amount `json:"borrowed"`
	Free     amount `json:"free"`
	Interest amount `json:"interest"`
	Locked   amount `json:"locked"`
}

func (c marginAsset) holdIn(a *account, wallet string) {
	a.hold(holding{wallet: wallet, asset: string(c.Asset), amount: float64(c.Free + c.Locked)})
	a.hold(holding{wallet: wallet, asset: string(c.Asset), kind: "borrowed", amount: -float64(c.Borrowed + c.Interest)})
}

func (b binance) crossMargin(ctx context.Context) (account, error) {
	var body struct {
		Assets []marginAsset `json:"userAssets"`
	}
	unread, err := b.readWallet(ctx, http.MethodGet, "/sapi/v1/margin/account", "", walletCross, &body)
	out := account{unread: unread}
	seen, locked := once{}, amount(0)
	for _, c := range body.Assets {
		if err := seen.add("the cross margin account", c.Asset); err != nil {
			return account{}, err
		}
		c.holdIn(&out, walletCross)
		locked += c.Locked
	}
	if err != nil || locked == 0 { // orders lock something
		return out, err
	}
	out.orders, err = b.restingOrders(ctx, "/sapi/v1/margin/openOrders", "")
	return out, err
}

func (b binance) isolatedMargin(ctx context.Context) (account, error) {
	var body struct {
		Pairs []struct {
			Symbol name        `json:"symbol"`
			Base   marginAsset `json:"baseAsset"`
			Quote  marginAsset `json:"quoteAsset"`
		} `json:"assets"`
	}
	unread, err := b.readWallet(ctx, http.MethodGet, "/sapi/v1/margin/isolated/account", "", walletIsolated, &body)
	out := account{unread: unread}
	seen := once{}
	for _, pair := range body.Pairs {
		if err := seen.add("the isolated margin account", pair.Symbol); err != nil {
			return account{}, err
		}
		pair.Base.holdIn(&out, walletIsolated)
		pair.Quote.holdIn(&out, walletIsolated)
		if pair.Base.Locked+pair.Quote.Locked == 0 {
			continue
		}
		orders, err := b.restingOrders(ctx, "/sapi/v1/margin/openOrders", "isIsolated=TRUE&symbol="+url.QueryEscape(string(pair.Symbol)))
		if err != nil {
			return account{}, err
		}
		out.orders = append(out.orders, orders...)
	}
	return out, err
}

// Codes of wallets that the account does not have.
const (
	noMarginAccount   = -3003
	noIsolatedAccount = -11001
)

// readWallet reads a wallet beside the main one. An account may lack it. A test
// network may lack the call, and the exchange may refuse it to these keys or to
// this account, although it answered for the main wallet: then unread has the
// cause.
func (b binance) readWallet(ctx context.Context, method, path, query, wallet string, body any) (unread []string, err error) {
	a, err := b.call(ctx, method, path, b.sign(query))
	code := errorCode(a)
	r, _ := errors.AsType[rejection](err)
	switch {
	case err == nil:
		return nil, a.decode("the "+wallet+" wallet", body)
	case code == noMarginAccount, code == noIsolatedAccount:
		return nil, nil
	case a.status == http.StatusNotFound:
		return []string{wallet + " (HTTP 404)"}, nil
	case a.status/100 == 4 && code != 0 && r.reason != "clock_skew" && r.reason != "maintenance":
		return []string{fmt.Sprintf("%s (Binance answers %d)", wallet, code)}, nil
	}
	return nil, err
}

// errorCode returns the code of an answer with an error, or 0.
func errorCode(a answer) int {
	var body struct {
		Code int `json:"code"`
	}
	if a.status == http.StatusOK || strict.Unmarshal(a.body, &body) != nil {
		return 0
	}
	return body.Code
}

func (b binance) spotOrders(ctx context.Context) (account, error) {
	orders, err := b.restingOrders(ctx, "/api/v3/openOrders", "")
	return account{orders: orders}, err
}

// restingOrders reads the orders of a call. Their numbers are unique per symbol.
func (b binance) restingOrders(ctx context.Context, path, query string) ([]order, error) {
	a, err := b.get(ctx, path, b.sign(query))
	if err != nil {
		return nil, err
	}
	var body []binanceOrder
	if err := a.decode("the open orders", &body); err != nil {
		return nil, err
	}
	var out []order
	for _, o := range body {
		out = append(out, o.order())
	}
	return out, nil
}

type binanceOrder struct {
	Symbol name  `json:"symbol"`
	ID     int64 `json:"orderId"`
}

func (o binanceOrder) order() order { return order{string(o.Symbol), strconv.FormatInt(o.ID, 10)} }

// spotLists reads the order lists. An order of a list that waits for another
// one may be in no other answer.
func (b binance) spotLists(ctx context.Context) (account, error) {
	a, err := b.get(ctx, "/api/v3/openOrderList", b.sign(""))
	if err != nil {
		return account{}, err
	}
	var lists []struct {
		Orders []binanceOrder `json:"orders"`
	}
	if err := a.decode("the order lists", &lists); err != nil {
		return account{}, err
	}
	var out account
	for _, list := range lists {
		for _, o := range list.Orders {
			out.orders = append(out.orders, o.order())
		}
	}
	return out, nil
}
