#!/usr/bin/env bash
# `make fuzz`: runs each fuzz target, of the protocol and of the doctor, for SECONDS_EACH seconds (60 by default).
set -euo pipefail
limit=${SECONDS_EACH:-60}
. "$(dirname "$0")/lib.sh"

cargo fuzz --version >/dev/null 2>&1 || die 'cargo-fuzz is needed: cargo install --locked cargo-fuzz'
cargo +nightly --version >/dev/null 2>&1 || die 'A nightly toolchain is needed: rustup toolchain install nightly'
for crate in protocol doctor; do
	cd "$ROOT/crates/$crate"
	for target in $(cargo +nightly fuzz list); do
		mkdir -p "fuzz/corpus/$target"
		# What it finds goes into the first folder; it starts from both.
		step "Fuzzing $target for $limit s" cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" \
			-- -max_total_time="$limit" -max_len=65536
	done
done
