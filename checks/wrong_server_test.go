package checks_test

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// A server of another kind is named long before the timeout is over.
func TestServerOfAnotherKind(t *testing.T) {
	t.Parallel()
	began := time.Now()
	redis, postgres := testservers.StartRedis(t), testservers.StartPostgres(t)
	expectPostgres(t, "postgres://u:s3cret@"+redis.Addr()+"/x?sslmode=disable", "wrong_server")
	for _, mode := range []string{"prefer", "require"} {
		askPostgres.expect(t, "postgres://u:s3cret@"+redis.Addr()+"/x?sslmode="+mode, "wrong_server")
	}
	askRedis.expect(t, "redis://:s3cret@"+postgres.Addr(), "wrong_server")

	cert, key := selfSigned(t)
	port, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Release)
	testservers.StartRedis(t, "--tls-port", strconv.Itoa(port.Number()), "--tls-cert-file", cert, "--tls-key-file", key,
		"--tls-auth-clients", "no", "--requirepass", "s3cret")
	askRedis.expect(t, "rediss://:s3cret@"+redis.Addr(), "tls_failed")
	askRedis.expect(t, "redis://:s3cret@"+port.Addr(), "tls_failed")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s: some check waited for its timeout", took)
	}

	// A slow server of the right kind keeps its whole timeout.
	slow := func(pause, resume func(), ask func()) {
		pause()
		resumed := make(chan struct{})
		time.AfterFunc(600*time.Millisecond, func() { // longer than the checks wait before they look at its kind
			resume()
			close(resumed)
		})
		ask()
		<-resumed
	}
	slow(postgres.Pause, postgres.Resume, func() { askPostgres.expect(t, postgres.DSN(), "") })
	slow(redis.Pause, redis.Resume, func() {
		askRedis.expect(t, with(t, redis.URL(), func(u *url.URL) { u.RawQuery = "read_timeout=100ms" }), "")
	})
}
