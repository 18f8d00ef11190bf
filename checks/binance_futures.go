package checks

import (
	"context"
	"fmt"
	"strconv"
)

// binanceFutures calls the API for USDⓈ-M futures.
type binanceFutures struct{ binance }

// binanceCoinFutures calls the API for COIN-M futures, whose amounts are numbers
// of contracts.
type binanceCoinFutures struct{ binance }

func (b binanceFutures) clock(ctx context.Context) (clockReading, error) {
	return b.time(ctx, "/fapi/v1/time")
}

func (b binanceCoinFutures) clock(ctx context.Context) (clockReading, error) {
	return b.time(ctx, "/dapi/v1/time")
}

// holdings reads the positions first, alone: if the exchange refuses that call,
// no other is sent. The Algo service has the conditional orders.
func (b binanceFutures) holdings(ctx context.Context) (account, error) {
	return b.futures(ctx, "/fapi/v3/positionRisk", "/fapi/v3/balance", "/fapi/v1/openOrders", b.algoOrders)
}

func (b binanceCoinFutures) holdings(ctx context.Context) (account, error) {
	return b.futures(ctx, "/dapi/v1/positionRisk", "/dapi/v1/balance", "/dapi/v1/openOrders")
}

func (b binance) futures(ctx context.Context, positions, balance, orders string, more ...func(context.Context) (account, error)) (account, error) {
	all, err := b.positions(ctx, positions)
	if err != nil {
		return account{}, err
	}
	more = append(more,
		func(ctx context.Context) (account, error) { return b.collateral(ctx, balance) },
		func(ctx context.Context) (account, error) {
			resting, err := b.restingOrders(ctx, orders, "")
			return account{orders: resting}, err
		})
	others, err := together(ctx, more...)
	all.add(others)
	return all, err
}

// positions reads the positions. In hedge mode a symbol has a long and a short
// one, which do not cancel each other out.
func (b binance) positions(ctx context.Context, path string) (account, error) {
	const what = "the positions"
	a, err := b.get(ctx, path, b.sign(""))
	if err != nil {
		return account{}, err
	}
	var body []struct {
		Symbol name   `json:"symbol"`
		Amount signed `json:"positionAmt"`
		Side   string `json:"positionSide"`
	}
	if err := a.decode(what, &body); err != nil {
		return account{}, err
	}
	kinds := map[string]string{"BOTH": "", "LONG": "LONG", "SHORT": "SHORT"}
	var out account
	seen := once{}
	for _, p := range body {
		kind, known := kinds[p.Side]
		if !known {
			return account{}, badAnswer(what, fmt.Errorf("positionSide %q of %s is none of BOTH, LONG, SHORT", p.Side, p.Symbol))
		}
		if err := seen.add(what, p.Symbol+name(" "+p.Side)); err != nil {
			return account{}, err
		}
		out.hold(holding{asset: string(p.Symbol), kind: kind, amount: float64(p.Amount)})
	}
	return out, nil
}

// collateral reads the balances of the futures wallet. They may be negative.
func (b binance) collateral(ctx context.Context, path string) (account, error) {
	const what = "the balances"
	a, err := b.get(ctx, path, b.sign(""))
	if err != nil {
		return account{}, err
	}
	var body []struct {
		Asset   name   `json:"asset"`
		Balance signed `json:"balance"`
	}
	if err := a.decode(what, &body); err != nil {
		return account{}, err
	}
	var out account
	seen := once{}
	for _, c := range body {
		if err := seen.add(what, c.Asset); err != nil {
			return account{}, err
		}
		out.hold(holding{wallet: walletCollateral, asset: string(c.Asset), amount: float64(c.Balance)})
	}
	return out, nil
}

// algoOrders reads the conditional orders, which openOrders does not have.
func (b binanceFutures) algoOrders(ctx context.Context) (account, error) {
	a, err := b.get(ctx, "/fapi/v1/openAlgoOrders", b.sign(""))
	if err != nil {
		return account{}, err
	}
	var body []struct {
		Symbol name  `json:"symbol"`
		ID     int64 `json:"algoId"`
	}
	if err := a.decode("the conditional orders", &body); err != nil {
		return account{}, err
	}
	var out account
	for _, o := range body {
		out.orders = append(out.orders, order{string(o.Symbol), "algo " + strconv.FormatInt(o.ID, 10)})
	}
	return out, nil
}
