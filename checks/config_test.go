package checks_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks"
	shipped "github.com/alertnative/preflight/checks/spec"
)

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "p.yml: is empty: declare the targets of the checks",
		"# nothing\n":                            "p.yml: is empty: declare the targets of the checks",
		"environment: {}\n":                      "p.yml: declares no targets",
		"~\n":                                    "p.yml: declares no targets",
		"just words\n":                           "p.yml:1: just words is not a set of keys",
		"environment: [\n":                       "p.yml:1: did not find expected node content",
		"a: &x [*x, *y]\n":                       "p.yml: unknown anchor 'y' referenced",
		"timeout: 1s\n":                          `p.yml:1: unknown key "timeout" (there are envs, live_envs, env_file_format, gate, exchanges, live_waivers, environment, secrets, live_safety, database, exchange_health, open_positions, git_safety, migrations, checks)`,
		"databases: {}\n":                        `p.yml:1: unknown key "databases" (did you mean "database"?)`,
		"a: 1\n---\nb: 2\n":                      `p.yml:1: unknown key "a" (there are envs, live_envs, env_file_format, gate, exchanges, live_waivers, environment, secrets, live_safety, database, exchange_health, open_positions, git_safety, migrations, checks)`,
		"database:\n  mysql:\n":                  `p.yml:2: unknown key "mysql" in database (there are redis, postgres)`,
		"database:\n  redis:\n    tymeout: 1s\n": `p.yml:3: unknown key "tymeout" in database.redis (did you mean "timeout"?)`,
		"environment:\n  required:\n    - name: A\n    - name: B\n      formt: url\n":                              `p.yml:5: unknown key "formt" in environment.required[1] (did you mean "format"?)`,
		"environment:\n  required: {name: A}\n":                                                                    "p.yml:2: a set of keys is not a list",
		"database:\n  redis: {url_from: R, write_prob: false}\n":                                                   `p.yml:2: unknown key "write_prob" in database.redis (did you mean "write_probe"?)`,
		"database:\n  redis: {url_from: R, write_probe: maybe}\n":                                                  "p.yml:2: maybe is not true or false",
		"database:\n  redis: {url_from: R, read_only: true, write_probe: true}\n":                                  "p.yml:2: database.redis.write_probe: a server with read_only: true takes no probe: remove one of the two",
		"database:\n  postgres: {url_from: P, insert: DELETE FROM orders}\n":                                       "p.yml:2: database.postgres.insert: write a statement such as INSERT INTO orders (id) VALUES (0)",
		"database:\n  postgres:\n    url_from: P\n    insert:\n      - INSERT INTO a VALUES (1)\n      - insert\n": "p.yml:6: database.postgres.insert[1]: write a statement such as INSERT INTO orders (id) VALUES (0)",
		"database:\n  postgres: {url_from: P, read_only: true, insert: INSERT INTO a VALUES (1)}\n":                "p.yml:2: database.postgres.insert: a server with read_only: true takes no insert: remove one of the two",
		"database:\n  postgres: {url_from: P, insert: {a: b}}\n":                                                   "p.yml:2: a set of keys is not a list",
		"database:\n  postgres: {url_from: P, tables: {orders: [write]}}\n":                                        `p.yml:2: database.postgres.tables.orders[0]: "write" is no right on a table (there are select, insert, update, delete, truncate, references, trigger)`,
		"database:\n  postgres: {url_from: P, tables: {orders: }}\n":                                               "p.yml:2: database.postgres.tables.orders: list the rights, for example [select, insert]",
		"database:\n  redis: [a]\n":                                                                                "p.yml:2: a list is not a set of keys",
		"database:\n  redis:\n    url_from: R\n    timeout: soon\n":                                                "p.yml:4: soon is not a duration such as 2s or 500ms",
		"database:\n  redis:\n    url_from: R\n    url_from: R\n":                                                  `p.yml:4: mapping key "url_from" already defined at line 3`,
		"database:\n  redis:\n    url_from: R\n    timeout: 2\n":                                                   "p.yml:4: 2 is not a duration such as 2s or 500ms",
		"database:\n  redis:\n    url_from: R\n    timeout: -1s\n":                                                 "p.yml:4: database.redis.timeout: must be positive",
		"database:\n  redis:\n    timeout: 1s\n":                                                                   "p.yml:3: database.redis.url_from: must be the name of the environment variable that holds the address, such as REDIS_URL; the address itself does not belong here",
		"environment:\n  required:\n  - {name: A}\n  - {name: A B}\n":                                              "p.yml:4: environment.required[1].name: must be the name of an environment variable: letters, digits and underscores",
		"environment:\n  required:\n  - name: A\n    format: ulr\n":                                                `p.yml:4: environment.required[0].format: "ulr" is none of [text url integer one_of file]`,
		"environment: {required: [{name: A, format: one_of}]}\n":                                                   "p.yml:1: environment.required[0].format: one_of needs values",
		"environment: {required: [{name: A, values: [x]}]}\n":                                                      "p.yml:1: environment.required[0].values: is allowed only with the format one_of",
		"environment: {required: [{name: A, schemes: [x]}]}\n":                                                     "p.yml:1: environment.required[0].schemes: is allowed only with the format url",
		"environment: {required: [{name: A, min: 1}]}\n":                                                           "p.yml:1: environment.required[0].min: is allowed only with the format integer",
		"environment: {required: [{name: A, max: 1}]}\n":                                                           "p.yml:1: environment.required[0].max: is allowed only with the format integer",
		"environment: {required: [{name: A, format: integer, min: one}]}\n":                                        "p.yml:1: one is not an integer",
		"environment: {required: [{name: A, format: integer, min: 2, max: 1}]}\n":                                  "p.yml:1: environment.required[0].min: 2 is above max, which is 1",
		"environment:\n  required: [{name: A}]\n  optional:\n  - name: B\n  - name: A\n":                           "p.yml:5: environment.optional[1].name: A is declared twice",
		"environment: {required: [{name: A}]}\n---\nb: 2\n":                                                        "p.yml: has more than one document: a line of --- starts another",
		"databse: {}\nenvironment: {required: [{name: A, fromat: url}]}\n": `p.yml:1: unknown key "databse" (did you mean "database"?)` + "\n" +
			`p.yml:2: unknown key "fromat" in environment.required[0] (did you mean "format"?)`, // all at once
	} {
		_, err := parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n error %v,\n want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"live_safety: {}\n":                 "p.yml:1: live_safety: name the variables in live_keys, or declare exchanges",
		"live_safety: {live_keys: [A B]}\n": "p.yml:1: live_safety.live_keys[0]: must be the name of the environment variable that holds the key, such as UPBIT_ACCESS_KEY; the key itself does not belong here",
		"live_safety:\n  live_keys: [A]\n  executor_guard: {safe: live}\n": `p.yml:3: live_safety.executor_guard: safe and armed are both "live"`,
		"exchange_health: {}\n":                      "p.yml:1: exchange_health: declare the exchanges to look at, under exchanges",
		"open_positions: {}\n":                       "p.yml:1: open_positions: declare the exchanges to look at, under exchanges",
		"exchanges: {upbit: {url: api.upbit.com}}\n": "p.yml:1: exchanges.upbit.url: must be the address of an API, as https://api.upbit.com",
		"exchanges: {upbit: {}}\nopen_positions:\n  allow:\n  - {exchange: binance, asset: BTC}\n":                                   `p.yml:4: open_positions.allow[0].exchange: "binance" is none of the declared exchanges [upbit]`,
		"exchanges: {upbit: {}}\nopen_positions:\n  allow:\n  - {exchange: upbit}\n":                                                 "p.yml:4: open_positions.allow[0].asset: name the asset, such as KRW or BTCUSDT, or * for any",
		"exchanges: {upbit: {}}\nopen_positions: {allow: [{exchange: upbit, asset: A, max: -1}]}\n":                                  "p.yml:2: open_positions.allow[0].max: must not be negative",
		"exchanges: {upbit: {}}\nopen_positions: {allow: [{exchange: upbit, asset: A, max: much}]}\n":                                "p.yml:2: much is not a number",
		"exchanges: {upbit: {}}\nopen_positions: {allow: [{exchange: upbit, asset: A, wallet: funding}]}\n":                          `p.yml:2: open_positions.allow[0].wallet: "funding" is no wallet of upbit (there are pocket)`,
		"exchanges: {binance_spot: {}}\nopen_positions: {allow: [{exchange: binance_spot, asset: A, wallet: fundng}]}\n":             `p.yml:2: open_positions.allow[0].wallet: "fundng" is no wallet of binance_spot (there are spot, funding, cross_margin, isolated_margin)`,
		"exchanges: {upbit: {}}\nopen_positions: {allow: [{exchange: upbit, asset: A, max_value: 5}]}\n":                             "p.yml:2: open_positions.allow[0].max_value: name its currency under quote, such as USDT",
		"exchanges: {upbit: {}}\nopen_positions: {allow: [{exchange: upbit, asset: A, max_value: -5, quote: KRW}]}\n":                "p.yml:2: open_positions.allow[0].max_value: must not be negative",
		"exchanges: {upbit: {}}\nopen_positions: {allow: [{exchange: upbit, asset: A, max_value: .nan, quote: KRW}]}\n":              "p.yml:2: open_positions.allow[0].max_value: must not be negative",
		"exchanges: {upbit: {}}\nopen_positions: {allow: [{exchange: upbit, asset: A, quote: KRW}]}\n":                               "p.yml:2: open_positions.allow[0].quote: is the currency of max_value, which is missing",
		"exchanges: {upbit: {}}\nopen_positions: {allow: [{exchange: upbit, asset: A, max_value: 5, quote: EUR}]}\n":                 "p.yml:2: open_positions.allow[0].quote: upbit gives no prices in EUR (it gives them in KRW, BTC, USDT)",
		"exchanges: {binance_spot: {}}\nopen_positions: {allow: [{exchange: binance_spot, asset: A, max_value: 5, quote: 'a&b'}]}\n": "p.yml:2: open_positions.allow[0].quote: must be the code of a currency, such as USDT",
		"exchanges: {upbit: {}}\nopen_positions: {allow_orders: [{exchange: binance, symbol: A}]}\n":                                 `p.yml:2: open_positions.allow_orders[0].exchange: "binance" is none of the declared exchanges [upbit]`,
		"exchanges: {upbit: {}}\nopen_positions: {allow_orders: [{exchange: upbit}]}\n":                                              "p.yml:2: open_positions.allow_orders[0].symbol: name the symbol, such as KRW-BTC or BTCUSDT, or * for any",
		"exchanges: {upbit: {}}\nopen_positions: {allow_orders: [{exchange: upbit, symbol: KRW-A, max: -1}]}\n":                      "p.yml:2: open_positions.allow_orders[0].max: must not be negative",
		"exchanges: {upbit: {}}\nopen_positions: {allow_orders: [{exchange: upbit, symbol: BTC}]}\n":                                 `p.yml:2: open_positions.allow_orders[0].symbol: "BTC" is no symbol: write it as the exchange does, such as KRW-BTC or BTCUSDT, or * for any`,
		"exchanges: {upbit: {}}\nopen_positions: {allow_orders: [{exchange: upbit, symbol: KRW-*}]}\n":                               `p.yml:2: open_positions.allow_orders[0].symbol: "KRW-*" is no symbol: write it as the exchange does, such as KRW-BTC or BTCUSDT, or * for any`,
		"exchanges: {upbit: {symbols: [{symbol: KRW-BTC, max_ticker_age: -1s}]}}\n":                                                  "p.yml:1: exchanges.upbit.symbols[0].max_ticker_age: must be positive",
		"exchanges: {upbit: {}}\nopen_positions: {allow: [{exchange: upbit, asset: btc}]}\n":                                         `p.yml:2: open_positions.allow[0].asset: "btc" is no name: write it as the exchange does, such as BTC or BTCUSDT, or * for any`,
		"exchanges: {upbit: {}}\nopen_positions: {allow: [{exchange: upbit, asset: KRW-BTC}]}\n":                                     `p.yml:2: open_positions.allow[0].asset: "KRW-BTC" is no name: write it as the exchange does, such as BTC or BTCUSDT, or * for any`,
		"exchanges: {upbit: {}}\nopen_positions: {allow_orders: [{exchange: upbit, asset: A}]}\n":                                    `p.yml:2: unknown key "asset" in open_positions.allow_orders[0] (there are exchange, symbol, max, envs)`,
		"git_safety: {branch: main, tag: v*}\n":                                                                                      "p.yml:1: git_safety.tag: expect a branch or a tag, not both",
		"git_safety: {tag: '['}\n":                                                                                                   "p.yml:1: git_safety.tag: is not a pattern such as v*",
		"migrations: {name: a}\n":                                                                                                    "p.yml:1: a set of keys is not a list",
		"migrations: [{name: a, url_from: P}]\n":                                                                                     "p.yml:1: migrations[0].folder: name the folder of the migrations",
		"migrations: [{name: a, url_from: P, folder: f, tool: liquibase}]\n":                                                         `p.yml:1: migrations[0].tool: "liquibase" is none of goose, golang-migrate, flyway, atlas, alembic: check the schema of another tool with a check of your own (checks, sql)`,
		"secrets: {required: [A], optional: [A]}\n":                                                                                  "p.yml:1: secrets.optional[0]: A is declared twice",
		"secrets: {required: ['s3cret!']}\n":                                                                                         "p.yml:1: secrets.required[0]: must be the name of the environment variable that holds the secret, such as POSTGRES_DSN; the secret itself does not belong here",
		"checks: [{name: database, command: [x]}]\n":                                                                                 `p.yml:1: checks[0].name: there is a check "database" already`,
		"checks: [{command: [x]}]\n":                                      "p.yml:1: checks[0].name: give the check a name, such as Order Router",
		"checks:\n- name: A\n  command: [x]\n- name: a\n  command: [x]\n": `p.yml:4: checks[1].name: there is a check "a" already`,
		"checks: [{name: A}]\n":                                           "p.yml:1: checks[0]: must be of one kind: http, tcp, command or sql",
		"checks: [{name: A, command: [x], tcp: {address: 'h:1'}}]\n":      "p.yml:1: checks[0]: must be of one kind: http, tcp, command or sql",
		"checks: [{name: A, http: {}}]\n":                                 "p.yml:1: checks[0].http: needs url or url_from",
		"checks: [{name: A, http: {url: 'http://u:p@h'}}]\n":              "p.yml:1: checks[0].http.url: must be an address of the form http://HOST:PORT/PATH, without a password: url_from is for one that has it",
		"checks: [{name: A, http: {url: 'http://h', status: [20]}}]\n":    "p.yml:1: checks[0].http.status: must be HTTP statuses, such as [200, 204]",
		"checks: [{name: A, tcp: {address: h}}]\n":                        "p.yml:1: checks[0].tcp.address: must be HOST:PORT",
		"checks: [{name: A, command: []}]\n":                              "p.yml:1: checks[0].command: name the program, such as [sh, -c, …]",
		"checks: [{name: A, sql: {url_from: P, query: SELECT 1}}]\n":      "p.yml:1: checks[0]: a sql check needs a limit, such as fail: {above: 10}",
		"checks: [{name: A, sql: {url_from: P}, fail: {above: 1}}]\n":     "p.yml:1: checks[0].sql.query: write the query",
		"checks: [{name: A, tpc: {}}]\n":                                  `p.yml:1: unknown key "tpc" in checks[0] (did you mean "tcp"?)`,
	} {
		_, err := parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n error %v,\n want %s", text, err, want)
		}
	}
	if _, err := checker.ReadConfig("no/such.yml", checks.Shipped()...); err == nil || !strings.Contains(err.Error(), "no/such.yml: no such file: write one") {
		t.Errorf("error %v", err)
	}
}

