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
	// Expiration is the end of the permission for spot and margin trading, in
	// milliseconds. Keys that are bound to addresses have none.
	Expiration *int64 `json:"tradingAuthorityExpirationTime"`
}

// permissions reads the permissions of keys once. Exchanges with the same keys
// share it.
type permissions struct {
	url  string
	once sync.Once
	keys *keyPermissions
	err  error
}

// keyPermissions returns the permissions of the keys, or nil if the API does not
// report them, as on test networks.
func (b binance) keyPermissions(ctx context.Context) (*keyPermissions, error) {
	p := b.permissions
	if p == nil {
		return nil, nil
	}
	p.once.Do(func() {
		b.BaseURL = strings.TrimRight(p.url, "/")
		a, err := b.get(ctx, "/sapi/v1/account/apiRestrictions", b.sign(""))
		switch {
		case a.status == http.StatusNotFound:
			return
		case err != nil:
			p.err = err
			return
		}
		p.keys = new(keyPermissions)
		p.err = a.decode("the permissions", p.keys)
	})
	return p.keys, p.err
}

func (p keyPermissions) report() keyReport {
	return keyReport{withdraws: p.Withdrawals, transfers: p.InternalTransfer || p.UniversalTransfer, unbound: !p.Restricted}
}

func (b binance) keys(ctx context.Context) (keyReport, error) {
	p, err := b.keyPermissions(ctx)
	if p == nil || err != nil {
		return keyReport{}, err
	}
	report := p.report()
	if !p.SpotAndMargin {
		report.noTrade = "enableSpotAndMarginTrading"
	}
	if p.Expiration != nil {
		report.expires = time.UnixMilli(*p.Expiration)
	}
	return report, nil
}

func (b binanceFutures) keys(ctx context.Context) (keyReport, error) { return b.futuresKeys(ctx) }

func (b binanceCoinFutures) keys(ctx context.Context) (keyReport, error) { return b.futuresKeys(ctx) }

func (b binance) futuresKeys(ctx context.Context) (keyReport, error) {
	p, err := b.keyPermissions(ctx)
	if p == nil || err != nil {
		return keyReport{}, err
	}
	report := p.report()
	if !p.Futures {
		report.noTrade = "enableFutures"
	}
	return report, nil
}
