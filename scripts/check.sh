#!/usr/bin/env bash
# `make check`: format and lint, nothing that runs the product.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

step 'What the check needs' bash scripts/need.sh compiler node
step 'Rust format' cargo fmt --all --check
step 'Peers: Rust format' cargo fmt --manifest-path bench/peers/socketioxide/Cargo.toml --check
step 'Web: packages' bash scripts/npm-ci.sh web
step 'Web: format' npm --prefix web run lint
step 'Interop, peers: format' web/node_modules/.bin/prettier --check interop config/pm2 bench/peers
step 'Web: types' npm --prefix web run check
step 'Web: build' bash scripts/web.sh
step 'Rust lint' cargo clippy --workspace --all-targets --locked -- -D warnings
printf '\n%s\n' "${STEPS[@]}"
echo 'make check: all good'
