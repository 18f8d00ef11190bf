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
			Remedy:        "set the variable that preflight.yml names, or remove the database there",
			KoreanMeaning: "주소 변수가 설정되지 않음", KoreanRemedy: "preflight.yml에 지정된 변수를 설정하거나 해당 데이터베이스를 제거",
		},
		{
			Name: "malformed", Meaning: "the address cannot be parsed",
			Remedy:        "write it as redis://HOST:PORT/DB or postgres://USER:PASSWORD@HOST:PORT/DATABASE",
			KoreanMeaning: "주소를 해석할 수 없음", KoreanRemedy: "redis://HOST:PORT/DB 또는 postgres://USER:PASSWORD@HOST:PORT/DATABASE 형식으로 작성",
		},
		{
			Name: "read_only", Meaning: "the server is a replica or a standby, or its transactions are read-only: it takes no writes",
			Remedy:        "use the address of the primary, or set read_only: true in preflight.yml if reading is enough",
			KoreanMeaning: "복제본, 대기 서버 또는 읽기 전용 트랜잭션이라 쓰기를 받지 않음", KoreanRemedy: "주소를 주 서버로 바꾸거나, 읽기로 충분하면 preflight.yml에 read_only: true 지정",
		},
		{
			Name: "no_permission", Meaning: "the user lacks a right that writing needs",
			Remedy:        "grant the right that the detail names: GRANT in PostgreSQL, ACL SETUSER in Redis",
			KoreanMeaning: "쓰기에 필요한 권한이 사용자에게 없음", KoreanRemedy: "상세 내용에 있는 권한을 부여: PostgreSQL은 GRANT, Redis는 ACL SETUSER",
		},
		{
			Name: "not_probed", Meaning: "no write could be tried, so none is proved",
			Remedy:        "do what the detail asks for, or set write_probe: false in preflight.yml to accept it",
			KoreanMeaning: "쓰기를 시험할 수 없어 증명되지 않음", KoreanRemedy: "상세 내용대로 조치하거나, 받아들이려면 preflight.yml에 write_probe: false 지정",
		},
	}, postgresWrites(), redisWrites(), reasons.Postgres(), reasons.Connection())
	return spec.Spec{
		Name:    "Database",
		Looks:   "Redis answers PING and PostgreSQL SELECT 1, each within its timeout, and a probe of each is written",
		Network: true,
		Latencies: []spec.Latency{
			{Target: "redis", Metric: "realcheck_redis_latency_seconds", Help: "How long Redis took to answer PING, connecting included."},
			{Target: "postgres", Metric: "realcheck_postgres_latency_seconds", Help: "How long PostgreSQL took to answer SELECT 1, connecting included."},
			{Target: "redis", Metric: "realcheck_redis_write_seconds", Help: "How long Redis took to write the probe.", Probe: true},
			{Target: "postgres", Metric: "realcheck_postgres_write_seconds", Help: "How long PostgreSQL took to commit the probe.", Probe: true},
		},
		Reasons:      all.English(),
		Translations: all.Korean("데이터베이스", "Redis가 PING에, PostgreSQL이 SELECT 1에 제한 시간 안에 응답하고, 각각에 시험 쓰기가 되는지"),
	}
}

// postgresWrites returns the reasons of the write probe of PostgreSQL.
func postgresWrites() reasons.List {
	return reasons.List{
		{
			Name: "not_replicated", Meaning: "no synchronous standby confirmed the probe: every commit would wait",
			Remedy:        "start the standby, or correct synchronous_standby_names",
			KoreanMeaning: "동기 대기 서버의 확인이 없음: 모든 커밋이 멈춤", KoreanRemedy: "대기 서버를 시작하거나 synchronous_standby_names를 수정",
		},
		{
			Name: "connect_only", Meaning: "the role may connect, and has no right to write anything in the database",
			Remedy:        "grant the role its rights, or correct the user or the database in the address",
			KoreanMeaning: "접속만 가능하고 데이터베이스에 쓸 권한이 전혀 없는 역할", KoreanRemedy: "역할에 권한을 부여하거나 주소의 사용자 또는 데이터베이스를 수정",
		},
		{
			Name: "no_such_schema", Meaning: "no schema of the search_path exists or may be used",
			Remedy:        "create the schema, grant USAGE on it, or correct the search_path of the role, the database or the address",
			KoreanMeaning: "search_path의 스키마가 없거나 사용할 수 없음", KoreanRemedy: "스키마를 생성하거나 USAGE를 부여하거나 역할, 데이터베이스, 주소의 search_path를 수정",
		},
		{
			Name: "no_such_table", Meaning: "a table of preflight.yml does not exist",
			Remedy:        "migrate the schema, or correct the table's name in preflight.yml",
			KoreanMeaning: "preflight.yml에 적힌 테이블이 없음", KoreanRemedy: "스키마를 마이그레이션하거나 preflight.yml의 테이블 이름을 수정",
		},
		{
			Name: "no_partition", Meaning: "no partition takes the declared row",
			Remedy:        "create the partition, and look at the job that creates partitions",
			KoreanMeaning: "선언된 행을 받을 파티션이 없음", KoreanRemedy: "파티션을 생성하고, 파티션을 만드는 작업을 확인",
		},
		{
			Name: "disk_full", Meaning: "the disk of the table is full",
			Remedy:        "free space on the disk of the tablespace, or enlarge it",
			KoreanMeaning: "테이블의 디스크가 가득 참", KoreanRemedy: "테이블스페이스의 디스크 공간을 확보하거나 늘릴 것",
		},
		{
			Name: "insert_failed", Meaning: "the declared insert failed",
			Remedy:        "read the detail in the evidence; correct the table or the statement in preflight.yml",
			KoreanMeaning: "선언된 INSERT가 실패함", KoreanRemedy: "증거 파일의 상세 내용 확인 후 테이블 또는 preflight.yml의 문장을 수정",
		},
		{
			Name: "hosts_down", Meaning: "one host of the address answered, and others did not",
			Remedy:        "start the hosts that the detail names, or remove them from the address",
			KoreanMeaning: "주소의 한 호스트만 응답하고 나머지는 응답하지 않음", KoreanRemedy: "상세 내용의 호스트를 시작하거나 주소에서 제거",
		},
	}
}

