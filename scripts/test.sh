#!/usr/bin/env bash
# `make test`: everything, from nothing. Installs what is missing, checks, builds once (the dev
# profile only) and runs the tests against real clients, a real nginx, a real PostgreSQL and a real
# browser, all private instances in one temporary folder. What a test leaves behind, be it a
# process, a file there or a change in the work tree, is a failure too.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

tree_state() { git --no-optional-locks status --porcelain 2>/dev/null || true; }
TREE_BEFORE=$(tree_state)

# Short, for the sockets in it have a limit of 108 characters; open to others, for PostgreSQL
# refuses to run as root and the tests start it as another user.
TMPDIR=$(mktemp -d /tmp/atalaya.XXXXXX)
export TMPDIR
chmod 755 "$TMPDIR"

# Prints the ids of the processes that were started under our TMPDIR, this script's own aside.
strays() {
	local environ pid
	for environ in /proc/[0-9]*/environ; do
		pid=${environ#/proc/}
		pid=${pid%/environ}
		[ "$pid" != $$ ] && [ "$pid" != "$BASHPID" ] || continue
		if { tr '\0' '\n' <"$environ" | grep -qx "TMPDIR=$TMPDIR"; } 2>/dev/null; then
			echo "$pid"
		fi
	done
	return 0
}

# Whatever way this script ends, nothing of it stays.
clean_up() {
	local status=$? pid
	trap - EXIT
	for pid in $(strays); do kill -9 "$pid" 2>/dev/null || true; done
	rm -rf "$TMPDIR"
	[ $status -eq 0 ] || printf '\nmake test: FAILED after %d s (exit %d)\n' "$SECONDS" "$status" >&2
	exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

run_rust_tests() {
	target/debug/testbed-postgres -- cargo nextest run --workspace --lib --bins --tests --locked --no-fail-fast
}

run_interop_tests() {
	bash scripts/npm-ci.sh interop
	bash scripts/venv.sh
	ATALAYA_BIN=$ROOT/target/debug/atalaya npm --prefix interop test
}

nothing_left_behind() {
	local pid failed=0
	for pid in $(strays); do
		note "left running: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-160)"
		failed=1
	done
	if [ -n "$(ls -A "$TMPDIR")" ]; then
		note "left in the temporary folder: $(ls -A "$TMPDIR" | head -20 | tr '\n' ' ')"
		failed=1
	fi
	if [ "$(tree_state)" != "$TREE_BEFORE" ]; then
		note 'the work tree has changed:'
		tree_state >&2
		failed=1
	fi
	return $failed
}

step 'What the tests need' bash scripts/need.sh compiler node nginx haproxy caddy openssl postgresql chromium sqlite python nextest deny
step 'Rust format' cargo fmt --all --check
step 'Peers: Rust format' cargo fmt --manifest-path bench/peers/socketioxide/Cargo.toml --check
step 'Web: packages' bash scripts/npm-ci.sh web
step 'Web: format' npm --prefix web run lint
step 'Interop, peers: format' web/node_modules/.bin/prettier --check interop config/pm2 bench/peers
step 'Web: types' npm --prefix web run check
step 'Web: types of the API are not stale' npm --prefix web run api:check
step 'Web: unit tests' npm --prefix web test
step 'Web: build' bash scripts/web.sh
step 'Rust lint' cargo clippy --workspace --all-targets --locked -- -D warnings
step 'Licences, bans, sources' cargo deny --locked check --hide-inclusion-graph licenses bans sources
step 'Rust build' cargo build --workspace --lib --bins --tests --benches --locked
step 'Rust tests' run_rust_tests
step 'Rust documentation tests' cargo test --workspace --doc --locked --quiet
step 'Interop tests' run_interop_tests
step 'Nothing left behind' nothing_left_behind

printf '\n%s\n' "${STEPS[@]}"
echo "make test: everything passed in $SECONDS s"
