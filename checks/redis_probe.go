package checks

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// prove proves that the server works as preflight.yml declares: it takes the
// probe, or answers a read.
func (r redisServer) prove(ctx context.Context, client *redis.Client, took *time.Duration) error {
	do := func(args ...any) *redis.Cmd { return client.Do(ctx, args...) }
	s, err := readRedisState(ctx, client, do)
	switch {
	case err != nil:
		return err
	case s.mode == "sentinel":
		return rejection{"sentinel", "a Sentinel answers, not a Redis"}
	case r.Cluster && s.mode == "standalone":
		return rejection{"not_a_cluster", "the server is not a node of a cluster"}
	case r.Cluster: // every node leads to the primaries
		return r.proveCluster(ctx, client, took)
	case s.role == "slave" && !r.ReadOnly:
		return rejection{"read_only", "a replica answers, and its writes would be lost"}
	case s.role == "slave" && s.link == "down":
		return rejection{"link_down", "the replica has no connection to its primary"}
	}
	if s.mode == "cluster" {
		if err := onlyNode(ctx, client); err != nil {
			return err
		}
	}
	switch {
	case !r.Probe:
		return r.read(ctx, client, s)
	case s.evicts():
		return evicting(s)
	}
	return timed(took, func() error { return r.write(ctx, client, r.Prefix+rand.Text(), do) })
}

func evicting(s redisState) error {
	return reservation{"evicting", fmt.Sprintf("%d of %d bytes are used, with the policy %s", s.used, s.max, s.policy)}
}

// read proves that the server answers more than PING. Where nothing is written,
// only its role can show whether it takes writes.
func (r redisServer) read(ctx context.Context, client redis.Cmdable, s redisState) error {
	err := client.Get(ctx, r.Prefix+rand.Text()).Err()
	switch {
	case err == nil:
		return rejection{"refused_command", "GET of a key that cannot exist returns a value"}
	case !errors.Is(err, redis.Nil):
		return err
	case s.role == "":
		return reservation{"not_probed", "the user may ask none of INFO, HELLO and ROLE for the server's role: allow +info"}
	case s.role == "slave" && s.link == "":
		return reservation{"not_probed", "the user may ask neither INFO nor ROLE for the replica's connection: allow +info"}
	}
	return nil
}

// write writes the probe and deletes it. The expiry removes it if the process
// dies in between, or if the user may not delete.
func (r redisServer) write(ctx context.Context, client redis.Cmdable, key string, do func(...any) *redis.Cmd) error {
	var set *redis.StatusCmd
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		set = p.Set(ctx, key, 1, time.Second)
		p.Do(ctx, "DEL", key) // any answer will do
		return nil
	})
	if err == nil || set.Err() == nil {
		if set.Val() != "OK" {
			return rejection{"refused_command", "SET does not return OK"}
		}
		return nil
	}
	if err = set.Err(); isRedisError(err) {
		return r.explainKey(err, do)
	}
	if reason, _ := explain(err, r.Timeout); reason == "timeout" {
		return rejection{"writes_paused", "answered PING, and no write within " + r.Timeout.String()}
	}
	return err
}

// explainKey adds a prefix that the user may write to the error for the probe's
// key. It needs the right to ask for the user's own ACL.
func (r redisServer) explainKey(err error, do func(...any) *redis.Cmd) error {
	if reason, _ := explainRedis(err); reason != "key_not_allowed" {
		return err
	}
	detail := fmt.Sprintf("the user may not write %s*: set probe_prefix to a prefix that its ACL allows", r.Prefix)
	if name, err := do("ACL", "WHOAMI").Text(); err == nil {
		if fields, err := do("ACL", "GETUSER", name).Slice(); err == nil {
			if prefix := allowedPrefix(fields); prefix != "" {
				detail += fmt.Sprintf(", for example %q", prefix)
			}
		}
	}
	return rejection{"key_not_allowed", detail}
}

// allowedPrefix returns the prefix of the first pattern of keys in a user's
// ACL that allows writing and ends with the only wildcard.
func allowedPrefix(fields []any) string {
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i] != "keys" {
			continue
		}
		for _, pattern := range strings.Fields(fmt.Sprint(fields[i+1])) {
			pattern = strings.TrimPrefix(strings.Trim(pattern, "[]"), "~")
			prefix, ok := strings.CutSuffix(pattern, "*")
			if ok && prefix != "" && !strings.ContainsAny(prefix, `*?[]\`) && !strings.HasPrefix(prefix, "%R~") {
				return prefix
			}
		}
	}
	return ""
}
