#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
#
# containerctl run without a terminal: statuses, messages, options, signals.

# The command's shell is to expand what is in single quotes.
# shellcheck disable=SC2016
set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"

trap 'finish ctl-run ctl-busy' EXIT

run() { try containerctl run ctl-run "$@"; }

# --- the exit status

run -- true
is 'status 0' "$STATUS$OUT$ERR" 0
run -- sh -c 'exit 3'
is "the command's own status" "$STATUS$OUT$ERR" 3
run -- sh -c 'kill -TERM $$'
is 'death by SIGTERM: 143' "$STATUS" 143
run -- sh -c 'kill -KILL $$'
is 'death by SIGKILL: 137' "$STATUS" 137
run --no-init -- sh -c 'exit 4'
is 'the status of process 1' "$STATUS" 4
echo 'no program' >"$TMP/data"
run -- "$TMP/data"
is 'a file that is not executable: 126' "$STATUS" 126
like 'a file that is not executable: message' "$ERR" "^containerctl: cannot run '$TMP/data': Permission denied"
printf '#!/no/such/interpreter\n' >"$TMP/script"
chmod +x "$TMP/script"
run -- "$TMP/script"
is 'a script without its interpreter: 126' "$STATUS" 126
like 'a script without its interpreter: message' "$ERR" 'interpreter'
run -- ctl-no-such-command
is 'no such command: 127' "$STATUS" 127
is 'no such command: message' "$ERR" \
	"containerctl: cannot run 'ctl-no-such-command': command not found"
run --no-init -- ctl-no-such-command
is 'no such command for process 1: 127' "$STATUS" 127
run -d -- ctl-no-such-command
is 'no such command, detached: 127' "$STATUS" 127
eventually no_container ctl-run
result $? 'a command that cannot be run leaves no container'

# --- mistakes

containerctl run -d ctl-busy -- sleep 1000
try containerctl run ctl-busy -- true
is 'a name in use: 125' "$STATUS" 125
like 'a name in use: the module says why' "$ERR" "^containerctl: .*ctl-busy"
like 'a name in use: one line' "$ERR" "^[^"$'\n'"]+$"
run -o nonsense=1 -- true
is 'an unknown option of the module: 125' "$STATUS" 125
like 'an unknown option of the module: it says so' "$ERR" '^containerctl: .*nonsense=1'
run -o 'a b' -- true
is 'an option with a blank: 125' "$STATUS" 125
try containerctl run 'ctl run' -- true
refused 'a name with a blank' "'ctl run' is no name"
try containerctl run "$(printf 'x%.0s' {1..64})" -- true
is 'a name too long: 125' "$STATUS" 125
run
refused 'no command' 'which command'
try containerctl run
is 'no name: 125' "$STATUS" 125
run -d -t -- true
is '--detach with --tty: 125' "$STATUS" 125
run --pids=some -- true
is '--pids with nonsense: 125' "$STATUS" 125
unprivileged containerctl run ctl-run -- true
refused 'without privilege' 'CAP_SYS_ADMIN'
run --init=some -- true
refused '--init with nonsense' "--init is 'on' or 'off', not 'some'"
try containerctl exec ctl-busy -- containerctl run ctl-run -- \
	sh -c 'cat /proc/container; echo $$; exit 5'
is 'from inside a container: one inside it' "$STATUS $OUT" $'5 ctl-run\n2'

# --- what the command is

run -- sh -c 'echo $$ $PPID'
is 'the command is the child of process 1' "$OUT" '2 1'
run --no-init -- sh -c 'echo $$ $PPID'
is '--no-init: the command is process 1' "$OUT" '1 0'
run -- sh -c 'cat /proc/1/comm'
is 'process 1 is the init' "$OUT" container-init
run -- sh -c 'cut -d" " -f6 /proc/self/stat; cut -d" " -f5 /proc/self/stat'
is 'session and group are inside' "$OUT" $'1\n2'
run --pids=keep -- sh -c 'read -r _ _ _ init _ </proc/self/stat; echo $init; exec sed -n "s/^init:.//p" /proc/container/ctl-run/status'
is '--pids=keep: process 1 keeps its number' "${OUT%$'\n'*}" "${OUT#*$'\n'}"
[ "${OUT%$'\n'*}" -gt 2 ]
result $? '--pids=keep: which is not a small one'
run --pids=new -- sh -c 'echo $$'
is '--pids=new' "$OUT" 2
run --init=off -- sh -c 'echo $$; exit 3'
is '--init=off: the command is the first process' "$STATUS $OUT" '3 1'
run --init=off -- sh -c 'kill -TERM $$; echo lived'
is '--init=off: which is like any other: a signal without handler' "$STATUS$OUT" 143
run --init=off -d -- sh -c 'sleep 1003 & exec >&-; sleep 0.5'
eventually sh -c '! pgrep -f "^sh -c sleep 1003"' >/dev/null
like '--init=off: what it leaves goes on' "$(containerctl list)" $'\nctl-run '
try containerctl exec ctl-run -- ps -eo args=
like '--init=off: and can be entered' "$OUT" 'sleep 1003'
containerctl kill ctl-run
eventually no_container ctl-run
result $? '--init=off: the container ends with its last process'
run --init=on -- cat /proc/1/comm
is '--init=on' "$OUT" container-init
run -o init=off -- sh -c 'echo $$'
is '-o init=off is --init=off' "$OUT" 1
run -o pids=new -- sh -c 'echo $$'
is '-o' "$OUT" 2
run sh -c 'echo "$1" "$2"' sh -d --
is "without --, options of the command are the command's" "$OUT" '-d --'
try containerctl run -T ctl-run -- pwd
is 'the working directory is the same' "$OUT" "$PWD"

