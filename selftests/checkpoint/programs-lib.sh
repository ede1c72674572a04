# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Running a program twice: as it is, and with checkpoints in between.  Sourced,
# never run.  A program works in a directory of its own, counts in the file
# progress, and leaves a file result.
#
# With CR_SAVE and CR_LOAD, directories, in the environment it is saved on one machine
# and brought back on another: see ct-moved.h.

if [ -n "${CR_SAVE-}${CR_LOAD-}" ]; then
	OUT=${CR_SAVE:-$CR_LOAD}/programs
	mkdir -p "$OUT"
else
	OUT=$(mktemp -d)
fi
ROUNDS=${ROUNDS:-2}
# Seconds; longer than any of them takes in an emulated machine.
PATIENCE=240

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
	local end=$((SECONDS + PATIENCE)) now=
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
	local end=$((SECONDS + PATIENCE))
	while [ $SECONDS -lt $end ]; do
		[ -d "/proc/container/$1" ] || return 0
		sleep 0.05
	done
	echo "$1 does not end:"
	cat "/proc/container/$1/tasks"
	return 1
}

# take NAME IMAGE: save, and kill before it can do anything more: what it removes
# afterwards would be missing at the restart.  What is in the way for a moment only is
# the module's business: a refusal is a failure.
take() {
	local status=0
	exec 8<>"/proc/container/$1/checkpoint" || return
	echo kill >&8
	cat <&8 >"$2" || {
		status=1
		grep checkpoint-error "/proc/container/$1/status"
		cat "/proc/container/$1/check"
	}
	exec 8>&-
	[ $status = 0 ] && until_gone "$1"
}

# put_back IMAGE: what cat would do, but the sentence is shown if it fails
put_back() {
	local why
	exec 9<>/proc/container/restart
	if ! cat "$1" >&9; then
		read -r -t 1 why <&9
		exec 9>&-
		echo "restart: ${why:-}"
		return 1
	fi
	exec 9>&-
}

# reach DIR PROGRESS
reach() {
	until_progress "$1" "$2" || return 1
	[ ! -s "$1/result" ] || {
		echo 'it has ended before the checkpoint'
		return 1
	}
}

# disturbed NAME PROGRESS COMMAND...: the same with checkpoints
disturbed() {
	local name=$1 at=$2 round dir=$OUT/$1-disturbed job
	shift 2
	(run_in "$dir" bash -c "$ENTER" "$name" "$@") &
	job=$!
	for ((round = 1; round <= ROUNDS; round++)); do
		reach "$dir" $((at * round)) && take "$name" "$OUT/image" &&
			put_back "$OUT/image" || return 1
		wait $job 2>/dev/null
	done
	until_gone "$name"
}

# compare NAME PROGRAM FILE PROGRESS
compare() {
	# shellcheck disable=SC2053 # a pattern
	[[ $1 == ${CR_PROGRAMS:-*} ]] || return
	[ -z "${CR_LOAD-}" ] || check "$1.load" loaded "$1"
	[ -z "${CR_SAVE-}" ] || check "$1.save" saved "$@"
	[ -n "${CR_SAVE-}${CR_LOAD-}" ] || check "$1" compared "$@"
}

# alone NAME PROGRAM FILE: undisturbed
alone() {
	(run_in "$OUT/$1-alone" timeout "$PATIENCE" "$2" "$3") || {
		echo "undisturbed it ends with $?"
		cat "$OUT/$1-alone/output"
		return 1
	}
	[ -s "$OUT/$1-alone/result" ] || {
		echo 'undisturbed it has no result'
		cat "$OUT/$1-alone/output"
		return 1
	}
}

# same_result OUT NAME
same_result() {
	cmp "$1/$2-alone/result" "$1/$2-disturbed/result" || {
		cat "$1/$2-disturbed/output"
		return 1
	}
}

# saved NAME PROGRAM FILE PROGRESS: for another machine
saved() {
	local name=$1 dir=$OUT/$1-disturbed job
	rm -rf "$OUT/$name"-*
	# What comes from another machine has that.
	if [ -n "${CR_LOAD-}" ]; then
		cp -a "$CR_LOAD/programs/$name-alone" "$OUT/" || return 1
	else
		alone "$@" || return 1
	fi
	(run_in "$dir" bash -c "$ENTER" "$name" "$2" "$3") &
	job=$!
	if ! reach "$dir" "$4" || ! take "$name" "$OUT/$name.image"; then
		echo KILL >"/proc/container/$name/kill"
		return 1
	fi
	wait $job
	mv "$dir" "$dir.kept"
} 2>/dev/null

# loaded NAME: what another machine has saved
loaded() {
	local from=$CR_LOAD/programs
	rm -rf "$from/$1-disturbed"
	cp -a "$from/$1-disturbed.kept" "$from/$1-disturbed" &&
		put_back "$from/$1.image" && until_gone "$1" && same_result "$from" "$1"
}

compared() {
	local name=$1
	alone "$@" || return 1
	disturbed "$name" "$4" "$2" "$3" || {
		echo KILL >"/proc/container/$name/kill"
		return 1
	} 2>/dev/null
	same_result "$OUT" "$name"
}