// The shipped file declares every check, so that the system can become ready.
func TestShippedConfig(t *testing.T) {
	t.Parallel()
	c, err := checker.ReadConfig("../preflight.yml", checks.Shipped()...)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, check := range c.Checks() {
		got[check.Spec().Name] = check.Targets(c.Env("paper", nil).For(check))
	}
	exchanges := []string{"upbit", "binance_spot", "binance_futures"}
	want := map[string][]string{
		"Environment":     {"REDIS_URL", "POSTGRES_DSN", "READ_ONLY", "EXECUTOR"},
		"Secrets":         {"POSTGRES_DSN", "UPBIT_ACCESS_KEY", "UPBIT_SECRET_KEY", "BINANCE_API_KEY", "BINANCE_API_SECRET"},
		"Live Safety":     {"read_only_guard", "executor_guard", "live_key_guard"},
		"Database":        {"redis", "postgres"},
		"Exchange Health": exchanges,
		"Open Positions":  exchanges,
		"Git Safety":      {"worktree", "revision", "tracked_files"},
		"Migrations":      {"history"},
	}
	for name, targets := range want {
		if d := cmp.Diff(targets, got[name]); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// The checks in the comments of the shipped file are valid.
func TestShippedExamples(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../preflight.yml")
	if err != nil {
		t.Fatal(err)
	}
	_, examples, found := strings.Cut(string(data), "#\n# checks:\n")
	if !found {
		t.Fatal("the shipped file shows no checks of one's own")
	}
	c, err := parse("checks:\n" + strings.ReplaceAll("\n"+examples, "\n# ", "\n"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, check := range c.Checks()[len(shipped.Shipped()):] {
		names = append(names, check.Spec().Name)
	}
	if d := cmp.Diff([]string{"Order Router", "Market Data", "Disk Space", "Stale Orders"}, names); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
