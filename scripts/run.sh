#!/usr/bin/env bash
# `make run`: from a fresh checkout to a running Atalaya. Arguments go to `atalaya serve`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

step 'What the build needs' bash scripts/need.sh compiler node
step 'Web application' bash scripts/web.sh
step 'Release binary (the first build takes some minutes)' cargo build --release --locked -p atalaya
say 'Starting: target/release/atalaya serve (Ctrl-C stops it)'
exec target/release/atalaya serve "$@"
