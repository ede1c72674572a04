#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# kernels: stock
#
# containerctl top, where it is not on a terminal.

set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"

GROUPS_DIR=$TMP/groups
mkdir "$GROUPS_DIR"
SLEEPER=

# shellcheck disable=SC2317 # the trap below
clean_up() {
	[ -z "$SLEEPER" ] || { kill "$SLEEPER" && wait "$SLEEPER"; } 2>/dev/null
	rmdir "$GROUPS_DIR/g/in" "$GROUPS_DIR/g" 2>/dev/null
	umount "$GROUPS_DIR" 2>/dev/null
	finish ctl-top-idle ctl-top-busy ctl-top-large
}
trap clean_up EXIT

# of NAME KEY: one value of a row, from $TMP/out, which is JSON
of() {
	python3 -c 'import json, sys
print(next((r[sys.argv[3]] for r in json.load(open(sys.argv[1])) if r["name"] == sys.argv[2]), None))' \
		"$TMP/out" "$1" "$2" 2>&1
}

# looks CONDITION: whether that is so now, of the values that "of" gives
looks() {
	local name=$1 key=$2 condition=$3
	try containerctl top --json --interval=0.3
	[ "$STATUS" = 0 ] &&
		python3 -c "value = $(of "$name" "$key")
exit(not (value is not None and value $condition))"
}

containerctl run -d ctl-top-idle -- sleep 1000
containerctl run -d ctl-top-idle/in -- sleep 1000
containerctl run -d ctl-top-busy -- sh -c 'while :; do :; done'
containerctl run -d ctl-top-large -- \
	python3 -c 'import time; data = bytearray(b"x" * (40 << 20)); time.sleep(1000)'

# --- one table

try containerctl top --once --interval=0.3
is 'once succeeds' "$STATUS$ERR" 0
like 'a header' "${OUT%%$'\n'*}" '^NAME +TASKS +%CPU +CPUTIME +MEMORY$'
like 'a container' "$OUT" $'\nctl-top-idle +4 +[0-9]+\.[0-9] +[0-9]+:[0-9]+\.[0-9]+ +[0-9.]+[KM]iB'
like 'one inside' "$OUT" $'\nctl-top-idle/in +2 '
is 'as many as there are' "$(grep -c '^ctl-top' <<<"$OUT")" 4
eventually looks ctl-top-busy cpu '> 5'
result $? 'who is busy uses CPU'
eventually looks ctl-top-idle cpu '== 0'
result $? 'who is not does not'
eventually looks ctl-top-busy cputime '> 0'
result $? 'CPU time adds up'
first=$(of ctl-top-busy cputime)
eventually looks ctl-top-busy cputime "> ${first/None/0}"
result $? 'and goes on'
eventually looks ctl-top-large memory '> 40 << 20'
result $? 'memory'
is 'who has little has little' "$(python3 -c "print($(of ctl-top-idle memory) < 20 << 20)")" True
is 'JSON: tasks' "$(of ctl-top-idle/in tasks)" 2
is 'JSON: a kind' "$(of ctl-top-idle kind)" container

order() { grep -o '^ctl-top-[a-z/]*' <<<"$OUT" | tr '\n' ' '; }
try containerctl top -o -i 0.1 --sort=name
is 'sorted by name' "$(order)" 'ctl-top-busy ctl-top-idle ctl-top-idle/in ctl-top-large '
try containerctl top -o -i 0.1 -s memory
is 'sorted by memory: the largest first' "$(order | cut -d' ' -f1)" ctl-top-large
try containerctl top -o -i 0.1 -s tasks
is 'sorted by tasks: the most first' "$(order | cut -d' ' -f1)" ctl-top-idle

try containerctl exec ctl-top-idle -- containerctl top --json --interval=0.1
is 'in a container: that one and those inside' \
	"$(python3 -c 'import json; print(sorted(r["name"] for r in json.load(open("'"$TMP/out"'")) if r["kind"] == "container"))')" \
	"['ctl-top-idle', 'ctl-top-idle/in']"

# --- again and again

# The third header ends grep, and that top.
tables=$(TERM=linux containerctl top --interval=0.1 </dev/null | sed -u '/^$/a\
end
' | grep -m 3 -e '^NAME' -e '^end' | tr -s ' ' | cut -d' ' -f1 | tr '\n' ' ')
is 'without a terminal: tables, an empty line between them' "$tables" 'NAME end NAME '
is 'and nothing for a terminal' "$(TERM=linux containerctl top -i 0.1 </dev/null | head -n 3 |
	grep -c $'\033')" 0
STATUS=0
containerctl top --interval=0.1 >/dev/full 2>"$TMP/err" || STATUS=$?
is 'output that cannot be written: status 125' $STATUS 125
like 'output that cannot be written: message' "$(<"$TMP/err")" 'No space left'

# --- groups

if grep -qs '^[0-9]*: name=numtasks hierarchy=0' /proc/containers; then
	containerctl hierarchy mount numtasks "$GROUPS_DIR"
	mkdir -p "$GROUPS_DIR/g/in"
	sh -c 'while :; do :; done' &
	SLEEPER=$!
	echo $SLEEPER >"$GROUPS_DIR/g/in/procs"
	try containerctl top --once --interval=0.1
	like 'a group' "$OUT" $'\nnumtasks:/g/in +1 '
	like 'it counts for the one above' "$OUT" $'\nnumtasks:/g +1 '
	is 'the root is not shown' "$(grep -c '^numtasks:/ ' <<<"$OUT")" 0
	is 'groups come after containers' "$(grep -A 9 '^numtasks:' <<<"$OUT" | grep -c '^ctl-top')" 0
	eventually looks numtasks:/g cpu '> 5'
	result $? 'what a group uses'
	is 'JSON: a group' "$(of numtasks:/g kind)" group
else
	echo '# numtasks is not there, or in use'
fi

# --- what goes wrong

for interval in 0 0.05 3601 nan -1 1s ''; do
	try containerctl top --once --interval="$interval"
	refused "interval '$interval'" "'$interval' is no interval: it has 0.1 to 3600 seconds"
done
try containerctl top --once --sort=size
refused 'sort by what there is not' "'size' is nothing to sort by"
try containerctl top ctl-top-idle
refused 'a name' 'top takes no names'
