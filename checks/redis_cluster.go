package checks

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// allSlots is the number of slots of a cluster.
const allSlots = 16384

// clusterServes returns an error if a slot of the cluster has no node.
func clusterServes(ctx context.Context, client redis.Cmdable) (size string, err error) {
	text, err := client.ClusterInfo(ctx).Result()
	if err != nil {
		return "", err
	}
	info := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		info[key] = value
	}
	state, assigned, failing := info["cluster_state"], info["cluster_slots_assigned"], info["cluster_slots_fail"]
	if state != "ok" || assigned != fmt.Sprint(allSlots) || failing != "0" {
		return "", rejection{"cluster_slots", fmt.Sprintf("the state is %s; %s of %d slots are assigned, %s fail", state, assigned, allSlots, failing)}
	}
	return info["cluster_size"], nil
}

// onlyNode returns an error unless one node serves the whole cluster. The keys
// of a client without support for clusters meet redirections by chance, so the
// result must not depend on one key.
func onlyNode(ctx context.Context, client redis.Cmdable) error {
	redirect := rejection{"cluster_redirect", "the server is a node of a cluster"}
	size, err := clusterServes(ctx, client)
	switch {
	case isRedisError(err):
		return redirect // the user may not ask
	case err != nil:
		return err
	case size != "1":
		return rejection{"cluster_redirect", redirect.detail + " with " + size + " primaries"}
	}
	return nil
}

// proveCluster proves that the cluster works as preflight.yml declares. It
// follows redirections as the system does.
func (r redisServer) proveCluster(ctx context.Context, client *redis.Client, took *time.Duration) error {
	if _, err := clusterServes(ctx, client); err != nil && !forbidden(err) {
		return err
	}
	opt := client.Options()
	cluster := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: []string{opt.Addr}, Username: opt.Username, Password: opt.Password, TLSConfig: opt.TLSConfig,
		NewClient: func(node *redis.Options) *redis.Client {
			r.limit(node)
			return redis.NewClient(node)
		},
	})
	defer cluster.Close()
	if !r.Probe {
		return r.read(ctx, cluster, redisState{role: "master"})
	}
	return timed(took, func() error { return r.probePrimaries(ctx, client, cluster) })
}

// probePrimaries writes a probe to each primary of the cluster.
func (r redisServer) probePrimaries(ctx context.Context, client *redis.Client, cluster *redis.ClusterClient) error {
	full := map[string]redisState{}
	var mu sync.Mutex
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		s, err := readRedisState(ctx, node, func(args ...any) *redis.Cmd { return node.Do(ctx, args...) })
		mu.Lock()
		defer mu.Unlock()
		if err == nil && s.evicts() {
			full[node.Options().Addr] = s
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(full) > 0 {
		addr := slices.Sorted(maps.Keys(full))[0]
		doubt := evicting(full[addr]).(reservation)
		return reservation{doubt.reason, addr + ": " + doubt.detail}
	}
	keys, err := r.keyPerPrimary(ctx, client)
	if err != nil {
		return err
	}
	for _, node := range slices.Sorted(maps.Keys(keys)) {
		err := r.write(ctx, cluster, keys[node], func(args ...any) *redis.Cmd { return cluster.Do(ctx, args...) })
		if err != nil {
			reason, detail := explain(err, r.Timeout)
			return rejection{reason, node + ": " + detail}
		}
	}
	return nil
}

// forbidden reports whether the user lacks the right to a command.
func forbidden(err error) bool {
	return isRedisError(err) && strings.HasPrefix(err.Error(), "NOPERM ")
}

// keyPerPrimary returns a probe's key for each primary, by its address. One
// random key would probe one primary, and miss another that takes no writes.
func (r redisServer) keyPerPrimary(ctx context.Context, client *redis.Client) (map[string]string, error) {
	keys := map[string]string{}
	if strings.Contains(r.Prefix, "{") { // all keys with this prefix are in one slot
		keys["the slot of "+r.Prefix] = r.Prefix + rand.Text()
		return keys, nil
	}
	//lint:ignore SA1019 CLUSTER SHARDS, which replaces it, needs Redis 7
	slots, err := client.ClusterSlots(ctx).Result()
	if err != nil {
		return nil, err
	}
	for _, s := range slots {
		if len(s.Nodes) > 0 && keys[s.Nodes[0].Addr] == "" {
			keys[s.Nodes[0].Addr] = r.keyIn(s.Start, s.End)
		}
	}
	return keys, nil
}

// keyIn returns a key of the probe in a range of slots.
func (r redisServer) keyIn(start, end int) string {
	name := r.Prefix + rand.Text() + ":"
	for i := 0; ; i++ {
		key := fmt.Sprint(name, i)
		if slot := int(crc16(key)) % allSlots; start <= slot && slot <= end {
			return key
		}
	}
}

// crc16 is CRC-16/XMODEM, with which a cluster maps a key to its slot.
func crc16(key string) (crc uint16) {
	for _, b := range []byte(key) {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
