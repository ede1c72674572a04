#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host contained
# kernels: stock
# timeout: 400
#
# Containers inside containers: every command with the name A/B, from outside
# and from A.

# The commands' shells are to expand what is in single quotes.
# shellcheck disable=SC2016
set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"

trap 'finish ctl-nest' EXIT

inside() { try containerctl exec ctl-nest -- "$@"; }

json() {
	python3 -c 'import json, sys
data = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$TMP/out" "$1" 2>&1
}

containerctl run -d ctl-nest -- sleep 1000

# --- run

try containerctl run ctl-nest/b -- sh -c 'cat /proc/container; echo $$ $PPID; exit 3'
is 'run A/B' "$STATUS $OUT" $'3 b\n2 1'
no_container ctl-nest/b
result $? 'run A/B: it ends with its command'
try containerctl run --no-init ctl-nest/b -- sh -c 'echo $$; exit 4'
is 'run --no-init A/B' "$STATUS $OUT" '4 1'
try containerctl run --init=off ctl-nest/b -- sh -c 'sleep 1031 >/dev/null 2>&1 & echo $$'
is 'run --init=off A/B' "$STATUS $OUT" '0 1'
is 'run --init=off A/B: the rest goes on' "$(status_of ctl-nest/b tasks)" 1
containerctl kill ctl-nest/b
eventually no_container ctl-nest/b
result $? 'run --init=off A/B: to its end'
STATUS=0
for _ in 1 2 3 4 5; do
	containerctl run ctl-nest/b -- sh -c 'sleep 1000 &' || STATUS=$?
	no_container ctl-nest/b || STATUS='still there'
done
is 'run A/B: the name is free at once' "$STATUS" 0
try containerctl run -d ctl-nest/b -- sleep 1032
is 'run -d A/B' "$STATUS$OUT$ERR" 0
try containerctl run ctl-nest/b -- true
refused 'run A/B twice' "^containerctl: there is a container named 'b' already"
try containerctl run ctl-none/b -- true
refused 'run in none' \
	"^containerctl: there is no container '${HERE}ctl-none' in which 'b' could be made\$"
try containerctl run ctl-nest/none/b -- true
refused 'run in none inside one' "there is no container '${HERE}ctl-nest/none' in which 'b'"
try containerctl run ctl-nest/tasks -- true
refused "the name of a container's file" "'tasks' is the name of a file"
unprivileged containerctl run ctl-nest/c -- true
refused 'run A/B without privilege' 'CAP_SYS_ADMIN'
try containerctl run ctl-nest/b/c -- cat /proc/container
is 'run A/B/C' "$STATUS $OUT" '0 c'
try containerctl run ctl-nest/ctl-nest -- cat /proc/container
is 'run A/A' "$STATUS $OUT" '0 ctl-nest'

# --- names

for name in /ctl-nest ctl-nest/ ctl-nest//b; do
	try containerctl status $name
	refused "the name '$name'" "'$name' is no name for a container"
done
try containerctl status ctl-nest/../ctl-nest
refused 'dots' "'ctl-nest/../ctl-nest' is no name.*'\.\.' begins with '\.'"
try containerctl status ctl-nest/-b
refused 'a hyphen' "'ctl-nest/-b' is no name.*'-b' begins with '-'"
try containerctl status 'ctl-nest/b c'
refused 'a blank' "'ctl-nest/b c' is no name"
try containerctl status "a$(printf '/a%.0s' {1..32})"
refused 'too deep' 'nest at most 32 deep'
for command in 'exec ctl-nest/none true' 'ps ctl-nest/none' 'kill ctl-nest/none' \
	'status ctl-nest/none' 'exec ctl-nest/tasks true' 'status ctl-nest/status/x'; do
	# shellcheck disable=SC2086 # words
	try containerctl $command
	refused "$command" "no container '${HERE}ctl-nest/(none|tasks|status/x)'"
done

# --- exec, ps, status, list

try containerctl exec ctl-nest/b -- sh -c 'cat /proc/container; ps -eo args='
like 'exec A/B' "$STATUS $OUT" $'^0 b\n.*sleep 1032'
is 'exec A/B: nothing of A' "$(grep -c 'sleep 1000' <<<"$OUT")" 0
try containerctl exec ctl-nest/b -- sh -c 'exit 6'
is "exec A/B: the command's status" "$STATUS" 6
try containerctl ps ctl-nest/b -p 2 -o args=
is 'ps A/B' "$STATUS $OUT" '0 sleep 1032'
try containerctl status ctl-nest/b
is 'status A/B says what the file says' "$OUT" "$(cat "/proc/container/${HERE}ctl-nest/b/status")"
try containerctl status --json ctl-nest/b
is 'status --json A/B' "$(json 'data["name"], data["parent"]')" \
	"('${HERE}ctl-nest/b', '${HERE}ctl-nest')"
