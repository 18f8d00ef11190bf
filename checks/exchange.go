package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/checker"
	shipped "github.com/alertnative/preflight/checks/spec"
)

// exchangesConfig declares the exchanges on which the system trades. Exchange
// Health and Open Positions check them, and Live Safety checks their keys.
type exchangesConfig struct {
	Upbit          *exchangeConfig `yaml:"upbit"`
	BinanceSpot    *exchangeConfig `yaml:"binance_spot"`
	BinanceFutures *exchangeConfig `yaml:"binance_futures"`
	BinanceCoin    *exchangeConfig `yaml:"binance_coin_futures"`
}

// exchangeConfig declares one exchange. Its keys are in environment variables,
// never in the file.
type exchangeConfig struct {
	URL           string `yaml:"url"`      // address of the API; the production API by default
	URLFrom       string `yaml:"url_from"` // variable that may override the URL, for example with a test network's
	AccessKeyFrom string `yaml:"access_key_from"`
	SecretKeyFrom string `yaml:"secret_key_from"`

	Trading tradingConfig `yaml:",inline"`
}

// Targets of Exchange Health and Open Positions.
const (
	targetUpbit          = "upbit"
	targetBinanceSpot    = "binance_spot"
	targetBinanceFutures = "binance_futures"
	targetBinanceCoin    = "binance_coin_futures"
)

// declared returns the configured exchanges with their defaults.
func (c exchangesConfig) declared() (names []string, configs []exchangeConfig) {
	add := func(name string, c *exchangeConfig, instead exchangeConfig) {
		if c != nil {
			names = append(names, name)
			configs = append(configs, exchangeConfig{
				cmp.Or(c.URL, instead.URL), c.URLFrom,
				cmp.Or(c.AccessKeyFrom, instead.AccessKeyFrom), cmp.Or(c.SecretKeyFrom, instead.SecretKeyFrom),
				c.Trading,
			})
		}
	}
	add(targetUpbit, c.Upbit, exchangeConfig{URL: "https://api.upbit.com", AccessKeyFrom: "UPBIT_ACCESS_KEY", SecretKeyFrom: "UPBIT_SECRET_KEY"})
	add(targetBinanceSpot, c.BinanceSpot, exchangeConfig{URL: "https://api.binance.com", AccessKeyFrom: "BINANCE_API_KEY", SecretKeyFrom: "BINANCE_API_SECRET"})
	add(targetBinanceFutures, c.BinanceFutures, exchangeConfig{URL: "https://fapi.binance.com", AccessKeyFrom: "BINANCE_API_KEY", SecretKeyFrom: "BINANCE_API_SECRET"})
	add(targetBinanceCoin, c.BinanceCoin, exchangeConfig{URL: "https://dapi.binance.com", AccessKeyFrom: "BINANCE_API_KEY", SecretKeyFrom: "BINANCE_API_SECRET"})
	return names, configs
}

// exchangesIn returns the exchanges in the configuration.
func exchangesIn(env checker.Env) exchangesConfig {
	return onceInRun(env, func() (c exchangesConfig) {
		_ = env.Section(shipped.Exchanges, &c) // the command reports the error
		return c
	})
}

