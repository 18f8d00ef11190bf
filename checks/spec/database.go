package spec

import (
	"slices"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/reasons"
)

// Database describes the check Database.
func Database() spec.Spec {
	all := slices.Concat(reasons.List{
		{
			Name: "not_configured", Meaning: "the variable with the address is not set",
			Remedy:        "set REDIS_URL and POSTGRES_DSN, or remove the database from preflight.yml",
			KoreanMeaning: "주소 변수가 설정되지 않음", KoreanRemedy: "REDIS_URL과 POSTGRES_DSN을 설정하거나 preflight.yml에서 해당 데이터베이스를 제거",
		},
		{
			Name: "malformed", Meaning: "the address cannot be parsed",
			Remedy:        "write it as redis://HOST:PORT/DB or postgres://USER:PASSWORD@HOST:PORT/DATABASE",
			KoreanMeaning: "주소를 해석할 수 없음", KoreanRemedy: "redis://HOST:PORT/DB 또는 postgres://USER:PASSWORD@HOST:PORT/DATABASE 형식으로 작성",
		},
		{
			Name: "read_only", Meaning: "the server is a replica or a standby, and takes no writes",
			Remedy:        "use the address of the primary, or set read_only: true in preflight.yml if reading is enough",
			KoreanMeaning: "복제본 또는 대기 서버라 쓰기를 받지 않음", KoreanRemedy: "주소를 주 서버로 바꾸거나, 읽기로 충분하면 preflight.yml에 read_only: true 지정",
		},
	}, reasons.Postgres(), reasons.Connection())
	return spec.Spec{
		Name:    "Database",
		Looks:   "Redis answers PING and PostgreSQL SELECT 1, each within its timeout, and both take writes",
		Network: true,
		Latencies: []spec.Latency{
			{Target: "redis", Metric: "realcheck_redis_latency_seconds", Help: "How long Redis took to answer PING, connecting included."},
			{Target: "postgres", Metric: "realcheck_postgres_latency_seconds", Help: "How long PostgreSQL took to answer SELECT 1, connecting included."},
		},
		Reasons:      all.English(),
		Translations: all.Korean("데이터베이스", "Redis가 PING에, PostgreSQL이 SELECT 1에 제한 시간 안에 응답하는지"),
	}
}
