#!/usr/bin/env bash
# need.sh THING…: looks for each thing and installs only what is missing. Things: compiler, node,
# nginx, haproxy, caddy, openssl, postgresql, chromium, sqlite, python, nextest, deny.
# System packages come from apt (with sudo when not root); Cargo's tools are built from source.
# A service that a package would start by itself is not started: the tests run private instances.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

NEXTEST_VERSION=0.9.143
DENY_VERSION=0.20.2

packages=()

has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

has_postgresql() { has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

has_python_venv() { [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null; }

has_compiler() { has cc && printf '#include <stdio.h>\n' | cc -E - >/dev/null 2>&1; }

require_node() {
	has node && has npm || die 'Node.js 20 or newer with npm is needed (Debian: apt-get install nodejs npm, or nodejs.org).'
	node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
		die "Node.js 20.19 or newer is needed; this is $(node --version)."
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2
}

# While packages unpack, this file tells Debian to start none of their services.
hold_services() {
	[ -e /usr/sbin/policy-rc.d ] && return
	printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
	as_root chmod 755 /usr/sbin/policy-rc.d
	trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
}

install_packages() {
	has apt-get || die "Missing: ${packages[*]} (Debian's names). Install them, then run this again."
	[ "$(id -u)" = 0 ] || has sudo ||
		die "Missing: ${packages[*]}. As root: apt-get install ${packages[*]}, then run this again."
	note "installing from Debian: ${packages[*]}"
	as_root apt-get update >&2
	hold_services
	if [[ " ${packages[*]} " == *' postgresql '* ]]; then
		apt_install postgresql-common
		as_root sed -i -E 's/^#?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
	fi
	apt_install "${packages[@]}"
	# Nor at the next boot: nobody asked for a web server on port 80.
	local proxy
	for proxy in nginx haproxy caddy; do
		if [[ " ${packages[*]} " == *" $proxy "* ]] && has systemctl; then
			as_root systemctl disable "$proxy.service" >&2 || true
		fi
	done
}

# The tools are run a few times, not for hours: unoptimised and without debug information they
# compile in a fraction of the time.
cargo_install() {
	note "building $1 $2 (a minute or so)"
	CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_STRIP=symbols \
		cargo install --locked --debug "$1@$2" "${@:3}" >&2
}

tools=()
for thing in "$@"; do
	case $thing in
	compiler) has_compiler || packages+=(gcc libc6-dev) ;;
	node) require_node ;;
	nginx | haproxy | caddy | openssl) has "$thing" || packages+=("$thing") ;;
	postgresql) has_postgresql || packages+=(postgresql) ;;
	chromium) has chromium || [ -n "${CHROMIUM:-}" ] || packages+=(chromium) ;;
	sqlite) has sqlite3 || packages+=(sqlite3) ;;
	python) has_python_venv || packages+=(python3 python3-venv) ;;
	nextest | deny) tools+=("$thing") ;;
	*) die "need.sh: unknown thing '$thing'" ;;
	esac
done

has cargo || die 'The Rust toolchain is needed: https://rustup.rs'
[ ${#packages[@]} -eq 0 ] || install_packages
for tool in ${tools[@]+"${tools[@]}"}; do
	case $tool in
	nextest) has cargo-nextest || cargo_install cargo-nextest $NEXTEST_VERSION --no-default-features --features default-no-update ;;
	deny) has cargo-deny || cargo_install cargo-deny $DENY_VERSION ;;
	esac
done
note "here: $*"
