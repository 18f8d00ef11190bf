package checks_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// expectRedis expects a result of the target redis, declared with further keys.
func expectRedis(t *testing.T, address, keys string, status checker.Status, reason string) checker.Observation {
	t.Helper()
	if !strings.Contains(keys, "timeout:") {
		keys += ", timeout: 20s"
	}
	check := fromConfig(t, "database: {redis: {url_from: R"+keys+"}}", "Database", "paper", "R="+address)
	o := expect(t, check, "redis", status, reason)
	if strings.Contains(o.Detail, "s3cret") {
		t.Errorf("the detail shows the password: %s", o.Detail)
	}
	return o
}

// set changes settings of a Redis.
func set(t *testing.T, client *redis.Client, settings ...string) {
	t.Helper()
	for i := 0; i < len(settings); i += 2 {
		if err := client.ConfigSet(t.Context(), settings[i], settings[i+1]).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// stat returns a number of INFO, or the calls of a command such as
// cmdstat_set.
func stat(t *testing.T, client *redis.Client, name string) int {
	t.Helper()
	info, err := client.Info(t.Context(), "all").Result()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
			value, _, _ = strings.Cut(strings.TrimPrefix(value, "calls="), ",")
			n, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return 0
}

// probes returns the number of probes in a Redis.
func probes(t *testing.T, client *redis.Client) int {
	t.Helper()
	n, err := client.DBSize(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

func TestRedisMemory(t *testing.T) {
	t.Parallel()
	server := testservers.StartRedis(t)
	client := connect(t, server.URL())
	expectRedis(t, server.URL(), "", checker.Pass, "")
	for i := range 1000 {
		if err := client.Set(t.Context(), strconv.Itoa(i), strings.Repeat("x", 1000), 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		policy string
		status checker.Status
		reason string
	}{
		{"noeviction", checker.Fail, "out_of_memory"},
		{"volatile-lru", checker.Fail, "out_of_memory"},
		{"volatile-ttl", checker.Fail, "out_of_memory"},
		{"allkeys-lru", checker.Warn, "evicting"},
		{"allkeys-random", checker.Warn, "evicting"},
	} {
		set(t, client, "maxmemory", "0", "maxmemory-policy", tt.policy)
		set(t, client, "maxmemory", strconv.Itoa(stat(t, client, "used_memory")))
		before := stat(t, client, "cmdstat_set")
		expectRedis(t, server.URL(), "", tt.status, tt.reason)
		if written := stat(t, client, "cmdstat_set") - before; tt.reason == "evicting" && written != 0 {
			t.Errorf("%s: %d probes were written", tt.policy, written)
		}
	}
	// Keys with an expiry can be thrown out.
	set(t, client, "maxmemory", "0", "maxmemory-policy", "volatile-lru")
	for i := range 1000 {
		if err := client.Set(t.Context(), strconv.Itoa(i), strings.Repeat("x", 1000), time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set(t, client, "maxmemory", strconv.Itoa(stat(t, client, "used_memory")))
	expectRedis(t, server.URL(), "", checker.Warn, "evicting")
	set(t, client, "maxmemory", strconv.Itoa(2*stat(t, client, "used_memory")))
	expectRedis(t, server.URL(), "", checker.Pass, "")
}

// One connection serves the whole check, so the time of the probe has no time to
// connect.
func TestRedisConnections(t *testing.T) {
	t.Parallel()
	server := testservers.StartRedis(t)
	client := connect(t, server.URL())
	before := stat(t, client, "total_connections_received")
	expectRedis(t, server.URL(), "", checker.Pass, "")
	if n := stat(t, client, "total_connections_received") - before; n != 1 {
		t.Errorf("the check opened %d connections", n)
	}
	if stat(t, client, "cmdstat_set") != 1 {
		t.Error("no probe was written")
	}
}

func TestRedisWrites(t *testing.T) {
	t.Parallel()
	server := testservers.StartRedis(t)
	client := connect(t, server.URL())
	set(t, client, "min-replicas-to-write", "1")
	expectRedis(t, server.URL(), "", checker.Fail, "too_few_replicas")
	set(t, client, "min-replicas-to-write", "0")

	pause := func() {
		if err := client.Do(t.Context(), "CLIENT", "PAUSE", "60000", "WRITE").Err(); err != nil {
			t.Fatal(err)
		}
	}
	pause()
	if o := expectRedis(t, server.URL(), ", timeout: 1s", checker.Fail, "writes_paused"); o.Latency <= 0 {
		t.Error("PING was answered, and its time is missing")
	}
	expectRedis(t, server.URL(), ", write_probe: false", checker.Pass, "")
	if err := client.Do(t.Context(), "CLIENT", "UNPAUSE").Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if n := probes(t, client); n != 0 {
			return fmt.Errorf("%d probes are left", n)
		}
		return nil
	})
	if o := expectRedis(t, server.URL(), "", checker.Pass, ""); o.Probe <= 0 {
		t.Errorf("%+v has no time of the probe", o)
	}
	if n := probes(t, client); n != 0 {
		t.Errorf("%d probes are left", n)
	}
}

func TestRedisACL(t *testing.T) {
	t.Parallel()
	server := testservers.StartRedis(t)
	client := connect(t, server.URL())
	bot := with(t, server.URL(), func(u *url.URL) { u.User = url.UserPassword("bot", "s3cret") })
	allow := func(rules ...any) {
		t.Helper()
		if err := client.Do(t.Context(), append([]any{"ACL", "SETUSER", "bot", "reset", "on", ">s3cret"}, rules...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	allow("~*", "+@all", "-@write")
	expectRedis(t, bot, "", checker.Fail, "no_permission")
	expectRedis(t, bot, ", write_probe: false", checker.Pass, "")
	allow("~*", "+@read", "+ping")
	expectRedis(t, bot, "", checker.Fail, "no_permission")

	allow("%R~prices:*", "~bot:*", "+@all")
	if o := expectRedis(t, bot, "", checker.Fail, "key_not_allowed"); !strings.Contains(o.Detail, `"bot:"`) {
		t.Errorf("the detail names no allowed prefix: %s", o.Detail)
	}
	allow("~bot:*", "+@all", "-acl")
	if o := expectRedis(t, bot, "", checker.Fail, "key_not_allowed"); !strings.Contains(o.Detail, "probe_prefix") {
		t.Errorf("the detail does not name the key of preflight.yml: %s", o.Detail)
	}
	expectRedis(t, bot, ", probe_prefix: 'bot:'", checker.Pass, "")

	// Only the write itself is allowed: it is the proof.
	allow("~bot:*", "+set", "+ping")
	expectRedis(t, bot, ", probe_prefix: 'bot:'", checker.Pass, "")
	eventually(t, func() error { // the user may not delete the probe: it expires
		if n := probes(t, client); n != 0 {
			return fmt.Errorf("%d probes are left", n)
		}
		return nil
	})
	allow("~*", "+@write")
	expectRedis(t, bot, "", checker.Fail, "no_permission") // PING
}

// A replica takes no writes that last, even if its HELLO is renamed and it is
// writable.
func TestRedisReplica(t *testing.T) {
	t.Parallel()
	primary := testservers.StartRedis(t, "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(primary.Addr())
	replica := testservers.StartRedis(t, "--replicaof", host+" "+port, "--rename-command", "HELLO", "", "--replica-read-only", "no")
	expectRedis(t, replica.URL(), "", checker.Fail, "read_only")
	expectRedis(t, replica.URL(), ", write_probe: false", checker.Fail, "read_only")
	eventually(t, func() error {
		check := fromConfig(t, "database: {redis: {url_from: R, read_only: true, timeout: 20s}}", "Database", "paper", "R="+replica.URL())
		if o := observe(t, check, "redis"); o.Status != checker.Pass {
			return fmt.Errorf("%+v", o)
		}
		return nil
	})
	// The replica has the probes of its primary for at most two seconds.
	expectRedis(t, primary.URL(), "", checker.Pass, "")
	client := connect(t, replica.URL())
	eventually(t, func() error {
		if n := probes(t, client); n != 0 {
			return fmt.Errorf("%d probes are left", n)
		}
		return nil
	})
	// A user who may ask nothing proves nothing, except by writing.
	if err := client.Do(t.Context(), "ACL", "SETUSER", "mute", "on", ">s3cret", "~*", "+get", "+ping").Err(); err != nil {
		t.Fatal(err)
	}
	mute := with(t, replica.URL(), func(u *url.URL) { u.User = url.UserPassword("mute", "s3cret") })
	expectRedis(t, mute, ", write_probe: false", checker.Warn, "not_probed")
	expectRedis(t, mute, ", read_only: true", checker.Warn, "not_probed")
	// A user who may not ask INFO sees the lost primary by ROLE.
	if err := client.Do(t.Context(), "ACL", "SETUSER", "bot", "on", ">s3cret", "~*", "+get", "+ping", "+role").Err(); err != nil {
		t.Fatal(err)
	}
	bot := with(t, replica.URL(), func(u *url.URL) { u.User = url.UserPassword("bot", "s3cret") })
	expectRedis(t, bot, ", read_only: true", checker.Pass, "")
	primary.Stop()
	eventually(t, func() error {
		check := fromConfig(t, "database: {redis: {url_from: R, read_only: true, timeout: 20s}}", "Database", "paper", "R="+bot)
		if o := observe(t, check, "redis"); o.Reason != "link_down" {
			return fmt.Errorf("%+v", o)
		}
		return nil
	})
	set(t, client, "replica-serve-stale-data", "no")
	expectRedis(t, bot, ", read_only: true", checker.Fail, "link_down")
}

func TestRedisSentinel(t *testing.T) {
	t.Parallel()
	redis := testservers.StartRedis(t)
	port, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Release)
	dir := t.TempDir()
	config := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\nsentinel monitor orders %s 1\n", port.Number(), dir, strings.Replace(redis.Addr(), ":", " ", 1))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := servers.Find("redis-server")
	if err != nil {
		t.Fatal(err)
	}
	sentinel, err := proc.Start(t.Context(), proc.Spec{
		Name: "sentinel", Path: path, Args: []string{config, "--sentinel"}, Dir: dir, Log: filepath.Join(dir, "log"),
		Ready: func(ctx context.Context) error {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", port.Addr())
			if err == nil {
				err = conn.Close()
			}
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sentinel.Stop() })
	expectRedis(t, "redis://"+port.Addr(), "", checker.Fail, "sentinel")
	expectRedis(t, "redis://"+port.Addr(), ", read_only: true", checker.Fail, "sentinel")
}

// pongs is a fake that answers PING, does not know HELLO, and sends the given
// answer to all else.
func pongs(t *testing.T, other string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerPings(conn, other)
		}
	}()
	return "redis://" + listener.Addr().String()
}

func answerPings(conn net.Conn, other string) {
	defer conn.Close()
	for in := bufio.NewReader(conn); ; {
		var arguments []string
		n, err := readNumber(in, "*")
		for range n {
			length, err := readNumber(in, "$")
			if err != nil {
				return
			}
			text := make([]byte, length+2)
			if _, err := io.ReadFull(in, text); err != nil {
				return
			}
			arguments = append(arguments, strings.ToLower(string(text[:length])))
		}
		if err != nil {
			return
		}
		answer := other
		switch arguments[0] {
		case "ping":
			answer = "+PONG"
		case "hello":
			answer = "-ERR unknown command 'hello'"
		}
		if _, err := fmt.Fprintf(conn, "%s\r\n", answer); err != nil {
			return
		}
	}
}

func TestRedisThatOnlyPongs(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"-ERR unknown command, with args beginning with: 's3cret'": "refused_command",
		"-MOVED 42 127.0.0.1:1":                         "cluster_redirect",
		"-ASK 42 127.0.0.1:1":                           "cluster_redirect",
		"-CROSSSLOT Keys in request don't hash":         "cluster_redirect",
		"-TRYAGAIN Multiple keys request":               "cluster_redirect",
		"-CLUSTERDOWN Hash slot not served":             "cluster_slots",
		"+PONG":                                         "refused_command",
		"-NOREPLICAS Not enough good replicas to write": "too_few_replicas",
	} {
		address := pongs(t, answer)
		for _, keys := range []string{"", ", read_only: true", ", write_probe: false"} {
			expectRedis(t, address, keys, checker.Fail, want)
		}
	}
}

// readNumber reads a line with a number behind a prefix.
func readNumber(in *bufio.Reader, prefix string) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, prefix)))
}
