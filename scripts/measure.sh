#!/usr/bin/env bash
# `make measure`: the figures of docs/performance.md, on this machine. Builds the release binary and the
# load tool, starts private servers on free ports in a temporary folder, and prints a table for each database.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

CLIENTS=${CLIENTS:-5000} SOCKETS=${SOCKETS:-10000} USERS=100 ROUNDS=${ROUNDS:-3}

# In its second life, below testbed-postgres, the script measures.
if [ -z "${ATALAYA_TEST_POSTGRES:-}" ]; then
	step 'What the measurement needs' bash scripts/need.sh compiler node postgresql python
	step 'Web application' bash scripts/web.sh
	step 'Release build' cargo build --release --locked -p atalaya -p atalaya-testbed --bin atalaya --bin testbed-postgres
	step 'Load tool' cargo build --release --locked -p atalaya-client --example load
	exec target/release/testbed-postgres --durable -- bash "$0"
fi

ATALAYA=$ROOT/target/release/atalaya LOAD=$ROOT/target/release/examples/load
FOLDER=$(mktemp -d /tmp/atalaya-measure.XXXXXX)
SERVER=
stop() { [ -z "$SERVER" ] || { kill "$SERVER" && wait "$SERVER"; } 2>/dev/null || true; SERVER=; }
trap 'stop; rm -rf "$FOLDER"' EXIT

export JWT_SECRET=only-for-this-measurement-only-for-this-measurement
export ATALAYA_DATA_DIR=$FOLDER ATALAYA_LOG_FILE=$FOLDER/atalaya.log
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

start() {
	local port=$1
	: >"$FOLDER/err"
	ATALAYA_LISTEN=127.0.0.1:$port ATALAYA_OPS_LISTEN=127.0.0.1:$(free_port) \
		"$ATALAYA" serve >"$FOLDER/out" 2>>"$FOLDER/err" &
	SERVER=$!
	for _ in $(seq 100); do
		grep -q listening "$FOLDER/err" && return
		sleep 0.1
	done
	cat "$FOLDER/err" >&2
	die 'the server did not start'
}

measure() {
	local database_pid=$1 port url round scenario
	note "making $USERS users"
	for n in $(seq $USERS); do
		echo "password-of-user-$n" | "$ATALAYA" user add "user$n" --role "$([ "$n" = 1 ] && echo admin || echo user)" --password-stdin --json >/dev/null
	done
	# Broadcasts come last: what they leave unread is sent to whoever connects afterwards.
	for scenario in storm idle broadcast; do
		for round in $(seq "$ROUNDS"); do
			port=$(free_port) url=http://127.0.0.1:$port
			start "$port"
			local common=(--url "$url" --users 1..$USERS --server-pid "$SERVER" ${database_pid:+--database-pid "$database_pid"} --concurrency 200)
			note "$scenario, round $round of $ROUNDS"
			case $scenario in
			storm) "$LOAD" storm "${common[@]}" --clients "$CLIENTS" ;;
			idle) "$LOAD" idle "${common[@]}" --clients "$SOCKETS" ;;
			broadcast) "$LOAD" broadcast "${common[@]}" --clients "$SOCKETS" --broadcasts 20 --publisher 1 ;;
			esac
			stop
		done
	done
}

say 'SQLite'
DATABASE_URL=sqlite://$FOLDER/atalaya.db measure ''
say 'PostgreSQL, at its defaults'
psql() { command psql --no-psqlrc --tuples-only --no-align "$ATALAYA_TEST_POSTGRES" --command "$1"; }
DATABASE_URL=$ATALAYA_TEST_POSTGRES measure "$(head -1 "$(psql 'SHOW data_directory')/postmaster.pid")"
