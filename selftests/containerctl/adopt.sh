#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host contained
# kernels: stock
# timeout: 400
#
# containerctl adopt: running processes into containers.

# The shells that are adopted are to expand what is in single quotes.
# shellcheck disable=SC2016
set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"

JOBS=()
cleanup() {
	# What they have started, and is not in a container, first.
	pkill -KILL -P "$(IFS=, && echo "${JOBS[*]}")"
	kill -KILL "${JOBS[@]}" 2>/dev/null
	finish ctl-adopt ctl-new ctl-other
}
trap cleanup EXIT

# start COMMAND...: in the background; its number is in $PID
start() {
	"$@" </dev/null &
	PID=$!
	JOBS+=("$PID")
}

# started PATTERN COMMAND...: the same, once its output, in $LOG, has the pattern
started() {
	local pattern=$1
	shift
	LOG=$(mktemp -p "$TMP")
	start "$@" >"$LOG"
	eventually grep -qE "$pattern" "$LOG"
}

# longer_by LINES: the output grows by so many more
longer_by() {
	local end=$(($(wc -l <"$LOG") + $1))
	eventually sh -c "[ \$(wc -l <'$LOG') -gt $end ]"
}

# number_in NAME PID: its number in the container
number_in() { awk -v pid="$2" '$2 == pid { print $1 }' "/proc/container/$HERE$1/tasks"; }

adopted() { is "$1: succeeds, silently" "$STATUS$OUT$ERR" 0; }

end() {
	local name
	for name in "$@"; do
		containerctl kill "$name" KILL
		eventually no_container "$name"
	done
}

containerctl run -d ctl-adopt -- sleep 1000

# --- into a container that exists

start sleep 1011
try containerctl adopt ctl-adopt $PID
adopted 'into an existing container'
is 'it keeps its number' "$(number_in ctl-adopt $PID)" $PID
try containerctl exec ctl-adopt -- ps -p $PID -o args=
is 'it is seen inside' "$OUT" 'sleep 1011'
try containerctl adopt ctl-adopt $PID
adopted 'where it is already'
kill $PID
STATUS=0
wait $PID 2>/dev/null || STATUS=$?
is 'its parent still gets its status' $STATUS 143

start sleep 1012
try containerctl adopt --pids=new ctl-adopt $PID
adopted '--pids=new'
like '--pids=new: it has another number' "$(number_in ctl-adopt $PID)" '^[0-9]+$'
[ "$(number_in ctl-adopt $PID)" != $PID ]
result $? '--pids=new: and not the old one'
start sleep 1013
try containerctl adopt ctl-adopt $PID --pids=keep
adopted 'options behind the names'
is '--pids=keep' "$(number_in ctl-adopt $PID)" $PID

started '^ready' sh -c 'sleep 1014 & sleep 1014 & echo ready; wait'
before=$(status_of ctl-adopt tasks)
try containerctl adopt ctl-adopt $PID
is 'without --tree: the process alone' $(($(status_of ctl-adopt tasks) - before)) 1
started '^ready' sh -c '(sleep 1015 & wait) & echo ready; wait'
eventually pgrep -f '^sleep 1015$' >/dev/null
before=$(status_of ctl-adopt tasks)
try containerctl adopt --tree ctl-adopt $PID
adopted '--tree'
is '--tree: grandchildren too' $(($(status_of ctl-adopt tasks) - before)) 3

# --- into a new one

start sleep 1016
try containerctl adopt ctl-new $PID
adopted 'into a new container'
is 'a new one: it is process 1' "$(status_of ctl-new init)" $PID
is 'a new one: under the number it had' "$(number_in ctl-new $PID)" $PID
is 'a new one: options' "$(status_of ctl-new options)" pids=keep
try containerctl exec ctl-new -- sh -c "kill -TERM $PID; sleep 0.3; kill -0 $PID"
is 'a new one: as an init it gets no signal that it has no handler for' "$STATUS$ERR" 0
end ctl-new

start sleep 1017
try containerctl adopt --pids=new ctl-new $PID
adopted 'a new one with --pids=new'
is 'a new one with --pids=new: number 1' "$(number_in ctl-new $PID)" 1
is 'a new one with --pids=new: no options' "$(status_of ctl-new options)" -
end ctl-new

