# Atalaya's tasks. `make help` lists them; each is a short script in scripts/ or one command.

.DEFAULT_GOAL := help
.PHONY: help run test check fmt web bench drill fuzz audit

help: ## list the tasks
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | awk -F'\t' '{ printf "  make %-8s %s\n", $$1, $$2 }'

run: ## install what is missing, build, and start Atalaya on http://localhost:3001 (ARGS='--help' for its options)
	@bash scripts/run.sh $(ARGS)

test: ## install what the tests need, then format, lint, licences, unit, law and interop tests
	@bash scripts/test.sh

check: ## the fast part of `make test`: format and lint, of Rust and of the web application
	@bash scripts/check.sh

fmt: ## format everything that `make check` would complain about
	cargo fmt --all
	cargo fmt --manifest-path bench/peers/socketioxide/Cargo.toml
	npm --prefix web run format
	web/node_modules/.bin/prettier --write interop config/pm2 bench/peers

web: ## build the web application into web/dist, if it is not up to date
	@bash scripts/web.sh

bench: ## measure against the peers, for docs/performance.md (25 minutes; ROUNDS=, SCENARIOS=, PEERS=, SCALE= for a part)
	@bash scripts/bench.sh

drill: ## real clients, publishers and `kill -9`: is anything lost? (6 minutes; DRILL=small, PLACE=sqlite, SEED=)
	@bash scripts/drill.sh

fuzz: ## fuzz the protocol's decoders and what the doctor reads (SECONDS_EACH=60; needs a nightly toolchain and cargo-fuzz)
	@bash scripts/fuzz.sh

audit: ## known vulnerabilities in the dependencies (fetches advisory databases from the internet)
	@bash scripts/audit.sh