# --- descriptors

OUT=$(echo text | containerctl run ctl-run -- cat 2>&1)
is 'standard input and output' "$OUT" text
OUT=$(containerctl run ctl-run -- sh -c 'echo text >&3' 3>&1)
is 'another descriptor' "$OUT" text
OUT=$(containerctl run ctl-run -- sh -c 'ls -l /proc/self/fd /proc/1/fd' 2>&1 | grep -c 'pts/')
is 'no terminal for a pipe' "$OUT" 0
OUT=$(containerctl run ctl-run -- seq 1 300000 | md5sum)
is 'much output through a pipe' "$OUT" "$(seq 1 300000 | md5sum)"
OUT=$(seq 1 300000 | containerctl run ctl-run -- cat | md5sum)
is 'much input through a pipe' "$OUT" "$(seq 1 300000 | md5sum)"
# shellcheck disable=SC2094 # that is the point
OUT=$(containerctl run ctl-run -- sh -c 'exec >&-; sleep 1; echo late >&2' 2>"$TMP/err" |
	{ cat; cat "$TMP/err"; })
is 'a closed pipe is closed: process 1 does not hold it' "$OUT" ''
STATUS=0
containerctl run ctl-run -- true <&- >&- 2>&- || STATUS=$?
is 'without standard descriptors' "$STATUS" 0

# --- the end

# Seconds that nobody else sleeps.
run -- sh -c "sleep 1000.$$ & (setsid sleep 1001.$$ &) ; exit 5"
is 'the status does not wait for leftovers' "$STATUS" 5
is 'leftovers end with the command' "$(pgrep -fc "^sleep 100[01][.]$$\$")" 0
run -- sh -c '(sleep 0.1 &) ; sleep 1; ps -eo stat= | grep -c Z'
is 'orphans are reaped' "$OUT" 0
STATUS=0
for _ in 1 2 3 4 5 6 7 8 9 10; do
	containerctl run ctl-run -- sh -c 'sleep 1000 &' || STATUS=$?
	no_container ctl-run || STATUS='still there'
done
is 'the name is free at once' "$STATUS" 0

# --- --detach

run -d -- sleep 1000
is '--detach comes back' "$STATUS$OUT$ERR" 0
like '--detach leaves the container' "$(containerctl list)" $'\nctl-run '
init=$(status_of ctl-run init)
is '--detach: process 1 holds nothing of ours' \
	"$(find "/proc/$init/fd" -lname '/dev/null' -printf x)" xxx
is '--detach: /dev/null is the input' \
	"$(readlink "/proc/$(pgrep -P "$init")/fd/0")" /dev/null
containerctl kill ctl-run
eventually no_container ctl-run
result $? '--detach: the command ends, so does the container'
containerctl run -d ctl-run -- sh -c 'echo text' >"$TMP/log"
eventually no_container ctl-run
is '--detach: redirected output stays' "$(<"$TMP/log")" text

# --- signals to containerctl

ended() { ! kill -0 "$1" 2>/dev/null; }

# with_signal SIGNAL COMMAND...: $STATUS and $OUT of the command after a signal
# sent to the containerctl that runs it, once it has said "ready".  A shell
# without job control would let a background job ignore SIGINT and SIGQUIT.
with_signal() {
	local signal=$1 pid
	shift
	: >"$TMP/out"
	env --default-signal=INT,QUIT "$@" >"$TMP/out" 2>"$TMP/err" </dev/null &
	pid=$!
	eventually grep -q ready "$TMP/out"
	kill -"$signal" $pid
	eventually ended $pid || kill -KILL $pid
	STATUS=0
	wait $pid 2>/dev/null || STATUS=$?
	OUT=$(<"$TMP/out")
	ERR=$(<"$TMP/err")
}

for signal in TERM HUP INT QUIT USR1; do
	with_signal $signal containerctl run ctl-run -- sh -c 'echo ready; exec sleep 1000'
	is "SIG$signal ends the command" $STATUS $((128 + $(kill -l $signal)))
	with_signal $signal containerctl run ctl-run --no-init -- \
		sh -c "trap 'exit 9' $signal; echo ready; while :; do sleep 0.1; done"
	is "SIG$signal reaches process 1" $STATUS 9
done
with_signal TERM containerctl run ctl-run -- \
	sh -c "trap 'echo caught; exit 8' TERM; echo ready; while :; do sleep 0.1; done"
is 'a caught SIGTERM' "$STATUS $OUT" $'8 ready\ncaught'
with_signal TERM nohup containerctl run ctl-run -- sh -c 'echo ready; exec sleep 1000'
is 'SIGTERM under nohup' $STATUS 143
with_signal HUP nohup containerctl run ctl-run -- \
	sh -c 'echo ready; sleep 1; exit 7'
is 'SIGHUP under nohup goes unnoticed' $STATUS 7
with_signal KILL containerctl run ctl-run -- sh -c 'echo ready; exec sleep 1000'
like 'killing containerctl leaves the container' "$(containerctl list)" $'\nctl-run '
