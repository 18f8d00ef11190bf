package checks

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/alertnative/preflight/checker"
)

// testOrder sends a declared order to the call that judges orders and creates
// none. It alone shows that the keys have the permission for orders.
func (u upbit) testOrder(ctx context.Context) ([]checker.Observation, error) {
	i := slices.IndexFunc(u.Trading.Symbols, func(s symbolConfig) bool { return s.Price != "" })
	s := u.Trading.Symbols[i] // Problems demands one
	order := [][2]string{{"market", s.Symbol}, {"side", "bid"}, {"volume", s.OrderSize}, {"price", s.Price}, {"ord_type", "limit"}}
	a, err := u.post(ctx, "/v1/orders/test", order)
	name := upbitError(a)
	side := strings.TrimSuffix(name, "_bid")
	switch {
	case name == "out_of_scope":
		return u.refused("cannot_trade", "the permission for orders (주문하기) of the keys is off"), nil
	case name == "market_offline":
		return u.refused("symbol_not_trading", s.Symbol+" does not trade: Upbit answers "+name), nil
	case side == "invalid_price":
		return u.refused("order_price_refused", s.Symbol+" refuses the declared price: Upbit answers "+name), nil
	case side == "under_min_total":
		return u.refused("order_value_refused", s.Symbol+" refuses the declared order: Upbit answers "+name), nil
	case side == "insufficient_funds": // which the permission comes before
		return nil, nil
	case a.status == http.StatusBadRequest && name != "":
		return nil, rejection{"unexpected_answer", "Upbit answers " + name + " to the test of an order"}
	case err != nil:
		return nil, err
	}
	var tested struct {
		Market string `json:"market"`
	}
	err = a.decode("the test of an order", &tested)
	return nil, err
}

func (u upbit) refused(reason, detail string) []checker.Observation {
	return []checker.Observation{checker.Failed(u.Name, reason, detail)}
}

// post makes a signed call with a body. The signature covers the parameters as a
// query in the same order.
func (u upbit) post(ctx context.Context, path string, parameters [][2]string) (answer, error) {
	var query, members []string
	for _, p := range parameters {
		value, err := json.Marshal(p[1])
		if err != nil {
			return answer{}, err
		}
		query = append(query, p[0]+"="+p[1])
		members = append(members, `"`+p[0]+`":`+string(value))
	}
	body := strings.NewReader("{" + strings.Join(members, ",") + "}")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.BaseURL+path, body)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	a, err := u.call(req, strings.Join(query, "&"), true)
	if a.status == http.StatusCreated {
		a.status, err = http.StatusOK, nil
	}
	return a, err
}
