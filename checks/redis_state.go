package checks

import (
	"context"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// redisState holds the facts that decide whether a write proves something. ""
// and 0 are unknown.
type redisState struct {
	mode, role string // "standalone", "cluster" or "sentinel"; "master" or "slave"
	link       string // "up" or "down": a replica's connection to its primary
	policy     string // maxmemory-policy
	used, max  int64  // bytes that count for maxmemory
	expiring   bool   // some key has an expiry
}

// readRedisState asks INFO. A user may lack the right to it, so HELLO and ROLE
// are asked for the facts that are still missing.
func readRedisState(ctx context.Context, client redis.Cmdable, do func(...any) *redis.Cmd) (s redisState, err error) {
	text, err := client.Info(ctx).Result()
	switch {
	case err == nil:
		s.readInfo(text)
	case !isRedisError(err):
		return s, err
	}
	if s.role == "" {
		answer, err := do("HELLO").Result()
		if err != nil && !isRedisError(err) {
			return s, err
		}
		hello, _ := answer.([]any)
		for i := 0; i+1 < len(hello); i += 2 {
			name, _ := hello[i].(string)
			value, _ := hello[i+1].(string)
			switch name {
			case "mode":
				s.mode = value
			case "role":
				s.role = strings.Replace(value, "replica", "slave", 1)
			}
		}
	}
	if s.role == "" || s.role == "slave" && s.link == "" {
		answer, err := do("ROLE").Result()
		if err != nil && !isRedisError(err) {
			return s, err
		}
		role, _ := answer.([]any)
		if len(role) > 0 {
			s.role, _ = role[0].(string)
		}
		if len(role) > 3 {
			s.link = "down"
			if role[3] == "connected" {
				s.link = "up"
			}
		}
	}
	return s, nil
}

// readInfo reads the lines of INFO.
func (s *redisState) readInfo(text string) {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		number, _ := strconv.ParseInt(value, 10, 64)
		switch key {
		case "redis_mode":
			s.mode = value
		case "role":
			s.role = value
		case "master_link_status":
			s.link = value
		case "maxmemory_policy":
			s.policy = value
		case "used_memory":
			s.used += number
		case "mem_not_counted_for_evict":
			s.used -= number
		case "maxmemory":
			s.max = number
		default:
			if strings.HasPrefix(key, "db") && strings.Contains(value, "expires=") && !strings.Contains(value, "expires=0") {
				s.expiring = true
			}
		}
	}
}

// probeRoom is more memory than a probe needs. A server at maxmemory has just
// evicted keys, and is a little below it.
const probeRoom = 64 << 10

// evicts reports whether the probe would throw out keys. With a volatile policy
// only keys with an expiry go; where there is none, the write is refused.
func (s redisState) evicts() bool {
	if s.max == 0 || s.used+probeRoom < s.max {
		return false
	}
	return strings.HasPrefix(s.policy, "allkeys-") || strings.HasPrefix(s.policy, "volatile-") && s.expiring
}
