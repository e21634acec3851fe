#!/usr/bin/env bash
# `make audit`: known vulnerabilities in what we depend on. Not part of `make test`, because it fetches
# the advisory databases from the internet, and because a new advisory must not break an old checkout.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

step 'What the audit needs' bash scripts/need.sh node deny
step 'Rust advisories' cargo deny --locked check advisories
for dir in web interop; do
	step "npm advisories: $dir" npm --prefix "$dir" audit --audit=true --omit=dev
done
echo 'make audit: nothing known'
