#!/usr/bin/env bash
# `make bench`: Atalaya and its peers, held to the same job and measured by turns on a private PostgreSQL.
# Builds all of them, then runs bench/suite, which shows how far it is and writes bench/results/ and the
# tables of docs/performance.md. Nothing else should run on the machine meanwhile.
#   ROUNDS=3 SCENARIOS=connect,idle PEERS=node,atalaya-postgres SCALE=0.01 INTO=bench/results/FOLDER
# Without PEERS, with all of SCALE and three ROUNDS or more, what was measured is published; anything less is
# a trial, whose results stay in target/bench/.
set -euo pipefail
rounds=${ROUNDS:-3} scale=${SCALE:-1} scenarios=${SCENARIOS:-} peers=${PEERS:-} into=${INTO:-}
. "$(dirname "$0")/lib.sh"

build_node() { bash scripts/npm-ci.sh bench/peers/node; }

# Prisma's generator asks for the program of its migrations, which nothing here uses, and would download it.
build_nestjs() {
	bash scripts/npm-ci.sh bench/peers/nestjs
	PRISMA_SCHEMA_ENGINE_BINARY=/bin/true PRISMA_HIDE_UPDATE_MESSAGE=1 CHECKPOINT_DISABLE=1 \
		npm --prefix bench/peers/nestjs run build
}

build_socketioxide() {
	CARGO_TARGET_DIR=bench/peers/socketioxide/target \
		cargo build --release --locked --manifest-path bench/peers/socketioxide/Cargo.toml
}

measure() {
	# Each connection is a file, on either side.
	ulimit -n "$(ulimit -Hn)"
	target/release/bench-suite run --date "$(date -u +%F)" --host "$(nproc)-cores-$(uname -m)" \
		--rounds "$rounds" --scale "$scale" ${scenarios:+--scenarios "$scenarios"} ${peers:+--peers "$peers"} \
		${into:+--into "$into"}
}

step 'What the benchmark needs' bash scripts/need.sh compiler node postgresql
step 'Web application' bash scripts/web.sh
step 'Atalaya and the suite (the first release build takes some minutes)' \
	cargo build --release --locked -p atalaya -p atalaya-bench-suite --bin atalaya --bin bench-suite
step 'The client of the check' bash scripts/npm-ci.sh interop
step 'Peer: Socket.IO on Node' build_node
step 'Peer: NestJS with Prisma' build_nestjs
step 'Peer: socketioxide' build_socketioxide
step 'Measuring' measure
printf '\n%s\n' "${STEPS[@]}"
