#!/usr/bin/env bash
# A Python environment of our own for the interop tests' second client, in target/interop-venv.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

VENV=target/interop-venv
WANTED=interop/python/requirements.txt

if cmp -s "$WANTED" "$VENV/requirements.txt"; then
	note "$VENV is up to date"
	exit 0
fi
rm -rf "$VENV"
/usr/bin/python3 -m venv "$VENV"
"$VENV/bin/pip" install --disable-pip-version-check --no-input --quiet -r "$WANTED"
cp "$WANTED" "$VENV/requirements.txt"
note "$VENV: $("$VENV/bin/pip" --disable-pip-version-check list 2>/dev/null | grep -i '^python-socketio')"
