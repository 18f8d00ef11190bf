package checks

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/checker"
)

// settings compares the rights of a spot account, and the announced delistings,
// with the declared symbols.
func (b binance) settings(ctx context.Context, a account, trades bool) (found []checker.Observation, err error) {
	if trades {
		if found, err = b.compareRights(ctx, a.rights); err != nil {
			return nil, err
		}
	}
	if len(b.Trading.Symbols) == 0 {
		return found, nil
	}
	delistings, err := b.delistings(ctx)
	return append(found, delistings...), err
}

// compareRights compares the permissions of the account with those that the
// declared symbols need.
func (b binance) compareRights(ctx context.Context, r rights) (found []checker.Observation, err error) {
	if r.canTrade == nil || r.permissions == nil {
		return nil, badAnswer("canTrade or permissions of the account", errMissing)
	}
	found = locked(b.Name, *r.canTrade)
	if len(b.Trading.Symbols) == 0 {
		return found, nil
	}
	i, _, err := b.info(ctx, b.Trading.names())
	if err != nil {
		return nil, err
	}
	symbols, err := find[spotSymbol](i, b.Trading.names())
	for _, name := range b.Trading.names() {
		if lacks := symbols[name].lacks(*r.permissions); lacks != nil {
			found = append(found, checker.Failed(b.Name, "symbol_not_permitted", fmt.Sprintf("%s needs one of the permissions %s, which the account lacks", name, some(lacks))))
		}
	}
	return found, err
}

// lacks returns a set of permissions of which the account has none, but needs
// one.
func (s spotSymbol) lacks(permissions []string) []string {
	for _, one := range s.PermissionSets {
		if !slices.ContainsFunc(one, func(p string) bool { return slices.Contains(permissions, p) }) {
			return one
		}
	}
	return nil
}

// delistings compares the announced delistings with the declared symbols. Test
// networks announce none.
func (b binance) delistings(ctx context.Context) (found []checker.Observation, err error) {
	a, err := b.get(ctx, "/sapi/v1/spot/delist-schedule", b.sign(""))
	if a.status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var schedule []struct {
		Time    int64    `json:"delistTime"`
		Symbols []string `json:"symbols"`
	}
	if err := a.decode("the delistings", &schedule); err != nil {
		return nil, err
	}
	for _, delisting := range schedule {
		for _, name := range b.Trading.names() {
			if slices.Contains(delisting.Symbols, name) {
				found = append(found, delisted(b.Name, name, time.UnixMilli(delisting.Time)))
			}
		}
	}
	return found, nil
}

func delisted(exchange, symbol string, at time.Time) checker.Observation {
	return checker.Warned(exchange, "delisting", fmt.Sprintf("%s will be delisted at %s UTC", symbol, at.UTC().Format(time.DateTime)))
}

// settings compares the settings of a futures account with the declared ones.
func (b binanceFutures) settings(ctx context.Context, _ account, trades bool) ([]checker.Observation, error) {
	var modes, symbols []checker.Observation
	calls, ctx := errgroup.WithContext(ctx)
	if trades || b.Trading.PositionMode != "" || b.Trading.MultiAssets != nil {
		calls.Go(func() (err error) { modes, err = b.modes(ctx, trades); return err })
	}
	if slices.ContainsFunc(b.Trading.Symbols, symbolConfig.hasSettings) {
		calls.Go(func() (err error) { symbols, err = b.symbolSettings(ctx); return err })
	}
	err := calls.Wait()
	return append(modes, symbols...), err
}

