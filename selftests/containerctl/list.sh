#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# kernels: stock
#
# containerctl list and status, for people and for programs; help and usage.

set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"

# json FILE EXPRESSION: what the expression makes of the JSON text, as "data"
json() {
	python3 -c 'import json, sys
data = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2" 2>&1
}

named() { printf 'next(c for c in data if c["name"] == "%s")["%s"]' "$1" "$2"; }

trap 'finish ctl-list 4711' EXIT

containerctl run -d ctl-list -- sleep 1000
containerctl run -d 4711 --pids=keep --no-init -- sleep 1000
init=$(status_of ctl-list init)
id=$(status_of ctl-list id)

# --- list

try containerctl list
is 'list succeeds' $STATUS 0
like 'list has a header' "${OUT%%$'\n'*}" '^NAME +ID +INIT +TASKS +CREATED$'
like 'list shows a container' "$OUT" $'\n'"ctl-list +$id +$init +2 +20[0-9-]+T[0-9:]+Z"
is 'list says what /proc/container says' "$OUT" "$(cat /proc/container)"

try containerctl list --json
is 'list --json succeeds' $STATUS 0
python3 -m json.tool "$TMP/out" >/dev/null
result $? 'list --json is JSON'
is 'a name' "$(json "$TMP/out" "$(named ctl-list name)")" ctl-list
is 'a number is a number' "$(json "$TMP/out" "$(named ctl-list init) == $init")" True
is 'tasks are counted' "$(json "$TMP/out" "$(named ctl-list tasks)")" 2
is 'a name of digits is a string' "$(json "$TMP/out" "$(named 4711 tasks)")" 1
is 'a parent' "$(json "$TMP/out" "$(named ctl-list parent)")" /
like 'a time is a string' "$(json "$TMP/out" "$(named 4711 created)")" '^20.*Z$'

try containerctl list -j
is 'list -j is list --json' "$(json "$TMP/out" "$(named ctl-list id) == $id")" True

try containerctl exec ctl-list -- containerctl list
like 'list in a container: that one, and its process 1 is 1' "$OUT" \
	$'^NAME +ID +INIT +TASKS +CREATED\nctl-list +[0-9]+ +1 +[0-9]+ +20[0-9TZ:-]+$'
try containerctl exec ctl-list -- containerctl list --json
is 'list --json in a container' "$(json "$TMP/out" '[(c["name"], c["init"]) for c in data]')" \
	"[('ctl-list', 1)]"

# --- status

try containerctl status ctl-list
is 'status succeeds' $STATUS 0
is 'status says what the file says' "$OUT" "$(cat /proc/container/ctl-list/status)"
like 'status knows the name' "$OUT" $'^name:\tctl-list\n'
is 'init is the container'\''s process 1' "$(cat "/proc/$init/comm")" container-init

try containerctl status ctl-list --json
is 'status --json succeeds' $STATUS 0
python3 -m json.tool "$TMP/out" >/dev/null
result $? 'status --json is JSON'
is 'status --json: name' "$(json "$TMP/out" 'data["name"]')" ctl-list
is 'status --json: init' "$(json "$TMP/out" "data['init'] == $init")" True
is 'status --json: tasks' "$(json "$TMP/out" 'data["tasks"]')" 2
is 'status --json: parent' "$(json "$TMP/out" 'data["parent"]')" /
is 'status --json: no options' "$(json "$TMP/out" 'data["options"]')" '[]'
try containerctl status --json 4711
is 'status --json: options' "$(json "$TMP/out" 'data["options"]')" "['pids=keep']"
is 'status --json: a name of digits' "$(json "$TMP/out" 'data["name"] == "4711"')" True

# --- what goes wrong

try containerctl status ctl-none
is 'an unknown container: status 125' $STATUS 125
like 'an unknown container is named' "$ERR" "^containerctl: .*no container 'ctl-none'"
try containerctl status
is 'status without a name: status 125' $STATUS 125
like 'status without a name: usage' "$ERR" 'usage: containerctl status '
try containerctl status ../container/ctl-list
is 'a path is no name: status 125' $STATUS 125
like 'a path is no name: message' "$ERR" "'\.\./container/ctl-list' is no name"
try containerctl list ctl-list
is 'list with a name: status 125' $STATUS 125
try containerctl list --jason
is 'an unknown option: status 125' $STATUS 125
like 'an unknown option is named' "$ERR" "'--jason'"
try containerctl frobnicate
is 'an unknown command: status 125' $STATUS 125
like 'an unknown command is named' "$ERR" "'frobnicate' is not a command"
try containerctl
is 'no command: status 125' $STATUS 125
like 'no command: usage' "$ERR" '^usage: containerctl COMMAND'
STATUS=0
containerctl list >/dev/full 2>"$TMP/err" || STATUS=$?
is 'output that cannot be written: status 125' $STATUS 125
like 'output that cannot be written: message' "$(<"$TMP/err")" 'No space left'

# --- help

try containerctl --version
like 'version' "$OUT" '^containerctl [0-9]'
try containerctl --help
is 'help succeeds' $STATUS 0
for command in run exec adopt list status ps kill top hierarchy checkpoint restart check show verify \
	migrate; do
	like "help lists $command" "$OUT" "  $command +[a-z]"
done
for command in run exec adopt list status ps kill top hierarchy checkpoint restart check show verify \
	migrate; do
	try containerctl $command --help
	is "$command --help succeeds" "$STATUS$ERR" 0
	like "$command --help" "$OUT" "^usage: containerctl $command "
	text=$OUT
	try containerctl help $command
	is "help $command says the same" "$STATUS$OUT" "0$text"
done
