package checks

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/checker"
)

// keyReport holds the report of an exchange about its keys. Exchanges leave out
// parts of it.
type keyReport struct {
	// withdraws: the keys allow withdrawals, or reading withdrawals where the
	// exchange reports no more than that.
	withdraws bool
	transfers bool      // the keys allow transfers to other accounts
	unbound   bool      // the keys can be used from every address
	portfolio bool      // the account is one of portfolio margin
	noTrade   string    // permission for trading that is off, or ""
	expires   time.Time // zero if unknown
	unread    string    // cause for which the permissions are not known, or ""
}

// observe compares the report with the declarations. In a live environment the
// permissions must be known.
func (k keyReport) observe(e exchange, live bool) (found []checker.Observation) {
	trades := e.Trading.mustTrade(live)
	if live && k.unread != "" {
		found = append(found, checker.Warned(e.Name, "permissions_not_read", "the permissions of the keys are not known: "+k.unread))
	}
	if live && k.portfolio {
		found = append(found, checker.Warned(e.Name, "wallet_not_read", "the wallet, the positions and the orders of portfolio margin are not read (enablePortfolioMarginTrading of the keys is on)"))
	}
	expired := !k.expires.IsZero() && !k.expires.After(time.Now())
	switch date := k.expires.UTC().Format(time.DateTime) + " UTC"; {
	case trades && k.noTrade != "":
		found = append(found, checker.Failed(e.Name, "cannot_trade", "the permission "+k.noTrade+" of the keys is off"))
	case trades && expired:
		found = append(found, checker.Failed(e.Name, "key_expired", "the permission to trade ended at "+date))
	case !expired && !k.expires.IsZero() && time.Until(k.expires) < e.Trading.KeyExpiresWithin:
		found = append(found, checker.Warned(e.Name, "key_expires_soon", fmt.Sprintf("the keys expire at %s, within %s", date, e.Trading.KeyExpiresWithin)))
	}
	if k.withdraws {
		found = append(found, checker.Warned(e.Name, "withdrawal_permission", "the keys have permissions for withdrawals"))
	}
	if k.transfers {
		found = append(found, checker.Warned(e.Name, "transfer_permission", "the keys can transfer to other accounts"))
	}
	if k.unbound {
		found = append(found, checker.Warned(e.Name, "no_ip_list", "the keys can be used from every address"))
	}
	return found
}

// withPermissions sets where the permissions of Binance's keys are read. Only the
// API for spot trading reports them, so keys for futures are looked up there: at
// the declared address if the keys are the same, else at the real one if futures
// are traded on the real one.
func withPermissions(all []exchange) []exchange {
	const realSpot = "https://api.binance.com"
	realFutures := []string{"fapi.binance.com", "dapi.binance.com"}
	spot := slices.IndexFunc(all, func(e exchange) bool { return e.Name == targetBinanceSpot })
	shared := map[[2]string]*permissions{} // by address and key
	for i := range all {
		e := &all[i]
		base, _ := url.Parse(e.BaseURL)
		switch {
		case e.Name == targetUpbit:
			continue
		case e.Name == targetBinanceSpot:
			e.permissions = &permissions{url: e.BaseURL}
		case spot >= 0 && all[spot].AccessKey == e.AccessKey && baseProblem(all[spot].BaseURL) == "":
			e.permissions = &permissions{url: all[spot].BaseURL}
		case base != nil && slices.Contains(realFutures, base.Host):
			e.permissions = &permissions{url: realSpot, undeclared: true}
		default:
			continue
		}
		at := [2]string{e.permissions.url, e.AccessKey}
		if shared[at] == nil {
			shared[at] = e.permissions
		}
		e.permissions = shared[at]
	}
	return all
}

// caller returns the address of this machine that a refusal shows, as the end of
// a detail, or "".
func (a answer) caller() string {
	words := strings.FieldsFunc(string(a.body), func(r rune) bool { return strings.ContainsRune(` ,"'()[]{}`, r) })
	for _, word := range words {
		if ip, err := netip.ParseAddr(strings.TrimSuffix(word, ".")); err == nil {
			return "; this machine calls from " + ip.String()
		}
	}
	return ""
}
