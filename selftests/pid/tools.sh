#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host contained pidns
# timeout: 300
#
# Programs that everybody uses, which know of no container: what they say of
# processes agrees with what the processes say of themselves.

set -u
# shellcheck source=selftests/lib/check.sh
. "$(dirname "$0")/../lib/check.sh"
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT

shell_variables() {
	same "$(sh -c 'echo $PPID')" "$BASHPID" &&
		same "$(bash -c 'readlink /proc/self; echo $BASHPID' | uniq | wc -l)" 2
}

by_ps() {
	local me=$BASHPID child line
	sleep 1000 &
	child=$!
	read -r -a line < <(ps -o pid=,ppid=,comm= -p "$child")
	kill "$child"
	same "${line[*]}" "$child $me sleep"
}

# Numbers in ps's own list are those of /proc, and all of them.
ps_lists_proc() {
	local listed there
	[ "$CT_MODE" != host ] || return 0
	# Each counts the processes that count.
	listed=$(ps -e -o pid= | wc -l)
	there=$(cd /proc && printf '%s\n' [0-9]* | wc -l)
	[ $((listed - there)) -le 2 ] && [ $((there - listed)) -le 2 ] &&
		[ "$listed" -lt 15 ] && return
	echo "$listed in ps, $there in /proc"
	return 1
}

by_pgrep() {
	local child
	bash -c 'exec -a a-very-odd-name sleep 1000' &
	child=$!
	until same "$(pgrep -f '^a-very-odd-name')" "$child"; do :; done >/dev/null
	pkill -f '^a-very-odd-name'
	wait "$child"
	same $? 143
}

process_tree() {
	local tree me=$BASHPID
	sleep 1000 &
	tree=$(pstree -p "$me")
	kill $!
	[[ $tree == *"sleep($!)"* ]] || {
		echo "$tree"
		return 1
	}
}

# What strace prints of forks and waits are the shell's own numbers.
by_strace() {
	local first second
	# shellcheck disable=SC2016 # for the traced shell
	strace -f -o "$OUT/trace" -e trace=clone,fork,vfork,wait4,kill \
		sh -c 'echo $$; sh -c "echo \$\$; exit 3"; exit 0' >"$OUT/said" || return
	{ read -r first && read -r second; } <"$OUT/said"
	grep -Eq "^$first +(clone|fork|vfork).* = $second\$|^$first +.* resumed>.* = $second\$" "$OUT/trace" &&
		grep -Eq "^$first +(wait4\(-1, |.*wait4 resumed>).* = $second\$" "$OUT/trace" &&
		grep -Eq "^$second +\+\+\+ exited with 3" "$OUT/trace" &&
		grep -Eq "^$first +--- SIGCHLD .*si_pid=$second, " "$OUT/trace" &&
		return
	echo "$first forked $second:"
	cat "$OUT/trace"
	return 1
}

attach_strace() {
	local child
	sleep 1000 &
	child=$!
	strace -o "$OUT/attached" -p "$child" &
	until [ "$(sed -n 's/^TracerPid:\t//p' "/proc/$child/status")" = $! ]; do :; done
	kill "$child"
	wait $!
	grep -q "SIGTERM {.*si_pid=$BASHPID, " "$OUT/attached" || {
		cat "$OUT/attached"
		return 1
	}
}

by_gdb() {
	local child said
	sleep 1000 &
	child=$!
	said=$(gdb -nx -batch -p "$child" -ex 'info inferiors' \
		-ex 'call (int)getpid()' 2>&1)
	kill "$child"
	[[ $said == *"process $child "* && $said == *"= $child"* ]] || {
		echo "$said"
		return 1
	}
}

time_limit() {
	timeout 0.1 sleep 1000
	same $? 124
}

CT_MODE=${CT_MODE:-host}
echo 'TAP version 13'
check 'variables of a shell' shell_variables
check 'ps' by_ps
check 'ps lists what is in /proc' ps_lists_proc
check 'pgrep and pkill' by_pgrep
check 'pstree' process_tree
check 'strace from the start' by_strace
check 'strace attached' attach_strace
check 'gdb attached' by_gdb
check 'timeout' time_limit
checked
