#!/usr/bin/env bash
# npm-ci.sh DIR: installs exactly what DIR/package-lock.json names, unless that is already there.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

dir=$1
if [ "$dir/node_modules/.package-lock.json" -nt "$dir/package-lock.json" ]; then
	note "$dir/node_modules is up to date"
	exit 0
fi
npm --prefix "$dir" ci --no-audit --no-fund
touch "$dir/node_modules/.package-lock.json"
