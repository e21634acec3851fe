#!/usr/bin/env bash
# `make drill`: real clients that come and go, publishers at a steady rate, and servers that are killed in the middle of
# it; at the end everybody's list is compared with what was answered. Exits 1 if anything was lost, came twice or out of
# order.
#   DRILL=full|small   PLACE=sqlite|postgres|two-servers (all three if not given)   SEED=NUMBER
set -euo pipefail
size=${DRILL:-full} place=${PLACE:-} seed=${SEED:-}
. "$(dirname "$0")/lib.sh"

drill() {
	ATALAYA_BIN=$ROOT/target/release/atalaya node interop/drill/main.mjs --size "$size" \
		${place:+--place "$place"} ${seed:+--seed "$seed"}
}

step 'What the drill needs' bash scripts/need.sh compiler node nginx postgresql sqlite
step 'Web application' bash scripts/web.sh
step 'Release binary (the first build takes some minutes)' cargo build --release --locked -p atalaya
step 'The clients' bash scripts/npm-ci.sh interop
step 'Drill' drill
