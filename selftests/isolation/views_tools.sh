#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host contained pidns
# timeout: 400
#
# Debuggers of a program that has threads and forks: from the host, of one that
# is process 1 of a container; inside, of a child.  The numbers that they say are
# those of where they run.

set -u
# shellcheck source=selftests/lib/check.sh
. "$(dirname "$0")/../lib/check.sh"
CT_MODE=${CT_MODE:-host}
DEBUGGEE=$(dirname "$(readlink -f "$0")")/debuggee
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT
TARGET=

# in_time COMMAND...: until it succeeds
in_time() {
	local end=$((SECONDS + 60))
	until "$@"; do
		if [ "$SECONDS" -gt "$end" ]; then
			echo "waited in vain for: $*"
			return 1
		fi
		sleep 0.05
	done
}

show() {
	cat "$OUT/$1"
	return 1
}

said() { grep -q "$1" "$OUT/said"; }
tell() { echo "$1" >&5; }

# start: runs the debuggee; TARGET is its number for us
start() {
	rm -f "$OUT/line"
	mkfifo "$OUT/line"
	: >"$OUT/said"
	if [ "$CT_MODE" = host ]; then
		NAME=tools-$BASHPID-$COUNT
		bash -c 'echo "$1" >/proc/container && exec "$2"' - "$NAME" "$DEBUGGEE" \
			<"$OUT/line" >"$OUT/said" &
	else
		"$DEBUGGEE" <"$OUT/line" >"$OUT/said" &
	fi
	TARGET=$!
	exec 5>"$OUT/line"
	in_time said ^ready || return
	[ "$CT_MODE" != host ] || said '^ready 1 2 3$'
}

# stop: the debuggee ends by itself, as if nothing had happened
stop() {
	exec 5>&-
	wait "$TARGET"
	same $? 0
}

# threads: the numbers of its threads, sorted
threads() { printf '%s\n' "/proc/$TARGET/task"/* | sed 's|.*/||' | sort -n; }

child() { tr -d ' ' <"/proc/$TARGET/task/$TARGET/children"; }
has_child() { [ -n "$(child)" ]; }

# traced PID: somebody traces all threads of a process
traced() {
	! grep -hq '^TracerPid:[[:space:]]*0$' "/proc/$1/task"/*/status
}

# running PID: none of its threads is stopped by its tracer
running() {
	! grep -hq '^State:[[:space:]]*t' "/proc/$1/task"/*/status
}

traced_and_running() { traced "$1" && running "$1"; }

strace_follows() {
	local tracer threads child
	start || return
	strace -f -o "$OUT/trace" -p "$TARGET" 2>"$OUT/strace" &
	tracer=$!
	in_time traced "$TARGET" || return
	threads=$(threads)
	same "$(wc -l <<<"$threads")" 3 || return
	tell fork
	in_time has_child || return
	child=$(child)
	in_time traced "$child" || return
	in_time said ^child || return
	tell go
	in_time said ^reaped || return
	kill "$tracer"
	wait "$tracer"
	stop || return
	{
		# Whoever is mentioned is one of these.
		same "$(cut -d ' ' -f 1 "$OUT/trace" | grep -vxF "$threads"$'\n'"$child")" '' &&
			grep -Eq "^$child +\+\+\+ exited with 3" "$OUT/trace" &&
			grep -Eq "^$TARGET +.*SIGCHLD.*si_status=3" "$OUT/trace"
	} || show trace
}

# by_gdb COMMAND...: gdb attached to the debuggee, in the background
by_gdb() {
	local command
	local -a arguments=()
	for command; do
		arguments+=(-ex "$command")
	done
	gdb -nx -batch -ex 'set pagination off' -ex "file $DEBUGGEE" \
		-ex "attach $TARGET" "${arguments[@]}" >"$OUT/gdb" 2>&1 </dev/null &
	GDB=$!
}

# lwps: the threads that gdb has listed, sorted
lwps() { sed -n 's/.*(LWP \([0-9]*\)).*/\1/p;s/^[* ]*[0-9]* *LWP \([0-9]*\) .*/\1/p' "$OUT/gdb" | sort -nu; }

gdb_breaks() {
	start || return
	by_gdb 'break tick' 'info threads' 'echo @going\n' 'continue' \
		'backtrace' 'print count' 'delete' 'detach'
	in_time grep -q @going "$OUT/gdb" || return
	in_time traced_and_running "$TARGET" || return
	tell tick
	wait "$GDB"
	same $? 0 || show gdb || return
	same "$(lwps)" "$(threads)" || show gdb || return
	grep -q 'hit Breakpoint 1, .*tick' "$OUT/gdb" || show gdb || return
	contains "$(cat "$OUT/gdb")" "process $TARGET" || return
	# It goes on without.
	in_time said '^ticked 1' || return
	tell tick
	in_time said '^ticked 2' || return
	stop
}

gdb_follows() {
	local child
	start || return
	by_gdb 'set follow-fork-mode child' 'break in_child' 'echo @going\n' \
		'continue' 'info inferiors' 'backtrace' 'call (int)getpid()' \
		'delete' 'detach'
	in_time grep -q @going "$OUT/gdb" || return
	in_time traced_and_running "$TARGET" || return
	tell fork
	wait "$GDB"
	same $? 0 || show gdb || return
	in_time said ^child || show gdb || return
	child=$(child)
	contains "$(cat "$OUT/gdb")" "hit Breakpoint 1" || return
	contains "$(cat "$OUT/gdb")" "process $child" || return
	# What it calls itself is its own view.
	contains "$(cat "$OUT/gdb")" "= $(sed -n 's/^child //p' "$OUT/said")" || return
	tell go
	in_time said ^reaped || return
	stop
}

# Interrupted while it runs, and continued, all of its threads.
gdb_interrupts() {
	start || return
	by_gdb 'info threads' 'thread apply all backtrace 1' 'detach'
	wait "$GDB"
	same $? 0 || show gdb || return
	same "$(lwps)" "$(threads)" || show gdb || return
	in_time running "$TARGET" || return
	tell tick
	in_time said '^ticked 1' || return
	stop
}

echo 'TAP version 13'
check 'strace -f of threads and forks' strace_follows
check 'gdb: threads, a breakpoint, and detached' gdb_breaks
check 'gdb follows a fork' gdb_follows
check 'gdb stops all threads' gdb_interrupts
checked