started '^ready' sh -c 'sleep 1018 & echo ready; wait'
try containerctl adopt --tree --init=off ctl-new $PID
adopted '--init=off'
is '--init=off: options' "$(status_of ctl-new options)" 'pids=keep init=off'
is '--init=off: both are there' "$(status_of ctl-new tasks)" 2
try containerctl exec ctl-new -- kill -TERM $PID
eventually sh -c "! kill -0 $PID" 2>/dev/null
eventually grep -q $'^tasks:\t1$' "/proc/container/${HERE}ctl-new/status"
result $? '--init=off: it ends by a signal, and the container goes on'
containerctl kill ctl-new
eventually no_container ctl-new
result $? '--init=off: to the end of its last process'
start sleep 1019
try containerctl adopt --init=on ctl-new $PID
adopted '--init=on'
is '--init=on: options' "$(status_of ctl-new options)" pids=keep
end ctl-new

# --- programs at work

# A pipeline of a shell that runs on, with output before, while and after.
started 'got 3' bash -c 'i=0; while sleep 0.05; do i=$((i + 1)); echo "$BASHPID $i"; done |
	while read -r pid i; do [ -e /proc/$pid ] || echo "lost $pid"; echo "got $i"; done; exit 1'
try containerctl adopt --tree ctl-new $PID
adopted 'a pipeline'
longer_by 20
result $? 'a pipeline: it goes on'
is 'a pipeline: nothing is lost' "$(grep -c lost "$LOG")" 0
is 'a pipeline: in order' "$(sed -n 's/^got //p' "$LOG" | sort -nc 2>&1)" ''
try containerctl ps ctl-new -eo args=
is 'a pipeline: three shells' "$(grep -c '^bash -c i=0' <<<"$OUT")" 3
end ctl-new

# A shell that puts itself there: the numbers it has remembered are good.
try bash -c 'containerctl adopt ctl-new $$ || exit; read -r name </proc/container; echo $name
	sleep 1000 & kill $!; wait $!; echo $?; sh -c "[ \$PPID = $$ ]" && echo parent'
is 'the caller itself' "$OUT" $'ctl-new\n143\nparent'
eventually no_container ctl-new

threads='import os, threading, time
ids = []
def work():
    ids.append(threading.get_native_id())
    while True:
        time.sleep(0.05)
        if threading.get_native_id() not in ids or not os.path.exists(f"/proc/self/task/{threading.get_native_id()}"):
            print("lost", flush=True)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
pid = os.getpid()
for i in range(1000):
    time.sleep(0.1)
    print("same" if pid == os.getpid() else "lost", os.path.exists("/proc/container"), flush=True)'
started '^ready' python3 -c "$threads"
try containerctl adopt ctl-new $PID
adopted 'a process with threads'
is 'a process with threads: all of them' "$(status_of ctl-new tasks)" 4
longer_by 3
is 'a process with threads: nothing is lost' "$(grep -c lost "$LOG")" 0
end ctl-new
started '^ready' python3 -c "$threads"
threaded=$PID
try containerctl adopt --pids=new ctl-new $threaded
refused 'new numbers for threads, a new container' "process $threaded has several threads.*pids=keep"
no_container ctl-new
result $? 'a failure leaves no container'
try containerctl adopt --pids=new ctl-adopt $threaded
refused 'new numbers for threads' "^containerctl: process $threaded has several threads.*--pids=keep"
started '^[0-9]+$' bash -c 'python3 -c "$1" >/dev/null & echo $!; wait' sh "$threads"
eventually sh -c "[ \$(ls /proc/$(<"$LOG")/task | wc -l) = 4 ]"
try containerctl adopt --pids=new --tree ctl-adopt $PID
refused 'new numbers for threads of a descendant' "process $(<"$LOG") has several threads"

# --- mistakes

try containerctl adopt
refused 'no name' 'which container'
try containerctl adopt ctl-adopt
refused 'no process' 'which process'
try containerctl adopt ctl-adopt 1000 1001
refused 'two processes' "'1001' is too much.*--tree"
for word in 0 -1 12x '' 1234567890; do
	try containerctl adopt -- ctl-adopt "$word"
	refused "'$word' as a process" "'$word' is not the number of a process"