// redisWrites returns the reasons of the write probe of Redis.
func redisWrites() reasons.List {
	return reasons.List{
		{
			Name: "out_of_memory", Meaning: "Redis is at maxmemory, may evict nothing, and refuses writes",
			Remedy:        "raise maxmemory, delete keys, or review maxmemory-policy",
			KoreanMeaning: "Redis가 maxmemory에 도달했고 내보낼 키가 없어 쓰기를 거부함", KoreanRemedy: "maxmemory를 늘리거나 키를 삭제하거나 maxmemory-policy를 검토",
		},
		{
			Name: "evicting", Meaning: "Redis is at maxmemory and evicts keys for every write; the probe was not written",
			Remedy:        "raise maxmemory, or use maxmemory-policy noeviction if the keys must not be lost",
			KoreanMeaning: "Redis가 maxmemory에 도달해 쓸 때마다 키를 내보냄: 시험 쓰기를 하지 않음", KoreanRemedy: "maxmemory를 늘리거나, 키를 잃으면 안 되면 maxmemory-policy를 noeviction으로 지정",
		},
		{
			Name: "too_few_replicas", Meaning: "fewer replicas follow than min-replicas-to-write demands, and Redis refuses writes",
			Remedy:        "start the replicas, or review min-replicas-to-write and min-replicas-max-lag",
			KoreanMeaning: "min-replicas-to-write보다 복제본이 적어 Redis가 쓰기를 거부함", KoreanRemedy: "복제본을 시작하거나 min-replicas-to-write와 min-replicas-max-lag를 검토",
		},
		{
			Name: "key_not_allowed", Meaning: "the user may not write the probe's key",
			Remedy:        "set probe_prefix in preflight.yml to a prefix that the user's ACL allows",
			KoreanMeaning: "사용자에게 시험용 키를 쓸 권한이 없음", KoreanRemedy: "preflight.yml의 probe_prefix를 사용자의 ACL이 허용하는 접두사로 지정",
		},
		{
			Name: "cannot_save", Meaning: "Redis cannot save to its disk, and refuses writes",
			Remedy:        "read its log; free space on its disk, or correct the rights of its folder",
			KoreanMeaning: "Redis가 디스크에 저장하지 못해 쓰기를 거부함", KoreanRemedy: "Redis 로그를 확인하고, 디스크 공간을 확보하거나 폴더 권한을 수정",
		},
		{
			Name: "writes_paused", Meaning: "Redis answers PING, and did not answer a write in time",
			Remedy:        "look for CLIENT PAUSE or a failover under way; CLIENT UNPAUSE ends a pause",
			KoreanMeaning: "Redis가 PING에는 응답하지만 쓰기에는 제한 시간 안에 응답하지 않음", KoreanRemedy: "CLIENT PAUSE 또는 진행 중인 페일오버를 확인: CLIENT UNPAUSE로 해제",
		},
		{
			Name: "link_down", Meaning: "the replica has no connection to its primary, and its data are old",
			Remedy:        "start the primary, or correct the address, the password or the network between",
			KoreanMeaning: "복제본이 주 서버와 끊겨 데이터가 오래됨", KoreanRemedy: "주 서버를 시작하거나 주소, 비밀번호, 네트워크를 수정",
		},
		{
			Name: "sentinel", Meaning: "a Sentinel answers at the address",
			Remedy:        "use the address of the Redis; the Sentinel shows it: SENTINEL GET-MASTER-ADDR-BY-NAME",
			KoreanMeaning: "해당 주소에서 Sentinel이 응답함", KoreanRemedy: "Redis의 주소를 사용: SENTINEL GET-MASTER-ADDR-BY-NAME으로 확인",
		},
		{
			Name: "cluster_redirect", Meaning: "the server is a node of a cluster and redirects commands to other nodes",
			Remedy:        "set cluster: true in preflight.yml if the system uses a client for clusters, else correct the address",
			KoreanMeaning: "클러스터 노드라서 명령을 다른 노드로 넘김", KoreanRemedy: "시스템이 클러스터 클라이언트를 쓰면 preflight.yml에 cluster: true 지정, 아니면 주소를 수정",
		},
		{
			Name: "cluster_slots", Meaning: "the cluster does not serve all of its slots",
			Remedy:        "run redis-cli --cluster check; start the missing nodes, or assign the slots",
			KoreanMeaning: "클러스터가 일부 슬롯을 서비스하지 않음", KoreanRemedy: "redis-cli --cluster check로 확인하고, 빠진 노드를 시작하거나 슬롯을 할당",
		},
		{
			Name: "not_a_cluster", Meaning: "cluster: true is set, and the server is not a node of a cluster",
			Remedy:        "remove cluster: true from preflight.yml, or correct the address",
			KoreanMeaning: "cluster: true인데 서버가 클러스터 노드가 아님", KoreanRemedy: "preflight.yml에서 cluster: true를 제거하거나 주소를 수정",
		},
	}
}