// modes compares the settings of the whole account.
func (b binanceFutures) modes(ctx context.Context, trades bool) (found []checker.Observation, err error) {
	a, err := b.get(ctx, "/fapi/v1/accountConfig", b.sign(""))
	if err != nil {
		return nil, err
	}
	var account struct {
		CanTrade    bool `json:"canTrade"`
		Hedge       bool `json:"dualSidePosition"`
		MultiAssets bool `json:"multiAssetsMargin"`
	}
	if err := a.decode("the configuration of the account", &account); err != nil {
		return nil, err
	}
	if trades {
		found = locked(b.Name, account.CanTrade)
	}
	mode := oneWay
	if account.Hedge {
		mode = hedge
	}
	if want := b.Trading.PositionMode; want != "" && want != mode {
		found = append(found, checker.Failed(b.Name, "wrong_position_mode", fmt.Sprintf("the position mode is %s, declared is %s", mode, want)))
	}
	if want := b.Trading.MultiAssets; want != nil && *want != account.MultiAssets {
		found = append(found, checker.Failed(b.Name, "wrong_multi_assets", fmt.Sprintf("multi-assets mode is %t, declared is %t", account.MultiAssets, *want)))
	}
	return found, nil
}

// settings reads whether a COIN-M account may trade.
func (b binanceCoinFutures) settings(ctx context.Context, _ account, trades bool) ([]checker.Observation, error) {
	if !trades {
		return nil, nil
	}
	a, err := b.get(ctx, "/dapi/v1/account", b.sign(""))
	if err != nil {
		return nil, err
	}
	var account struct {
		CanTrade bool `json:"canTrade"`
	}
	err = a.decode("the account", &account)
	return locked(b.Name, account.CanTrade), err
}

// locked returns the failure of an account that may not trade.
func locked(exchange string, canTrade bool) []checker.Observation {
	if canTrade {
		return nil
	}
	return []checker.Observation{checker.Failed(exchange, "cannot_trade", "canTrade of the account is false")}
}

// hasSettings reports whether settings of a symbol are declared.
func (s symbolConfig) hasSettings() bool { return s.MarginType != "" || s.Leverage != 0 }

// futuresSetting holds the settings of a symbol.
type futuresSetting struct {
	Symbol     string `json:"symbol"`
	MarginType string `json:"marginType"` // ISOLATED or CROSSED
	Leverage   int    `json:"leverage"`
}

// symbolSettings compares the settings of each declared symbol.
func (b binanceFutures) symbolSettings(ctx context.Context) (found []checker.Observation, err error) {
	query := ""
	if len(b.Trading.Symbols) == 1 {
		query = "symbol=" + url.QueryEscape(b.Trading.Symbols[0].Symbol)
	}
	a, err := b.get(ctx, "/fapi/v1/symbolConfig", b.sign(query))
	if a.unknownSymbol() {
		a.body, err = []byte("[]"), nil
	}
	if err != nil {
		return nil, err
	}
	var settings []futuresSetting
	if err := a.decode("the settings of the symbols", &settings); err != nil {
		return nil, err
	}
	seen := once{}
	for _, on := range settings {
		if err := seen.add("the settings of the symbols", name(on.Symbol)); err != nil {
			return nil, err
		}
	}
	for _, s := range b.Trading.Symbols {
		if s.hasSettings() {
			found = append(found, s.compare(b.Name, settings)...)
		}
	}
	return found, nil
}

// compare compares a declared symbol with the settings on the exchange.
func (s symbolConfig) compare(exchange string, settings []futuresSetting) (found []checker.Observation) {
	i := slices.IndexFunc(settings, func(on futuresSetting) bool { return on.Symbol == s.Symbol })
	if i < 0 {
		return []checker.Observation{checker.Failed(exchange, "unknown_symbol", "the account has no settings of "+s.Symbol)}
	}
	on := settings[i]
	if s.MarginType != "" && strings.ToUpper(s.MarginType) != on.MarginType {
		found = append(found, checker.Failed(exchange, "wrong_margin_type", fmt.Sprintf("the margin type of %s is %s, declared is %s", s.Symbol, strings.ToLower(on.MarginType), s.MarginType)))
	}
	if s.Leverage != 0 && s.Leverage != on.Leverage {
		found = append(found, checker.Failed(exchange, "wrong_leverage", fmt.Sprintf("the leverage of %s is %d, declared is %d", s.Symbol, on.Leverage, s.Leverage)))
	}
	return found
}
