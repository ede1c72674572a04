#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# kernels: stock
#
# containerctl hierarchy: list, mount and tree.

set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"

known() { grep -qs "^[0-9]*: name=$1 " /proc/containers; }

if ! known numtasks || ! known cpuacct; then
	rm -rf "$TMP"
	echo '1..0 # SKIP the module has not both numtasks and cpuacct'
	exit 0
fi

A=$TMP/a B=$TMP/b
mkdir "$A" "$B" "$TMP/part"
SLEEPER=

# shellcheck disable=SC2317 # the trap below
clean_up() {
	local dir
	# Without a parent that waits for it a zombie would hold the group.
	[ -z "$SLEEPER" ] || { kill "$SLEEPER" && wait "$SLEEPER"; } 2>/dev/null
	for dir in "$TMP/part" "$A" "$B"; do
		find "$dir" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
		while umount "$dir" 2>/dev/null; do :; done
	done
	# shellcheck disable=SC2119 # without names
	finish
}
trap clean_up EXIT

# json EXPRESSION: of what is in $TMP/out, as "data"
json() {
	python3 -c 'import json, sys
data = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$TMP/out" "$1" 2>&1
}

# --- list and mount

try containerctl hierarchy list
is 'list succeeds' "$STATUS$ERR" 0
like 'list has a header' "${OUT%%$'\n'*}" '^NUMBER +GROUPS +TASKS +SUBSYSTEMS +MOUNTED ON$'
like 'list shows what is free' "$OUT" $'\n +- +- +- +[^ ]*numtasks[^ ]* +in no hierarchy'

try containerctl hierarchy mount cpuacct,numtasks "$A"
is 'mount succeeds' "$STATUS$OUT$ERR" 0
is 'mount: there it is' "$(stat -f -c %t "$A")" 636f6e74
like 'mount: what is mounted' "$(grep " $A container " /proc/mounts)" 'numtasks'
is 'mount: nothing is made in it' "$(find "$A" -mindepth 1 -type d)" ''
try containerctl hierarchy list
like 'list shows where it is' "$OUT" $'\n'" +[0-9]+ +1 +[0-9]+ +(numtasks,cpuacct|cpuacct,numtasks) +$A("$'\n|$)'
number=$(sed -n "s|^ *\([0-9]*\) .* $A\$|\1|p" <<<"$OUT")

try containerctl hierarchy mount numtasks,cpuacct "$B"
is 'mount: the same again, in another order' "$STATUS$ERR" 0
mkdir "$A/g"
is 'mount: it is the same' "$(stat -c %n:%i "$B/g")" "$B/g:$(stat -c %i "$A/g")"
mount --bind "$A/g" "$TMP/part"
try containerctl hierarchy list
like 'list: several places, and a part' "$OUT" " $A $B $TMP/part\(/g\)"
try containerctl hierarchy list --json
is 'list --json succeeds' "$STATUS$ERR" 0
h="[h for h in data if h['number'] == $number][0]"
is 'list --json: groups' "$(json "${h}['groups']")" 2
is 'list --json: subsystems' "$(json "sorted(${h}['subsystems'])")" "['cpuacct', 'numtasks']"
is 'list --json: mounts' "$(json "[(m['directory'], m['group']) for m in ${h}['mounts']]")" \
	"[('$A', '/'), ('$B', '/'), ('$TMP/part', '/g')]"
is 'list --json: number 0 is there' "$(json "[h['number'] for h in data][0]")" 0
umount "$TMP/part" "$B"

# --- mount: what goes wrong

try containerctl hierarchy mount numtasks "$B"
refused 'mount: some of one' "'numtasks' is in hierarchy $number, with the subsystems [a-z]+,[a-z]+"
try containerctl hierarchy mount numtasks,cpuacct "$A"
refused 'mount: at the same place' "hierarchy $number is mounted on '$A' already"
try containerctl hierarchy mount numtasks,nonsense "$B"
refused 'mount: no such subsystem' "there is no subsystem 'nonsense'; there are: .*numtasks"
try containerctl hierarchy mount ro "$B"
refused 'mount: an option is no subsystem' "there is no subsystem 'ro'"
try containerctl hierarchy mount numtasks,,cpuacct "$B"
refused 'mount: an empty name' 'an empty name among the subsystems'
try containerctl hierarchy mount numtasks,cpuacct "$TMP/absent"
refused 'mount: no such directory' "there is no directory '$TMP/absent'"
is 'mount: it is not made' "$(stat "$TMP/absent" 2>/dev/null)" ''
try containerctl hierarchy mount numtasks,cpuacct "$TMP/out"
refused 'mount: no directory' "'$TMP/out' is not a directory"
try containerctl hierarchy mount --release-agent=/bin/true numtasks,cpuacct "$B"
refused 'mount: an agent for one that is there' 'what is written to its file release_agent'
try containerctl hierarchy mount --release-agent=true numtasks,cpuacct "$B"
refused 'mount: an agent without a path' "begins with '/'"
chmod 755 "$TMP"
unprivileged containerctl hierarchy mount numtasks,cpuacct "$B"
refused 'mount without privilege' 'root'
try containerctl hierarchy mount numtasks
refused 'mount: no directory given' 'on which directory'
try containerctl hierarchy mount numtasks cpuacct "$B"
refused 'mount: too much' 'commas between them'
try containerctl hierarchy
refused 'nothing' 'list, mount or tree'
try containerctl hierarchy umount
refused 'an unknown word' "'umount' is unknown"
is 'after all that nothing is mounted' "$(grep -c " $B " /proc/mounts)" 0

