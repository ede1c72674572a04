# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts of tools/vm share.  Sourced, never run.

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for who sources this
TOP=$(cd "$VM_DIR/../.." && pwd)
CACHE=${CONTAINER_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set: set CONTAINER_CACHE}/.cache}/container-vm}
ME=tools/vm/$(basename "$0")
export LC_ALL=C.UTF-8
# What our caller's make was told is not meant for the kernel's.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES

note() { printf '%s: %s\n' "$ME" "$*" >&2; }

die() {
	note "$*"
	exit "${DIE_STATUS:-1}"
}

# with_lock NAME COMMAND...: one process at a time for each NAME.  The lock
# is on a descriptor of this subshell, so that it ends with its holder however
# that ends; the command itself must not inherit it, or a daemon it leaves
# behind would hold the lock for ever.
with_lock() {
	local name=$1
	shift
	mkdir -p "$CACHE/lock"
	(
		if ! flock -n 9; then
			note "waiting for another run that prepares $name"
			flock 9
		fi
		"$@" 9>&-
	) 9>"$CACHE/lock/$name"
}

# in_cache DIR COMMAND...: DIR exists completely or not at all: COMMAND fills
# a directory beside it, whose name it gets as its last argument.
in_cache() {
	[ -d "$1" ] || with_lock "$(basename "$1")" fill_cache "$@"
}

fill_cache() {
	local dir=$1
	shift
	[ ! -d "$dir" ] || return 0
	rm -rf "$dir.new"
	mkdir -p "$dir.new"
	"$@" "$dir.new" || die "could not prepare $dir"
	mv "$dir.new" "$dir"
}
