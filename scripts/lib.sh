# Shared by the scripts of this folder: how they speak, and how they time their steps.
# Sourced, never run; the caller has already said `set -euo pipefail`.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

say() { printf '\n\033[1m== %s\033[0m\n' "$*" >&2; }
note() { printf '   %s\n' "$*" >&2; }
die() { printf '\n%s\n' "$*" >&2; exit 2; }

STEPS=()

# step NAME COMMAND…: runs one step, shows what it is doing, and remembers the seconds it took.
step() {
	local name=$1 began=$SECONDS
	shift
	say "$name"
	"$@"
	STEPS+=("$(printf '%6d s  %s' $((SECONDS - began)) "$name")")
	note "$name: $((SECONDS - began)) s"
}
