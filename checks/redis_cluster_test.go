package checks_test

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// clusterNode is a node of a cluster with a client of its own.
type clusterNode struct {
	*testservers.Redis
	client *redis.Client
	bus    string // port of the cluster's bus
}

func startNode(t *testing.T) clusterNode {
	t.Helper()
	bus, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bus.Release)
	server := testservers.StartRedis(t, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus.Number()))
	return clusterNode{server, connect(t, server.URL()), strconv.Itoa(bus.Number())}
}

func (n clusterNode) do(t *testing.T, args ...any) string {
	t.Helper()
	answer, err := n.client.Do(t.Context(), args...).Text()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return answer
}

// sees waits until the node's view of the cluster has a line.
func (n clusterNode) sees(t *testing.T, lines ...string) {
	t.Helper()
	eventually(t, func() error {
		info := n.do(t, "CLUSTER", "INFO")
		for _, line := range lines {
			if !strings.Contains(info, line+"\r\n") {
				return fmt.Errorf("no %s in\n%s", line, info)
			}
		}
		return nil
	})
}

func TestRedisCluster(t *testing.T) {
	t.Parallel()
	first, second := startNode(t), startNode(t)
	// A cluster without slots, with one primary, and with two.
	expectRedis(t, first.URL(), "", checker.Fail, "cluster_slots")
	expectRedis(t, first.URL(), ", cluster: true", checker.Fail, "cluster_slots")
	first.do(t, "CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	first.sees(t, "cluster_state:ok", "cluster_size:1")
	expectRedis(t, first.URL(), "", checker.Pass, "")
	expectRedis(t, first.URL(), ", cluster: true", checker.Pass, "")
	first.do(t, "CLUSTER", "DELSLOTSRANGE", 8192, 16383)
	second.do(t, "CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
	host, port, _ := net.SplitHostPort(second.Addr())
	first.do(t, "CLUSTER", "MEET", host, port, second.bus)
	for _, node := range []clusterNode{first, second} {
		node.sees(t, "cluster_state:ok", "cluster_size:2")
	}
	for range 20 { // a random key would meet a redirection by chance
		expectRedis(t, first.URL(), "", checker.Fail, "cluster_redirect")
	}
	first.do(t, "ACL", "SETUSER", "bot", "on", ">s3cret", "~*", "+@all", "-cluster")
	bot := with(t, first.URL(), func(u *url.URL) { u.User = url.UserPassword("bot", "s3cret") })
	expectRedis(t, bot, "", checker.Fail, "cluster_redirect")

	before := [2]int{stat(t, first.client, "cmdstat_set"), stat(t, second.client, "cmdstat_set")}
	expectRedis(t, first.URL(), ", cluster: true", checker.Pass, "")
	for i, node := range []clusterNode{first, second} {
		if n := stat(t, node.client, "cmdstat_set") - before[i]; n != 1 {
			t.Errorf("primary %d got %d probes, want 1", i, n)
		}
		if n := probes(t, node.client); n != 0 {
			t.Errorf("primary %d has %d probes left", i, n)
		}
	}
	for range 20 {
		expectRedis(t, first.URL(), ", write_probe: false", checker.Fail, "cluster_redirect")
		expectRedis(t, first.URL(), ", cluster: true, write_probe: false", checker.Pass, "")
	}
	full(t, first, second)
	migrating(t, first, second)

	replicated(t, first, second)

	// The cluster works without one slot, which a random key would meet by
	// chance.
	for _, node := range []clusterNode{first, second} {
		set(t, node.client, "cluster-require-full-coverage", "no")
		node.do(t, "CLUSTER", "DELSLOTS", 0)
	}
	expectRedis(t, first.URL(), ", cluster: true", checker.Fail, "cluster_slots")

	standalone := testservers.StartRedis(t)
	expectRedis(t, standalone.URL(), ", cluster: true", checker.Fail, "not_a_cluster")
}

// full fills the memory of one primary of two.
func full(t *testing.T, first, second clusterNode) {
	t.Helper()
	for policy, want := range map[string]struct {
		status checker.Status
		reason string
	}{"noeviction": {checker.Fail, "out_of_memory"}, "allkeys-lru": {checker.Warn, "evicting"}} {
		set(t, second.client, "maxmemory-policy", policy, "maxmemory", "1")
		for range 5 {
			o := expectRedis(t, first.URL(), ", cluster: true", want.status, want.reason)
			if !strings.Contains(o.Detail, second.Addr()) {
				t.Errorf("the detail does not name the primary: %s", o.Detail)
			}
		}
	}
	set(t, second.client, "maxmemory", "0")
	expectRedis(t, first.URL(), ", cluster: true", checker.Pass, "")
}

// migrating moves the slot of the probe: its keys are redirected by ASK.
func migrating(t *testing.T, first, second clusterNode) {
	t.Helper()
	prefix := "{moving}:"
	slot, err := first.client.ClusterKeySlot(t.Context(), prefix).Result()
	if err != nil {
		t.Fatal(err)
	}
	from, to := first, second
	if slot > 8191 {
		from, to = second, first
	}
	to.do(t, "CLUSTER", "SETSLOT", slot, "IMPORTING", from.do(t, "CLUSTER", "MYID"))
	from.do(t, "CLUSTER", "SETSLOT", slot, "MIGRATING", to.do(t, "CLUSTER", "MYID"))
	before := stat(t, to.client, "cmdstat_asking")
	expectRedis(t, first.URL(), ", cluster: true, probe_prefix: '"+prefix+"'", checker.Pass, "")
	if stat(t, to.client, "cmdstat_asking") == before {
		t.Error("no command was redirected by ASK: the test proves nothing")
	}
	for _, node := range []clusterNode{from, to} {
		node.do(t, "CLUSTER", "SETSLOT", slot, "STABLE")
	}
}

// replicated adds a replica to the first of two primaries. It leads a client of
// the cluster to them, and redirects every other client.
func replicated(t *testing.T, first, second clusterNode) {
	t.Helper()
	replica := startNode(t)
	host, port, _ := net.SplitHostPort(first.Addr())
	replica.do(t, "CLUSTER", "MEET", host, port, first.bus)
	replica.sees(t, "cluster_state:ok", "cluster_size:2")
	eventually(t, func() error {
		return replica.client.Do(t.Context(), "CLUSTER", "REPLICATE", first.do(t, "CLUSTER", "MYID")).Err()
	})
	for _, node := range []clusterNode{first, second, replica} {
		eventually(t, func() error {
			if nodes := node.do(t, "CLUSTER", "NODES"); !strings.Contains(nodes, "slave") {
				return fmt.Errorf("no replica in\n%s", nodes)
			}
			return nil
		})
	}
	expectRedis(t, replica.URL(), ", cluster: true", checker.Pass, "")
	expectRedis(t, replica.URL(), "", checker.Fail, "read_only")
	expectRedis(t, replica.URL(), ", cluster: true, read_only: true", checker.Pass, "")
}
