# The targets run scripts in scripts/. "make help" lists them.
.DEFAULT_GOAL := help
.PHONY: help generate check test demo bench firstrun soak chaos fuzz up build tools exporters pictures fmt lint golangci vulncheck clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

generate: ## Prove the definitions and their tests, and write generated/.
	go run ./cmd/preflight-gen --mutate

check: ## Report differences between generated/ and the definitions.
	go run ./cmd/preflight-gen --check

test: ## Run every check and test, with all their set-up.
	@scripts/test

demo: ## Run the whole pipeline: Redis fails, the message arrives, Redis returns. ARGS=--real uses the released Prometheus.
	@scripts/demo $(ARGS)

bench: build tools ## Measure the commands, the proofs, and the webhook under load.
	@go run ./bench/process
	@go run ./bench/proofs
	@go run ./bench/mutation
	@go run ./bench/scale
	@go test -run='^$$' -bench=. -benchtime=1x ./pipelinetest ./internal/proof/routes
	@go run ./bench/pipeline
	@go run ./bench/delivery
	@go run ./bench/history

firstrun: ## Measure the time from a clone to the first message with empty Go caches. Takes minutes.
	@go run ./bench/firstrun

chaos: build tools ## Kill the webhook 200 times, trouble all that it depends on, kill 500 checkers; no alert may be lost.
	@scripts/previous
	@go run ./bench/chaos
	@go run ./bench/chaos -transport=slack -stages=kills
	@scripts/kills 500

FUZZTIME ?= 30s
fuzz: ## Run every fuzz target for FUZZTIME=30s.
	@scripts/fuzz $(FUZZTIME)

soak: build tools ## Run the checker 10,000 times at 10 ms; fail if its memory or files grow.
	@go run ./bench/soak

up: ## Run the production stack with Docker Compose.
	@scripts/up

build: ## Build our commands into bin/.
	@scripts/build

tools: ## Find or install Redis and PostgreSQL, build Prometheus and related programs into bin/.
	@scripts/servers
	@scripts/tools

exporters: build tools ## Record the metrics of the exporters again: metrics/exporters/.
	@scripts/tools postgres_exporter
	go run ./internal/stack/record

pictures: ## Draw docs/images/ from the transcripts of stories, with Chromium.
	@scripts/pictures

fmt: ## Format the Go code.
	go fmt ./...

lint: tools ## Report the findings of shellcheck, actionlint, gofmt, go vet and staticcheck.
	@scripts/lint

golangci: ## Report the findings of golangci-lint. Building it takes minutes.
	@scripts/golangci

vulncheck: ## Check the modules against the online Go vulnerability database.
	@scripts/vulncheck

clean: ## Remove bin/ and data/.
	rm -rf bin data