try containerctl list
like 'list has the path' "$OUT" $'\n'"${HERE}ctl-nest/b +[0-9]+ +$(status_of ctl-nest/b init) +2 "
like 'list has the one around' "$OUT" $'\n'"${HERE}ctl-nest +[0-9]+ +$(status_of ctl-nest init) +4 "
try containerctl list --json
is 'list --json' "$(json "[c['parent'] for c in data if c['name'] == '${HERE}ctl-nest/b']")" \
	"['${HERE}ctl-nest']"

# --- from inside A

inside containerctl list
like 'inside: list' "$OUT" \
	$'^NAME[^\n]*\nctl-nest +[0-9]+ +1 +[0-9]+ [^\n]*\nctl-nest/b +[0-9]+ +[0-9]+ +2 20[^\n]*$'
inside containerctl list --json
is 'inside: list --json' "$(json '[(c["name"], c["parent"]) for c in data]')" \
	"[('ctl-nest', '/'), ('ctl-nest/b', 'ctl-nest')]"
for name in b ctl-nest/b; do
	inside containerctl exec $name -- sh -c 'cat /proc/container; exit 7'
	is "inside: exec $name" "$STATUS $OUT" '7 b'
	inside containerctl ps $name -p 2 -o args=
	is "inside: ps $name" "$STATUS $OUT" '0 sleep 1032'
	inside containerctl status --json $name
	is "inside: status $name" "$(json 'data["name"], data["parent"]')" \
		"('ctl-nest/b', 'ctl-nest')"
done
inside containerctl exec ctl-nest -- cat /proc/container
is 'inside: exec its own name' "$STATUS $OUT" '0 ctl-nest'
for name in c ctl-nest/c b/c ctl-nest/b/c; do
	inside containerctl run $name -- sh -c 'cat /proc/container; echo $$; exit 8'
	is "inside: run $name" "$STATUS $OUT" $'8 c\n2'
done
inside containerctl run c -- containerctl list
like 'inside: list in what was made there' "$OUT" $'^NAME[^\n]*\nc +[0-9]+ +1 [^\n]*$'
inside containerctl run c -- containerctl run d -- containerctl run e -- cat /proc/container
is 'inside: and so on' "$STATUS $OUT" '0 e'
inside containerctl run b -- true
refused 'inside: run B twice' "there is a container named 'b' already"
inside containerctl run none/c -- true
refused 'inside: run in none' "there is no container 'ctl-nest/none' in which 'c'"
inside containerctl status none
refused 'inside: status of none' "no container 'ctl-nest/none'"
inside sh -c 'sleep 1033 & containerctl adopt c $! && containerctl status c'
like 'inside: adopt' "$STATUS $OUT" $'^0 name:\tc\n.*\nparent:\tctl-nest\n'
containerctl kill ctl-nest/c KILL
eventually no_container ctl-nest/c
inside sh -c 'sleep 1034 & containerctl adopt b $! && pid=$! && exec containerctl exec b -- ps -p $pid -o args='
is 'inside: adopt into what exists' "$STATUS $OUT" '0 sleep 1034'
inside containerctl kill b KILL
is 'inside: kill' "$STATUS$ERR" 0
eventually no_container ctl-nest/b
result $? 'inside: kill ends it'

# --- kill

containerctl run -d ctl-nest/b -- sleep 1035
try containerctl kill ctl-nest/b
is 'kill A/B' "$STATUS$ERR" 0
eventually no_container ctl-nest/b
result $? 'kill A/B ends it'
is 'kill A/B: the one around goes on' "$(pgrep -fc '^sleep 1000$')" 1
containerctl run -d ctl-nest/b -- sleep 1036
containerctl run -d ctl-nest/b/c -- sleep 1036
try containerctl kill ctl-nest KILL
eventually no_container ctl-nest
result $? 'kill A ends it'
is 'kill A: and what is inside' "$(pgrep -fc '^sleep 1036$')" 0