// keys returns the variables with the exchanges' keys.
func (c exchangesConfig) keys() []string {
	var keys []string
	_, configs := c.declared()
	for _, e := range configs {
		for _, key := range []string{e.AccessKeyFrom, e.SecretKeyFrom} {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func (c exchangesConfig) Problems(checker.Env) (problems []checker.Problem) {
	names, configs := c.declared()
	for i, e := range configs {
		if problem := baseProblem(e.URL); problem != "" {
			problems = append(problems, wrong(problem, names[i], "url"))
		}
		if e.URLFrom != "" {
			problems = append(problems, variableProblem(e.URLFrom, "address", "UPBIT_API_URL", names[i], "url_from")...)
		}
		problems = append(problems, variableProblem(e.AccessKeyFrom, "key", "UPBIT_ACCESS_KEY", names[i], "access_key_from")...)
		problems = append(problems, variableProblem(e.SecretKeyFrom, "key", "UPBIT_SECRET_KEY", names[i], "secret_key_from")...)
		problems = append(problems, e.Trading.problems(names[i])...)
	}
	return problems
}

// baseProblem describes the mistake in the address of an API, or returns "".
func baseProblem(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" {
		return "must be the address of an API, as https://api.upbit.com"
	}
	return ""
}

// list returns the exchanges with their addresses and keys.
func (c exchangesConfig) list(env checker.Env) []exchange {
	var all []exchange
	bans := bansOf(env)
	names, configs := c.declared()
	for i, d := range configs {
		e := exchange{
			Name: names[i], BaseURL: d.URL, Variable: d.URLFrom,
			AccessKeyVariable: d.AccessKeyFrom, AccessKey: env.Value(d.AccessKeyFrom),
			SecretKeyVariable: d.SecretKeyFrom, SecretKey: env.Value(d.SecretKeyFrom),
			padded:  cmp.Or(padded(env, d.AccessKeyFrom), padded(env, d.SecretKeyFrom)),
			Trading: d.Trading, bans: bans,
		}
		if d.URLFrom != "" && env.Value(d.URLFrom) != "" {
			e.BaseURL = env.Value(d.URLFrom)
		}
		all = append(all, e)
	}
	return withPermissions(all)
}

// padded returns the name of a variable if its value starts or ends with white
// space, or "".
func padded(env checker.Env, variable string) string {
	if env.Lookup == nil {
		return ""
	}
	if value, _ := env.Lookup(variable); value == strings.TrimSpace(value) {
		return ""
	}
	return variable
}

// exchange is an exchange to check. Its name determines its API.
type exchange struct {
	Name     string // one of the targets
	BaseURL  string
	Variable string // environment variable of the address, if any

	AccessKey, SecretKey                 string
	AccessKeyVariable, SecretKeyVariable string

	// padded is the variable of a key with white space at its start or end, or
	// "". The checks would do without it, but the system may not.
	padded string

	Trading     tradingConfig
	permissions *permissions // of the keys; nil if no API reports them

	bans *bans
}

// api is the part of an exchange's API that the checks use. Errors are
// rejections or connection errors.
type api interface {
	// clock reads the time from the public API, with its precision.
	clock(context.Context) (t clockReading, err error)
	// holdings reads the account's assets and resting orders from the private
	// API.
	holdings(context.Context) (account, error)
	// prices reads the prices of assets in a currency from the public API. It
	// may return others, too.
	prices(ctx context.Context, quote string, assets []string) (map[string]price, error)
	// keys reads the permissions and the expiry of the keys.
	keys(context.Context) (keyReport, error)
	// settings compares the account with the declarations: its settings, and if
	// trades, its right to trade the declared symbols.
	settings(ctx context.Context, a account, trades bool) ([]checker.Observation, error)
	// market reads how symbols trade from the public API, and the used share of
	// the rate limit. Unknown symbols are missing in it.
	market(context.Context, []string) (market, error)
}

// clockReading is an exchange's time with the local time of the reading.
type clockReading struct {
	server    time.Time
	precision time.Duration // maximum error of server
	local     time.Time     // local time in the middle of the call
	ticker    time.Time     // time of the ticker, if the call reads one
}

// now returns the time of the server's clock.
func (c clockReading) now() time.Time { return time.Now().Add(c.server.Sub(c.local)) }

// ahead returns a lower limit of the time by which the local clock is ahead. It
// is negative if the clock is behind.
func (c clockReading) ahead() time.Duration {
	difference := c.local.Sub(c.server)
	if difference < 0 {
		return min(0, difference+c.precision)
	}
	return max(0, difference-c.precision)
}

// api returns the API of the exchange. A bad address is an errMalformed.
func (e exchange) api(client *http.Client) (api, error) {
	if baseProblem(e.BaseURL) != "" {
		return nil, malformed(cmp.Or(e.Variable, "the address in preflight.yml"), e.BaseURL, "the address of an API")
	}
	e.BaseURL = strings.TrimRight(e.BaseURL, "/")
	client = e.bans.obeyedBy(client, e)
	switch e.Name {
	case targetUpbit:
		return upbit{e, client}, nil
	case targetBinanceFutures:
		return binanceFutures{binance{e, client}}, nil
	case targetBinanceCoin:
		return binanceCoinFutures{binance{e, client}}, nil
	}
	return binance{e, client}, nil
}

// callsAtOnce limits the calls of a check to an exchange at a time. The value of
// dust can need hundreds, all within the timeout.
const callsAtOnce = 32

// newHTTPClient returns a client for a few calls. It does not follow redirects,
// so that a signed call goes only to its own address.
func newHTTPClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: callsAtOnce, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func address(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// answer is an HTTP response.
type answer struct {
	status int
	header http.Header
	body   []byte
	asked  time.Time // time halfway between request and response
	spread time.Duration
}

// maxAnswer limits the body that is used, in bytes. One more is read: it shows
// that a body is longer. The largest answer lists all futures contracts; it has
// between 1 and 2 MiB.
const maxAnswer = 4 << 20

func ask(client *http.Client, req *http.Request) (answer, error) {
	var wrote, first time.Time
	trace := &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { wrote = time.Now() },
		GotFirstResponseByte: func() { first = time.Now() },
	}
	resp, err := client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return answer{}, err
	}
	spread := first.Sub(wrote) / 2
	return answer{resp.StatusCode, resp.Header, body, wrote.Add(spread), spread}, nil
}

// rejection is the error of a server that answered with something unexpected.
type rejection struct{ reason, detail string }

func (r rejection) Error() string { return r.detail }

// rejected maps the statuses that mean the same on every exchange to reasons.
// Those that demand a pause are obeyed by [obedience].
func (a answer) rejected() error {
	said := strings.ToLower(string(a.body))
	switch {
	case a.status == http.StatusOK:
		return nil
	case a.status == http.StatusForbidden, a.status == http.StatusUnavailableForLegalReasons:
		return rejection{"blocked", fmt.Sprintf("refuses to serve this address (HTTP %d)", a.status)}
	case a.status >= 500 && (strings.Contains(said, "maintenance") || strings.Contains(said, "점검")):
		return rejection{"maintenance", fmt.Sprintf("under maintenance (HTTP %d)", a.status)}
	case a.status >= 500:
		return rejection{"server_error", fmt.Sprintf("HTTP %d", a.status)}
	}
	return rejection{"unexpected_answer", fmt.Sprintf("HTTP %d", a.status)}
}

// says maps an error that has no reason of its own to a rejection with what the
// exchange says. Other statuses have their reasons in rejected.
func (a answer) says(something bool, detail string) error {
	if !something || a.status/100 != 4 || a.status == http.StatusForbidden || a.status == http.StatusUnavailableForLegalReasons {
		return nil
	}
	return rejection{"unexpected_answer", fmt.Sprintf("HTTP %d: %s", a.status, detail)}
}

// explainExchange explains an error of an exchange, as explain does.
func explainExchange(err error, timeout time.Duration) (reason, detail string) {
	if r, ok := errors.AsType[rejection](err); ok {
		return r.reason, r.detail
	}
	return explain(err, timeout)
}
