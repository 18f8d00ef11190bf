package spec

import (
	"slices"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/reasons"
)

// Migrations describes the check Migrations.
func Migrations() spec.Spec {
	all := slices.Concat(reasons.List{
		{
			Name: "behind", Meaning: "migrations of the folder are not applied",
			Remedy:        "apply the migrations before anything trades",
			KoreanMeaning: "적용되지 않은 마이그레이션이 있음", KoreanRemedy: "거래 전에 마이그레이션을 적용",
		},
		{
			Name: "ahead", Meaning: "the database has migrations that the folder does not",
			Remedy:        "deploy the code that belongs to the schema, or roll the schema back",
			KoreanMeaning: "폴더에 없는 마이그레이션이 데이터베이스에 있음", KoreanRemedy: "스키마에 맞는 코드를 배포하거나 스키마를 되돌릴 것",
		},
		{
			Name: "dirty", Meaning: "a migration failed half-way",
			Remedy:        "repair the schema by hand, then the tool's record (migrate force, flyway repair, atlas migrate apply)",
			KoreanMeaning: "마이그레이션이 도중에 실패함", KoreanRemedy: "스키마를 직접 복구한 뒤 도구의 기록을 수정 (migrate force, flyway repair, atlas migrate apply)",
		},
		{
			Name: "not_migrated", Meaning: "the table of the migration tool is missing or empty",
			Remedy:        "apply the migrations; correct table in preflight.yml if it has another name",
			KoreanMeaning: "마이그레이션 도구의 테이블이 없거나 비어 있음", KoreanRemedy: "마이그레이션을 적용하거나 preflight.yml의 table을 수정",
		},
		{
			Name: "no_migrations", Meaning: "the folder has no migrations",
			Remedy:        "correct folder in preflight.yml, or deploy the migrations with the code",
			KoreanMeaning: "폴더에 마이그레이션이 없음", KoreanRemedy: "preflight.yml의 folder를 수정하거나 코드와 함께 배포",
		},
		{
			Name: "duplicate_version", Meaning: "two files of the folder have one version",
			Remedy:        "give one of them a new version, before a tool applies only one of them",
			KoreanMeaning: "폴더의 두 파일이 같은 버전임", KoreanRemedy: "도구가 그중 하나만 적용하기 전에 한 파일에 새 버전을 부여",
		},
		{
			Name: "unreadable_migration", Meaning: "the version of a file, or its place among the others, cannot be read",
			Remedy:        "correct the file that the detail names; deploy all migrations",
			KoreanMeaning: "파일의 버전 또는 순서를 읽을 수 없음", KoreanRemedy: "상세 내용의 파일을 수정하고 모든 마이그레이션을 배포",
		},
		{
			Name: "other_tool", Meaning: "another tool has migrated the schema",
			Remedy:        "set tool and table in preflight.yml as the detail says",
			KoreanMeaning: "다른 도구가 스키마를 마이그레이션함", KoreanRemedy: "상세 내용대로 preflight.yml의 tool과 table을 설정",
		},
		{
			Name: "not_supported", Meaning: "a tool whose versions this check cannot compare has migrated the schema",
			Remedy:        "remove the schema from migrations in preflight.yml, and compare its version with a check of your own (checks, sql)",
			KoreanMeaning: "이 점검이 버전을 비교할 수 없는 도구가 스키마를 마이그레이션함", KoreanRemedy: "preflight.yml의 migrations에서 스키마를 빼고 직접 만든 점검으로 버전을 비교 (checks, sql)",
		},
		{
			Name: "not_configured", Meaning: "the variable with the address is not set",
			Remedy:        "set the variable that preflight.yml names",
			KoreanMeaning: "주소 변수가 설정되지 않음", KoreanRemedy: "preflight.yml에 지정된 변수를 설정",
		},
		{
			Name: "malformed", Meaning: "the address cannot be parsed",
			Remedy:        "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE",
			KoreanMeaning: "주소를 해석할 수 없음", KoreanRemedy: "postgres://USER:PASSWORD@HOST:PORT/DATABASE 형식으로 작성",
		},
	}, reasons.Postgres(), reasons.Connection())
	return spec.Spec{
		Name:         "Migrations",
		Looks:        "the schema in PostgreSQL is at the version of the newest migration in the folder",
		Network:      true,
		Sections:     []string{LiveWaivers},
		Reasons:      all.English(),
		Translations: all.Korean("마이그레이션", "PostgreSQL 스키마가 폴더의 최신 마이그레이션 버전인지"),
	}
}
