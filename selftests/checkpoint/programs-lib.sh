# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Running a program twice: as it is, and with checkpoints in between.  Sourced,
# never run.  A program works in a directory of its own, counts in the file
# progress, and leaves a file result.

OUT=$(mktemp -d)
ROUNDS=${ROUNDS:-2}

# What is to be compressed: not random, and more than a moment's work.
prepare_input() {
	seq 1 400000 | awk '{ print $1 * 7919 % 99991, "of", $1 }' >"$OUT/input"
}

# In a directory of its own, with nothing from outside open.
run_in() {
	local dir=$1
	shift
	mkdir -p "$dir"
	ln -s "$OUT/input" "$dir/input"
	cd "$dir" && exec setsid "$@" </dev/null >output 2>&1
}

# enter NAME COMMAND...: become process 1 of a container, and run that
# shellcheck disable=SC2016 # for the other shell
ENTER='echo "$0" >/proc/container && exec "$@"'

# until_progress DIR COUNT
until_progress() {
	local end=$((SECONDS + 60)) now=
	while [ $SECONDS -lt $end ]; do
		read -r now 2>/dev/null <"$1/progress"
		[ "${now:-0}" -lt "$2" ] || return 0
		[ ! -s "$1/result" ] || break
		sleep 0.05
	done 2>/dev/null
	echo "no progress as far as $2: $now"
	cat "$1/output"
	return 1
}

until_gone() {
	local end=$((SECONDS + 60))
	while [ $SECONDS -lt $end ]; do
		[ -d "/proc/container/$1" ] || return 0
		sleep 0.05
	done
	echo "$1 does not end:"
	cat "/proc/container/$1/tasks"
	return 1
}

# once NAME: save, kill, bring back
once() {
	local name=$1
	cat "/proc/container/$name/checkpoint" >"$OUT/image" || {
		grep checkpoint-error "/proc/container/$name/status"
		cat "/proc/container/$name/check"
		return 1
	}
	echo KILL >"/proc/container/$name/kill"
	until_gone "$name" || return 1
	put_back
}

# What cat would do, but the sentence is shown if it fails.
put_back() {
	local why
	exec 9<>/proc/container/restart
	if ! cat "$OUT/image" >&9; then
		read -r -t 1 why <&9
		exec 9>&-
		echo "restart: ${why:-}"
		return 1
	fi
	exec 9>&-
}

# disturbed NAME PROGRESS COMMAND...: the same with checkpoints
disturbed() {
	local name=$1 at=$2 round dir=$OUT/$1-disturbed job
	shift 2
	(run_in "$dir" bash -c "$ENTER" "$name" "$@") &
	job=$!
	for ((round = 1; round <= ROUNDS; round++)); do
		until_progress "$dir" $((at * round)) || return 1
		[ ! -s "$dir/result" ] || {
			echo 'it has ended before the checkpoint'
			return 1
		}
		once "$name" || return 1
		wait $job 2>/dev/null
	done
	until_gone "$name"
}

# compare NAME PROGRAM FILE PROGRESS
compare() {
	# shellcheck disable=SC2053 # a pattern
	[[ $1 != ${PROGRAMS:-*} ]] || check "$1" compared "$@"
}

compared() {
	local name=$1
	(run_in "$OUT/$name-alone" timeout 100 "$2" "$3") || {
		echo "undisturbed it ends with $?"
		cat "$OUT/$name-alone/output"
		return 1
	}
	[ -s "$OUT/$name-alone/result" ] || {
		echo 'undisturbed it has no result'
		cat "$OUT/$name-alone/output"
		return 1
	}
	disturbed "$name" "$4" "$2" "$3" || {
		echo KILL >"/proc/container/$name/kill"
		return 1
	} 2>/dev/null
	cmp "$OUT/$name-alone/result" "$OUT/$name-disturbed/result" || {
		cat "$OUT/$name-disturbed/output"
		return 1
	}
}
