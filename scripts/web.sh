#!/usr/bin/env bash
# Builds the web application into web/dist, unless nothing in web/ is newer than the last build.
# The binary embeds that folder, so this comes before any cargo build that is to be shown to a person.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Beside the packages, not in web/dist: what is in there is served.
STAMP=web/node_modules/.atalaya-built

is_fresh() {
	[ -e "$STAMP" ] && [ -e web/dist/index.html ] || return 1
	[ -z "$(find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -newer "$STAMP" -print -quit)" ]
}

if is_fresh; then
	note 'the web application is up to date'
	exit 0
fi
bash scripts/npm-ci.sh web
npm --prefix web run build
touch "$STAMP"
