package checks

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// keyPermissions is the answer about the permissions of keys.
type keyPermissions struct {
	Withdrawals       bool `json:"enableWithdrawals"`
	InternalTransfer  bool `json:"enableInternalTransfer"`
	UniversalTransfer bool `json:"permitsUniversalTransfer"`
	Restricted        bool `json:"ipRestrict"`
	SpotAndMargin     bool `json:"enableSpotAndMarginTrading"`
	Futures           bool `json:"enableFutures"`
	// Portfolio is on only for accounts that joined portfolio margin. Then the
	// permission for futures is off.
	Portfolio *bool `json:"enablePortfolioMarginTrading"`
	// Expiration is the end of the permission for spot and margin trading, in
	// milliseconds. Keys that are bound to addresses have none.
	Expiration *int64 `json:"tradingAuthorityExpirationTime"`
}

// permissions reads the permissions of keys once. Exchanges with the same keys
// share it.
type permissions struct {
	url        string
	undeclared bool // preflight.yml does not name the address
	once       sync.Once
	keys       *keyPermissions
	unread     string // cause for which the permissions are not known
	err        error
}

// read reads the permissions. Test networks do not report them. An address that
// is not declared may be out of reach: that does not fail the check, and leaves
// half of the time to other calls.
func (p *permissions) read(ctx context.Context, b binance) {
	deadline, limited := ctx.Deadline()
	patience := time.Until(deadline) / 2
	if p.undeclared && limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	b.BaseURL = strings.TrimRight(p.url, "/")
	a, err := b.get(ctx, "/sapi/v1/account/apiRestrictions", b.sign(""))
	if err == nil {
		p.keys = new(keyPermissions)
		err = a.decode("the permissions", p.keys)
	}
	switch {
	case a.status == http.StatusNotFound:
		p.unread = "the address does not report them"
	case err != nil && p.undeclared:
		_, detail := explainExchange(err, patience.Round(time.Millisecond))
		p.keys, p.unread = nil, p.url+": "+detail
	default:
		p.err = err
	}
}

// report reads the permissions of the keys. allowed returns whether one allows to
// trade.
func (b binance) report(ctx context.Context, permission string, allowed func(keyPermissions) bool) (keyReport, error) {
	p := b.permissions
	if p == nil {
		return keyReport{unread: "no API for spot trading is declared with these keys"}, nil
	}
	p.once.Do(func() { p.read(ctx, b) })
	if p.err != nil || p.keys == nil {
		return keyReport{unread: p.unread}, p.err
	}
	report := keyReport{
		withdraws: p.keys.Withdrawals, unbound: !p.keys.Restricted,
		transfers: p.keys.InternalTransfer || p.keys.UniversalTransfer,
		portfolio: p.keys.Portfolio != nil && *p.keys.Portfolio,
	}
	if !allowed(*p.keys) {
		report.noTrade = permission
	}
	return report, nil
}

func (b binance) keys(ctx context.Context) (keyReport, error) {
	report, err := b.report(ctx, "enableSpotAndMarginTrading", func(p keyPermissions) bool { return p.SpotAndMargin })
	if err != nil || report.unread != "" {
		return report, err
	}
	if ends := b.permissions.keys.Expiration; ends != nil && *ends > 0 {
		report.expires = time.UnixMilli(*ends)
	}
	return report, err
}

func (b binanceFutures) keys(ctx context.Context) (keyReport, error) { return b.futuresKeys(ctx) }

func (b binanceCoinFutures) keys(ctx context.Context) (keyReport, error) { return b.futuresKeys(ctx) }

func (b binance) futuresKeys(ctx context.Context) (keyReport, error) {
	return b.report(ctx, "enableFutures", func(p keyPermissions) bool { return p.Futures })
}
