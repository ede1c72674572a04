#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# kernels: stock
#
# containerctl run with limits.

# The command's shell is to expand what is in single quotes.
# shellcheck disable=SC2016
set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"

known() { grep -qs "^[0-9]*: name=$1 " /proc/containers; }

if ! known numtasks || ! known pidspace; then
	rm -rf "$TMP"
	echo '1..0 # SKIP the module has not both numtasks and pidspace'
	exit 0
fi

# shellcheck disable=SC2317 # the trap below
clean_up() {
	umount "$TMP"/dir* 2>/dev/null
	finish ctl-limit ctl-other
}
trap clean_up EXIT
mkdir "$TMP/dir" "$TMP/dir2"

# Nothing holds a hierarchy any more.
# shellcheck disable=SC2317 # called by eventually
free() { grep -q "name=pidspace hierarchy=0" /proc/containers; }

run() { try containerctl run "$@"; }
# So many processes at once: how many were made, and what is said about the rest.
FORKS='i=0 pids=
while [ $i -lt 5 ]; do sleep 1000 & pids="$pids $!" i=$((i + 1)); done
echo $i; kill $pids'

run --numtasks 100 ctl-limit -- true
is 'a limit: status' "$STATUS$OUT$ERR" 0
eventually free
result $? 'a limit: nothing is left of the hierarchy'

run --numtasks 100 ctl-limit -- sh -c "$FORKS"
is 'a limit that is not reached' "$STATUS$OUT" 05
# The init, the shell, and three more.
run --numtasks=5 ctl-limit -- sh -c "$FORKS"
is 'a limit that is reached: the status of a shell that cannot fork' "$STATUS" 2
like 'a limit that is reached: fork fails' "$ERR" '[Cc]annot fork'
run --numtasks=max ctl-limit -- sh -c "$FORKS"
is 'no limit' "$STATUS$OUT" 05
run --numtasks 1 ctl-limit -- true
is 'no room for the command: status' "$STATUS" 125
like 'no room for the command: message' "$ERR" '^containerctl: .*[Rr]esource temporarily'
run --numtasks 1 --no-init ctl-limit -- sh -c 'echo $$'
is 'room for process 1' "$STATUS$OUT$ERR" 01

# --- mistakes leave nothing behind

run --numtasks many ctl-limit -- true
is 'no number: status' "$STATUS" 125
is 'no number: message' "$ERR" \
	"containerctl: --numtasks: 'many' is not what numtasks.max takes"
run --numtasks= ctl-limit -- true
is 'an empty value: status' "$STATUS" 125
like 'an empty value: message' "$ERR" '^containerctl run: .*--numtasks.*empty'
eventually no_container ctl-limit
result $? 'mistakes leave no container'
eventually free
result $? 'mistakes leave no hierarchy'

# --- it can be seen

containerctl run -d --numtasks 7 ctl-limit -- sleep 1000
names=$(sed -n 's/^[1-9][0-9]*: .*(\(.*pidspace.*\)).*/\1/p' /proc/containers)
try containerctl hierarchy mount "${names//, /,}" "$TMP/dir"
is 'the hierarchy can be mounted' "$STATUS$ERR" 0
is 'the limit is there' "$(cat "$TMP/dir/ctl-limit/numtasks.max")" 7
try containerctl hierarchy tree pidspace
like 'tree shows it' "$OUT" 'ctl-limit +2 +2/7'
run --numtasks 9 ctl-other -- cat "$TMP/dir/ctl-other/numtasks.max"
is 'another one in the same hierarchy' "$STATUS$OUT$ERR" 09
run --numtasks 3 ctl-limit/inner -- cat "$TMP/dir/ctl-limit/inner/numtasks.max"
is 'a nested one' "$STATUS$OUT$ERR" 03
is 'process 1 has nothing of it open' \
	"$(readlink /proc/"$(cat "$TMP/dir/ctl-limit/pidspace.init")"/fd/* | grep -c 'ctl-limit\|^/$')" 0
umount "$TMP/dir"
containerctl kill ctl-limit >/dev/null 2>&1
eventually free
result $? 'the hierarchy ends with the last container'

# --- what is in other hierarchies

mount -t container -o numtasks none "$TMP/dir"
run --numtasks 5 ctl-limit -- true
is 'numtasks is elsewhere: status' "$STATUS" 125
like 'numtasks is elsewhere: message' "$ERR" \
	"^containerctl: --numtasks .*same hierarchy as pidspace.* hierarchy [0-9]+ with numtasks"
mount -t container -o pidspace none "$TMP/dir2"
run --numtasks 5 ctl-limit -- true
is 'pidspace is elsewhere: status' "$STATUS" 125
like 'pidspace is elsewhere: message' "$ERR" "^containerctl: --numtasks .*with pidspace,"
umount "$TMP/dir" "$TMP/dir2"
mount -t container -o pidspace,numtasks,noprefix none "$TMP/dir"
run --numtasks 6 ctl-limit -- cat "$TMP/dir/ctl-limit/max"
is 'without prefixes' "$STATUS$OUT$ERR" 06
umount "$TMP/dir"

# --- CPUs

eventually free
if known cpuset; then
	run --cpus 0 --mems 0 ctl-limit -- \
		sed -n 's/^Cpus_allowed_list:[[:blank:]]*//p' /proc/self/status
	is '--cpus and --mems' "$STATUS$OUT$ERR" 00
	run --cpus nine ctl-limit -- true
	is 'no list of CPUs: status' "$STATUS" 125
	like 'no list of CPUs: message' "$ERR" "^containerctl: --cpus: 'nine'"
else
	run --cpus 0 ctl-limit -- true
	is 'no cpuset: status' "$STATUS" 125
	is 'no cpuset: message' "$ERR" \
		"containerctl: --cpus takes the subsystem 'cpuset', which the module that is loaded does not have"
fi
eventually free
result $? 'nothing is left'