done
try containerctl adopt 'ctl adopt' $$
refused 'a bad name' "'ctl adopt' is no name"
try containerctl adopt --pids=some ctl-adopt $$
refused '--pids with nonsense' "--pids is 'keep' or 'new', not 'some'"
try containerctl adopt --init=some ctl-adopt $$
refused '--init with nonsense' "--init is 'on' or 'off', not 'some'"
try containerctl adopt --jason ctl-adopt $$
refused 'an unknown option' '--jason'
start sleep 1020
try containerctl adopt --init=off ctl-adopt $PID
refused '--init for a container that exists' "there is a container '${HERE}ctl-adopt' already"
unprivileged containerctl adopt ctl-adopt $PID
refused 'without privilege' 'CAP_SYS_ADMIN|takes root'
unprivileged containerctl adopt ctl-new $PID
refused 'without privilege, a new container' 'CAP_SYS_ADMIN'
kill $PID
wait $PID 2>/dev/null
try containerctl adopt ctl-adopt $PID
refused 'no such process' "^containerctl: there is no process $PID\$"
try containerctl adopt ctl-new $PID
refused 'no such process, a new container' "^containerctl: there is no process $PID\$"

containerctl run -d ctl-other -- sleep 1000
other=$(status_of ctl-other init)
try containerctl adopt ctl-adopt "$other"
refused 'from another container' \
	"process $other is in container '${HERE}ctl-other', .*not to '${HERE}ctl-adopt'"
try containerctl adopt ctl-new "$other"
refused 'from another container to a new one' \
	"process $other is in container '${HERE}ctl-other'.*'${HERE}ctl-other/ctl-new', not '${HERE}ctl-new'"
try containerctl adopt ctl-other/in $$
refused 'a new one in a container where the process is not' \
	"process $$ is not in container '${HERE}ctl-other'.*adopt ${HERE}ctl-other $$"
try containerctl adopt ctl-none/in $$
refused 'a new one in none' "no container '${HERE}ctl-none' in which 'in'"
containerctl exec -d ctl-other -- sleep 1021
PID=$(pgrep -f '^sleep 1021$')
try containerctl adopt ctl-other/in "$PID"
adopted 'a new one in the container where the process is'
is 'a new one in a container: its process' "$(status_of ctl-other/in init)" "$PID"
containerctl exec -d ctl-other -- sleep 1027
PID=$(pgrep -f '^sleep 1027$')
before=$(number_in ctl-other "$PID")
try containerctl adopt ctl-other/in "$PID"
adopted 'further in'
is 'further in: under the number it has had' "$(number_in ctl-other/in "$PID")" "$before"
try containerctl adopt ctl-other "$PID"
refused 'further out' \
	"process $PID is in container '${HERE}ctl-other/in', .*not to '${HERE}ctl-other'"
end ctl-other

# A number that somebody inside has already.
start sleep 1022
containerctl exec ctl-adopt -- sh -c "echo $((PID - 1)) >/proc/sys/kernel/ns_last_pid; sleep 1023 &"
is 'the number is taken' "$(awk -v nr=$PID '$1 == nr { print $3 }' "/proc/container/${HERE}ctl-adopt/tasks")" sleep
try containerctl adopt ctl-adopt $PID
refused 'a number that is taken' "a number that is to be kept is taken in container '${HERE}ctl-adopt'; --pids=new"
try containerctl adopt --pids=new ctl-adopt $PID
adopted 'a number that is taken: another'

[ "${CT_MODE-host}" = host ] || exit

# --- what cannot be contained, and is only outside

for name in ctl-adopt ctl-new; do
	try containerctl adopt $name 1
	refused "the system's init to $name" "process 1 is the system's init"
	try containerctl adopt $name 2
	refused "a kernel thread to $name" 'process 2 is a kernel thread'
	start unshare --pid sleep 1024
	eventually sh -c "[ \$(cat /proc/$PID/comm) = sleep ]"
	try containerctl adopt $name $PID
	refused "children to come in a pid namespace to $name" \
		"process $PID has its children to come in a pid namespace"
	start unshare --pid --fork sleep 1025
	eventually pgrep -f '^sleep 1025$' >/dev/null
	inner=$(pgrep -f '^sleep 1025$')
	try containerctl adopt $name "$inner"
	refused "a process in a pid namespace to $name" "process $inner is in a pid namespace"
	started '^ready' sh -c 'unshare --pid sleep 1026 & echo ready; wait'
	eventually pgrep -f '^sleep 1026$' >/dev/null
	inner=$(pgrep -f '^sleep 1026$')
	try containerctl adopt --tree $name $PID
	refused "a tree with a pid namespace to $name" "process $inner has its children to come"
	pkill -KILL -f '^sleep 102[456]$'
	eventually sh -c '! pgrep -f "^sleep 102[456]$"' >/dev/null
done
no_container ctl-new
result $? 'none of them left a container'
