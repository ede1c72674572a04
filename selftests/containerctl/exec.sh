#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# kernels: stock
#
# containerctl exec, ps and kill.

# The command's shell is to expand what is in single quotes.
# shellcheck disable=SC2016
set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"

trap 'finish ctl-exec ctl-kill' EXIT

containerctl run -d ctl-exec -- sleep 1000
init=$(status_of ctl-exec init)

in_it() { try containerctl exec ctl-exec "$@"; }

# --- exec

in_it -- sh -c 'cat /proc/container'
is 'exec runs inside' "$STATUS $OUT" '0 ctl-exec'
in_it -- sh -c 'echo $PPID; [ $$ -gt 2 ]'
is 'exec: a number of its own, a parent outside' "$STATUS $OUT" '0 0'
in_it -- sh -c 'exec cut -d" " -f1,5,6 /proc/self/stat'
like 'exec: session and group are its own' "$OUT" '^([0-9]+) [0-9]+ [0-9]+$'
is 'exec: all three are one number' "$(tr ' ' '\n' <<<"$OUT" | sort -u | wc -l)" 1
in_it -- sh -c 'exit 6'
is "exec: the command's status" "$STATUS" 6
in_it -- sh -c 'kill -KILL $$'
is 'exec: death by signal' "$STATUS" 137
in_it -- ctl-no-such-command
is 'exec: no such command: 127' "$STATUS" 127
like 'exec: no such command: message' "$ERR" 'command not found'
in_it -- /etc
is 'exec: not executable: 126' "$STATUS" 126
try containerctl exec ctl-none -- true
refused 'exec: no such container' "no container 'ctl-none'"
try containerctl exec ctl-exec
is 'exec without a command: 125' "$STATUS" 125
unprivileged containerctl exec ctl-exec -- true
refused 'exec without privilege' 'root'
in_it -d -- sleep 1001
is 'exec --detach comes back' "$STATUS" 0
is 'exec --detach leaves the command' "$(pgrep -fc '^sleep 1001$')" 1
pkill -f '^sleep 1001$'
OUT=$(seq 1 300000 | containerctl exec ctl-exec -- cat | md5sum)
is 'exec: much through pipes' "$OUT" "$(seq 1 300000 | md5sum)"
is 'exec leaves nothing behind' \
	"$(eventually grep -q $'^tasks:\t2$' /proc/container/ctl-exec/status; echo $?)" 0

# --- ps

sleep 1002 &
outsider=$!
try containerctl ps ctl-exec
is 'ps succeeds' "$STATUS$ERR" 0
like 'ps shows process 1' "$OUT" $'\n[^ ]+ +1 +0 .*containerctl run'
like 'ps shows the command' "$OUT" $'\n[^ ]+ +2 +1 .*sleep 1000'
is 'ps shows nothing from outside' "$(grep -c 1002 <<<"$OUT")" 0
is 'ps: two processes, a header, not itself' "$(wc -l <<<"$OUT")" 3
try containerctl ps ctl-exec -p 2 -o args=
is 'ps with options' "$OUT" 'sleep 1000'
try containerctl ps ctl-exec -- -p 1 -o comm=
is 'ps with -- and options' "$OUT" container-init
try containerctl ps ctl-none
is 'ps of no container: 125' "$STATUS" 125
try containerctl ps
is 'ps without a name: 125' "$STATUS" 125
kill $outsider

# --- kill

killed() {
	eventually no_container ctl-kill
	result $? "$1"
}

containerctl run -d ctl-kill -- sleep 1000
try containerctl kill ctl-kill
is 'kill succeeds' "$STATUS$OUT$ERR" 0
killed 'kill sends TERM'
for word in KILL SIGKILL kill 9 -9 -KILL; do
	containerctl run -d ctl-kill -- sh -c "trap '' TERM; sleep 1000"
	try containerctl kill ctl-kill $word
	is "kill NAME $word" "$STATUS$ERR" 0
	killed "kill NAME $word ends it"
done
env --default-signal=INT containerctl run -d ctl-kill -- sleep 1000
try containerctl kill -s INT ctl-kill
killed 'kill -s SIGNAL'
containerctl run -d ctl-kill -- \
	sh -c 'trap "echo usr1 >>'"$TMP/got"'" USR1; while :; do sleep 0.1; done'
eventually sh -c "pgrep -f '^sh -c trap .*USR1' >/dev/null"
try containerctl kill ctl-kill USR1
eventually grep -qs usr1 "$TMP/got"
result $? 'kill reaches a handler'
try containerctl kill ctl-kill STOP
eventually sh -c 'pgrep -r T -f "^sh -c trap .*USR1" >/dev/null'
result $? 'kill STOP stops'
containerctl kill ctl-kill KILL
killed 'kill KILL ends what is stopped'
# Signals of this kind are queued, so one too many is seen.
containerctl run -d ctl-kill -- python3 -c 'import signal
wanted = {signal.SIGRTMIN + 1}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
print("ready", flush=True)
signal.sigwait(wanted)
print("one", flush=True)
if signal.sigtimedwait(wanted, 1):
    print("another")
print("end")' >"$TMP/got"
eventually grep -q ready "$TMP/got"
try containerctl kill ctl-kill RTMIN+1
eventually grep -q end "$TMP/got"
is 'kill signals the command once' "$(tr '\n' ' ' <"$TMP/got")" 'ready one end '
eventually no_container ctl-kill
try containerctl kill ctl-exec NONSENSE
refused 'no such signal' "'NONSENSE' is not a signal"
try containerctl kill ctl-exec 65
is 'no such number: 125' "$STATUS" 125
try containerctl kill ctl-none
refused 'kill of no container' "no container 'ctl-none'"
unprivileged containerctl kill ctl-exec
is 'kill without privilege: 125' "$STATUS" 125
try containerctl kill -l
is 'kill -l: as many as there are' "$(wc -l <<<"$OUT")" 64
like 'kill -l: number and name' "$OUT" $'\n 9 KILL\n'
is 'the container next to it is untouched' "$(cat "/proc/$init/comm")" container-init
