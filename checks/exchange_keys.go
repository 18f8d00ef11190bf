package checks

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/checker"
)

// keyReport is what an exchange reports about its keys. Exchanges leave out
// parts of it.
type keyReport struct {
	// withdraws: the keys allow withdrawals, or reading withdrawals where the
	// exchange reports no more than that.
	withdraws bool
	transfers bool      // the keys allow transfers to other accounts
	unbound   bool      // the keys can be used from every address
	noTrade   string    // permission for trading that is off, or ""
	expires   time.Time // zero if unknown
}

// observe compares the report with the declarations. If trades, the keys must
// be able to trade.
func (k keyReport) observe(e exchange, trades bool) (found []checker.Observation) {
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

// compare compares the keys and the account with the declarations. With an
// error it returns what it found all the same: keys without a permission explain
// why other calls are refused.
func compare(ctx context.Context, api api, e exchange, trades bool) ([]checker.Observation, error) {
	var report keyReport
	var account []checker.Observation
	var calls errgroup.Group
	calls.Go(func() (err error) { report, err = api.keys(ctx); return err })
	calls.Go(func() (err error) { account, err = api.account(ctx, trades); return err })
	err := calls.Wait()
	return append(report.observe(e, trades), account...), err
}

// withPermissions sets the address at which each exchange reports the
// permissions of its keys. Only Binance's API for spot trading does, so keys for
// futures are looked up there: at the declared address if the keys are the same,
// else at the real one if futures are traded on the real one.
func withPermissions(all []exchange) []exchange {
	const realFutures, realSpot = "fapi.binance.com", "https://api.binance.com"
	spot := slices.IndexFunc(all, func(e exchange) bool { return e.Name == targetBinanceSpot })
	for i := range all {
		e := &all[i]
		address, _ := url.Parse(e.BaseURL)
		switch {
		case e.Name == targetBinanceSpot:
			e.PermissionsURL = e.BaseURL
		case e.Name != targetBinanceFutures:
		case spot >= 0 && all[spot].AccessKey == e.AccessKey && baseProblem(all[spot].BaseURL) == "":
			e.PermissionsURL = all[spot].BaseURL
		case address != nil && address.Host == realFutures:
			e.PermissionsURL = realSpot
		}
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

// badAnswer returns the error for an answer that strict.Unmarshal refuses.
func badAnswer(what string, err error) error {
	return rejection{"bad_answer", what + ": " + err.Error()}
}

// summary returns the gravest observation of an exchange. Its detail names the
// others too, because a target shows one.
func summary(exchange, fine string, found []checker.Observation) checker.Observation {
	if len(found) == 0 {
		return checker.Passed(exchange, fine)
	}
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b checker.Observation) int {
		return strings.Compare(string(a.Status), string(b.Status)) // fail, warn
	})
	var details []string
	for _, o := range found {
		details = append(details, o.Detail)
	}
	found[0].Detail = strings.Join(details, "; ")
	return found[0]
}