# --- tree

mkdir "$A/g/in" "$A/g/over" "$A/a b"
sleep 1000 &
SLEEPER=$!
echo $SLEEPER >"$A/g/in/tasks"
echo 7 >"$A/g/numtasks.max"

try containerctl hierarchy tree numtasks
is 'tree succeeds' "$STATUS$ERR" 0
like 'tree: a heading' "${OUT%%$'\n'*}" "^hierarchy $number: [a-z,]+, on $A\$"
like 'tree: columns' "$OUT" $'^[^\n]*\nGROUP +TASKS +NUMTASKS +CPUTIME\n'
like 'tree: the root' "$OUT" $'\n/ +[1-9][0-9]* '
like 'tree: what cannot be in a name' "$OUT" $'\n\|- a\\\\040b +0 +0/max +0:00\.[0-9]+\n'
like 'tree: figures' "$OUT" $'\n`- g +0 +1/7 +[0-9]+:[0-9.]+\n'
like 'tree: below' "$OUT" $'\n   \|- in +1 +1/max +[0-9]+:[0-9.]+\n   `- over +0 +0/max +[0-9]+:[0-9.]+$'
whole=$OUT
try containerctl hierarchy tree
like 'tree of all has that one' "$OUT" "hierarchy $number: "
like 'tree of all has its groups' "$OUT" $'\n   \|- in '
try containerctl hierarchy tree "$A/g"
is 'tree of a directory succeeds' "$STATUS$ERR" 0
like 'tree of a directory' "$OUT" $'\n/g +0 +1/7 +[0-9]+:[0-9.]+\n\|- in +1 +[^\n]*\n`- over +[^\n]*$'
STATUS=0
(cd "$A/g" && containerctl hierarchy tree .) >"$TMP/out" || STATUS=$?
is 'tree of . is the same' "$STATUS $(sed -n '3,$p' "$TMP/out" | sed 's/ .*//')" \
	"0 $(sed -n '3,$p' <<<"$OUT" | sed 's/ .*//')"
is 'tree of the top is that of the subsystem' \
	"$(containerctl hierarchy tree "$A/" | sed '3,$s/ .*//')" "$(sed '3,$s/ .*//' <<<"$whole")"
try containerctl hierarchy tree --json numtasks
is 'tree --json succeeds' "$STATUS$ERR" 0
is 'tree --json: groups' "$(json "[(g['path'], g['tasks']) for g in data if g['path'] != '/']")" \
	"[('/a b', 0), ('/g', 0), ('/g/in', 1), ('/g/over', 0)]"
is 'tree --json: figures' \
	"$(json "[(g['numtasks.current'], g['numtasks.max']) for g in data if g['path'].startswith('/g')]")" \
	"[(1, 7), (1, 'max'), (0, 'max')]"
is 'tree --json: a number is a number' "$(json "data[2]['cpuacct.usage'] >= 0")" True
try containerctl hierarchy tree nonsense
refused 'tree: no such subsystem' "there is no subsystem 'nonsense'"
try containerctl hierarchy tree "$B"
refused 'tree: a directory of something else' "is not a directory of a hierarchy"
try containerctl hierarchy tree "$TMP/absent"
refused 'tree: no such directory' 'No such file'
try containerctl hierarchy tree numtasks cpuacct
refused 'tree: too much' "'cpuacct' is too much"
STATUS=0
containerctl hierarchy tree >/dev/full 2>"$TMP/err" || STATUS=$?
is 'output that cannot be written: status 125' $STATUS 125

# --- not mounted, but there

umount "$A"
try containerctl hierarchy list
like 'list: not mounted' "$OUT" $'\n'" +$number +5 +[0-9]+ +[a-z,]+ +not mounted"
try containerctl hierarchy tree numtasks
refused 'tree: not mounted' "hierarchy $number is not mounted: containerctl hierarchy mount"
try containerctl hierarchy tree
is 'tree of all succeeds' "$STATUS$ERR" 0
like 'tree of all: not mounted' "$OUT" "hierarchy $number: [a-z,]+, not mounted, 5 groups"
try containerctl hierarchy mount cpuacct,numtasks "$B"
is 'mount finds it again' "$STATUS$ERR" 0
try containerctl hierarchy tree cpuacct
like 'with its groups' "$OUT" $'\n   \|- in +1 +1/max '
kill $SLEEPER
wait $SLEEPER 2>/dev/null
SLEEPER=
for dir in g/in g/over g 'a b'; do
	rmdir "$B/$dir"
	result $? "rmdir $dir"
done
umount "$B"
try containerctl hierarchy list
like 'without groups it ends with its mount' "$OUT" $'\n +- +- +- +[^ ]*numtasks[^ ]* +in no hierarchy'

# --- options

try containerctl hierarchy mount --noprefix --release-agent=/bin/true cpuacct "$A"
is 'noprefix succeeds' "$STATUS$ERR" 0
is 'release-agent' "$(cat "$A/release_agent")" /bin/true
mkdir "$A/x"
try containerctl hierarchy tree cpuacct
like 'noprefix: figures are found' "$OUT" $'\n`- x +0 +0:00\.[0-9]+$'
try containerctl hierarchy mount cpuacct "$B"
refused 'noprefix cannot be changed' 'hierarchy [0-9]+ is there already, and whether'
rmdir "$A/x"
try containerctl hierarchy mount all "$B"
refused 'mount: all, of which one is in use' 'not all subsystems are free: hierarchy [0-9]+ has cpuacct'
umount "$A"
