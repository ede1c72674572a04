#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# kernels: stock
#
# The usual tools, given a container's /proc from outside, show the container as
# it sees itself.

# Much here is for an inner shell, or awk, to expand.
# shellcheck disable=SC2016
set -u
# shellcheck source=selftests/lib/check.sh
. "$(dirname "$0")/../lib/check.sh"
[ -e /proc/container ] || exit 4
NAME=view-tools
VIEW=/proc/container/$NAME/proc

# over_proc COMMAND...: run it with the view in the place of /proc
over_proc() {
	unshare -m sh -c 'mount --bind "$0" /proc && exec "$@"' "$VIEW" "$@"
}

numbers() { cd "$1" && printf '%s\n' [0-9]* | sort -n; }

# What all tools should say: process 1, its child, and the child's two.
WANTED=$'1\n2\n3\n4'

numbers_are_those() { same "$(numbers "$VIEW")" "$WANTED"; }

by_top() {
	local said
	said=$(over_proc top -b -n 1) || return
	same "$(awk 'go { print $1 } $1 == "PID" { go = 1 }' <<<"$said" | sort -n)" "$WANTED" &&
		contains "$said" 'Tasks:   4 total'
}

by_pgrep() {
	same "$(over_proc pgrep -x sleep | sort -n)" $'3\n4' &&
		same "$(over_proc pgrep -P 1)" 2
}

by_pstree() {
	same "$(over_proc pstree -p)" \
		'container-init(1)---sh(2)-+-sleep(3)
                          `-sleep(4)'
}

# ps wants a number of its own in /proc; process 1 is always there.
by_ps() {
	local said
	said=$(unshare -mpf sh -c 'mount --bind "$0" /proc && exec ps -e -o pid=,ppid=,comm= --forest' "$VIEW") ||
		return
	same "$(awk '{ print $1, $2 }' <<<"$said")" $'1 0\n2 1\n3 2\n4 2' &&
		contains "$said" '\_ sleep'
}

# drawn WHAT COMMAND...: what the command shows on a terminal, with the view in the
# place of /proc, without colours and with movements of the cursor as ends of lines.
# Once WHAT is there, it is told to quit.
drawn() {
	local what=$1 tries
	shift
	: >"$DRAWING"
	{
		for ((tries = 0; tries < 300; tries++)); do
			! plain | grep -q "$what" || break
			sleep 0.2
		done
		printf q
	} | TERM=xterm HTOPRC=/dev/null script -qfec "$(printf '%q ' unshare -mpf sh -c \
		'stty cols 100 rows 40; mount --bind "$0" /proc && exec "$@"' "$VIEW" "$@")" \
		"$DRAWING" >/dev/null || return
	plain
}

plain() {
	sed -E $'s/\r|\e(\\[[0-9;]*m|[()][A-Z0-9])//g; s/\e\\[[0-9;?]*[A-Za-z]/\\n/g' "$DRAWING"
}

ps_at_terminal() {
	local said
	said=$(drawn 'sleep 4712' ps -e -o pid=,ppid=,args=) || return
	same "$(awk '/^ *[0-9]/ { print $1, $2 }' <<<"$said")" $'1 0\n2 1\n3 2\n4 2'
}

htop_at_terminal() {
	local said
	said=$(drawn 'sleep 4712' htop --tree) || return
	contains "$said" 'Tasks: 4,' && contains "$said" '0 kthr' &&
		contains "$said" 'sh -c sleep 4711'
}

by_containerctl() {
	same "$(containerctl ps "$NAME" -e -o pid= | tr -d ' ')" "$WANTED" &&
		contains "$(containerctl ps "$NAME" -ef --forest)" '\_ sleep 4711'
}

# The same, inside; what looks there is not in it.
as_inside() {
	same "$(containerctl exec "$NAME" -- ps -e -o pid=,args= | grep -v 'ps -e' | grep -v 'containerctl exec')" \
		"$(containerctl ps "$NAME" -e -o pid=,args=)"
}

# The last number that was given out tells.
not_entered() {
	local before
	before=$(containerctl exec "$NAME" -- awk '{ print $5 }' /proc/loadavg)
	containerctl ps "$NAME" >/dev/null && containerctl ps "$NAME" -p 1 >/dev/null || return
	# The one that looks, and nobody in between.
	same "$(containerctl exec "$NAME" -- awk '{ print $5 }' /proc/loadavg)" $((before + 1))
}

# Redirections go through /proc/self/fd.
dev_fd() {
	same "$(over_proc bash -c 'echo said | cat /dev/fd/0; read -r x < <(echo again); echo "$x"')" \
		$'said\nagain'
}

no_mount_is_left() {
	containerctl kill "$NAME" KILL || return
	until [ ! -e "/proc/container/$NAME/status" ] &&
		! grep -q "/proc/container/$NAME/" /proc/self/mountinfo; do
		sleep 0.1
	done
}

DRAWING=$(mktemp)
trap 'rm "$DRAWING"; [ ! -e "/proc/container/$NAME/status" ] || containerctl kill "$NAME" KILL' EXIT
containerctl run -d "$NAME" -- sh -c 'sleep 4711 & sleep 4712 & wait'
until [ "$(numbers "$VIEW" | wc -l)" = 4 ] && [ "$(cat "$VIEW/4/comm")" = sleep ] &&
	[ "$(cat "$VIEW/3/comm")" = sleep ]; do
	sleep 0.1
done

echo 'TAP version 13'
check 'numbers in the directory' numbers_are_those
check 'top' by_top
check 'pgrep' by_pgrep
check 'pstree' by_pstree
check 'ps' by_ps
check 'ps at a terminal' ps_at_terminal
check 'htop' htop_at_terminal
check 'containerctl ps' by_containerctl
check 'ps inside says the same' as_inside
check 'containerctl ps does not enter' not_entered
check 'what goes through /proc/self/fd' dev_fd
check 'no mount outlives the container' no_mount_is_left
checked
