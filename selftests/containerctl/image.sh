#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# kernels: stock
#
# containerctl show and verify, with images that were not made by the module. They
# take neither that nor root.

set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"
trap finish EXIT

DIR=$(dirname "$0")
chmod 755 "$TMP"
for kind in good version unknown orphan threads pages empty behind cut flipped escape many; do
	python3 "$DIR/image.py" $kind "$TMP/$kind.img" || exit 1
done

# json EXPRESSION: of what is in $TMP/out, as "data"
json() {
	python3 -c 'import json, sys
data = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$TMP/out" "$1"
}

# bad KIND PATTERN: verify and show find that image to be bad, for that reason
bad() {
	try containerctl verify "$TMP/$1.img"
	is "verify $1: status 1" "$STATUS$OUT" 1
	like "verify $1: message" "$ERR" "^containerctl: $TMP/$1.img: $2"
	try containerctl show "$TMP/$1.img"
	is "show $1: status 1" "$STATUS" 1
	like "show $1: message" "$ERR" "$2"
	try containerctl show --json "$TMP/$1.img"
	is "show --json $1: status 1" "$STATUS" 1
	like "show --json $1: message" "$ERR" "$2"
}

# --- verify

unprivileged containerctl verify "$TMP/good.img"
is 'verify takes no rights: but those to the file' "$STATUS" 0
like 'verify says what it is' "$OUT" \
	"^$TMP/good.img: good: container made of 2023-11-14T22:13:20Z, 3 processes, .* records\$"
try containerctl verify --quiet "$TMP/good.img"
is 'verify --quiet' "$STATUS$OUT$ERR" 0
STATUS=0
# A pipe that brings it in pieces.
(for ((i = 0; i < 40; i++)); do
	dd if="$TMP/good.img" bs=7 count=1 skip=$i 2>/dev/null
done; tail -c +281 "$TMP/good.img") | containerctl verify - >"$TMP/out" || STATUS=$?
is 'verify: a pipe' $STATUS 0
like 'verify: standard input' "$(<"$TMP/out")" '^standard input: good'

bad version 'this is an image of version 2; only version 1 is known here'
bad unknown 'records of type WHAT are not known here'
bad orphan 'process 7 comes before its parent, 6'
bad threads 'process 1 has 2 threads, but 1 are there'
bad pages 'record 4 has not the 2 pages that it says'
bad empty 'there is no process 1'
bad behind 'something follows the end of the image'
bad cut 'the image ends early, after [0-9]+ bytes of record [0-9]+ \(END 0\)'
bad flipped 'record 1 \(PROC 1\): its checksum is wrong'
: >"$TMP/nothing.img"
bad nothing 'the image is empty'
echo 'no image' >"$TMP/text.img"
bad text 'this is no image of a container'
printf '\037\213\010\000...' >"$TMP/gzip.img"
bad gzip 'this has been compressed with gzip'

try containerctl verify "$TMP/absent"
refused 'a file that is not there' 'cannot open .*absent: No such file'
try containerctl verify "$TMP"
refused 'a directory' 'cannot read .*: Is a directory'
try containerctl verify
refused 'verify: no file' 'which image'
try containerctl show a b
refused 'show: two files' "'b' is too much"

# Every place that it can end at.
size=$(stat -c %s "$TMP/good.img") found=0
for ((i = 0; i < size && i < 1200; i += 37)); do
	head -c $i "$TMP/good.img" | containerctl verify - >/dev/null 2>&1
	[ $? = 1 ] && found=$((found + 1))
done
is 'verify: whatever is missing' $found $(((i + 36) / 37))

# What a terminal would obey, in a name that the module would never have given.
try containerctl verify "$TMP/escape.img"
is 'verify: nothing goes to the terminal as it is: status' "$STATUS$ERR" 0
like 'verify: nothing goes to the terminal as it is' "$OUT" \
	': good: container a\\033]0;b\\007\\302\\233c\\040d of '
try containerctl verify "$TMP/"$'\e[31m'
refused 'verify: nor does a name from the command line' 'cannot open .*/\\033\[31m: No such file'

# --- show

unprivileged containerctl show "$TMP/good.img"
is 'show takes no rights: but those to the file' "$STATUS$ERR" 0
like 'show: the container' "$OUT" $'^container: +"made"\n'
like 'show: when' "$OUT" $'\ntaken: +2023-11-14T22:13:20Z\n'
like 'show: the kernel' "$OUT" $'\nkernel: +"6.1.0-test"\n'
like 'show: processes' "$OUT" $'\nprocesses: +3\n'
like 'show: threads' "$OUT" $'\nthreads: +2\n'
like 'show: memory' "$OUT" $'\nmemory: +8.0 KiB in 2 pages\n'
like 'show: a process' "$OUT" $'\n +1 +0 +1 +1 +1 - +"'
like 'show: a zombie' "$OUT" $'\n +8 +7 +8 +1 +0 zombie +"gone"'
like 'show: nothing goes to the terminal as it is' "$OUT" \
	$'\n +7 +1 +7 +1 +1 - +"a \\\\"b\\\\"\\\\\\\\\\\\x1b\\[31m'
like 'show: a record' "$OUT" $'\n\n1: PROC 1 \\(process\\), [0-9]+ bytes\n    parent +0\n'
like 'show: the end' "$OUT" $'END 0 \\(end\\), 16 bytes\n    records +[0-9]+\n    pages +2$'
summary=${OUT%%$'\n\n0: '*}
try containerctl show --summary "$TMP/good.img"
is 'show --summary is the beginning of show' "$OUT" "$summary"

try containerctl show --json "$TMP/good.img"
is 'show --json succeeds' "$STATUS$ERR" 0
is 'show --json: the container' "$(json 'data["name"], data["version"], data["complete"]')" \
	"('made', 1, True)"
is 'show --json: processes' "$(json '[(p["pid"], p["ppid"], p["zombie"]) for p in data["processes"]]')" \
	'[(1, 0, False), (7, 1, False), (8, 7, True)]'
is 'show --json: a name' "$(json 'data["processes"][1]["comm"] == "a \"b\"\\\x1b[31m"')" True
is 'show --json: a record' "$(json '[r["fields"]["session"] for r in data["records"] if r["type"] == "PROC"]')" \
	'[1, 1, 1]'
is 'show --json: bytes' "$(json 'data["bytes"]')" "$size"
try containerctl show --json "$TMP/escape.img"
is 'show --json: a name with a control character of two bytes' \
	"$(json 'data["processes"][0]["comm"] == "x\u009by"')" True
like 'show --json: it does not go to the terminal as it is' "$OUT" '"x\\u009by"'
try containerctl show --json "$TMP/cut.img"
is 'show --json: what there is of a bad one' "$(json 'data["complete"], len(data["records"]) > 4')" \
	'(False, True)'
like 'show --json: and why' "$(json 'data["error"]')" 'ends early'
try containerctl show --json --summary "$TMP/good.img"
refused 'show: --json and --summary' 'exclude each other'
# However little memory there is: all of it, or nothing that passes for all.
containerctl show "$TMP/many.img" >"$TMP/all"
wrong='' short=0
for ((i = 3000; i < 9000; i += 250)); do
	STATUS=0
	(ulimit -v $i && exec containerctl show "$TMP/many.img") >"$TMP/out" 2>"$TMP/err" || STATUS=$?
	[ $STATUS = 125 ] && short=$((short + 1)) && continue
	[ $STATUS = 0 ] && cmp -s "$TMP/all" "$TMP/out" || wrong+="$i KiB: $STATUS "
done
is 'show: without enough memory it says so' "$wrong" ''
is 'show: there was a case of that' "$((short > 0))" 1
try containerctl show --format
like 'show --format' "$OUT" $'^record CTIM 176 0 - header\nfield 0 4 number version\n'

# --- compressed

if type zstd >/dev/null 2>&1; then
	zstd -q "$TMP/good.img" -o "$TMP/good.zst"
	try containerctl verify "$TMP/good.zst"
	is 'verify: compressed' "$STATUS$ERR" 0
	STATUS=0
	containerctl verify - <"$TMP/good.zst" >"$TMP/out" || STATUS=$?
	is 'verify: compressed, from a file as standard input' $STATUS 0
	STATUS=0
	(head -c 2 "$TMP/good.zst"; sleep 0.1; tail -c +3 "$TMP/good.zst") |
		containerctl verify - >"$TMP/out" || STATUS=$?
	is 'verify: compressed, from a pipe' $STATUS 0
	head -c 200 "$TMP/good.zst" >"$TMP/cut.zst"
	try containerctl verify "$TMP/cut.zst"
	is 'verify: compressed and cut' $STATUS 1
	zstd -q "$TMP/flipped.img" -o "$TMP/flipped.zst"
	try containerctl verify "$TMP/flipped.zst"
	is 'verify: compressed and bad: status' $STATUS 1
	like 'verify: compressed and bad: message' "$ERR" 'checksum is wrong'
	mkdir "$TMP/bin"
	cp "$(type -P containerctl)" "$TMP/bin/"
	try env PATH="$TMP/bin" "$TMP/bin/containerctl" verify "$TMP/good.zst"
	refused 'without zstd' 'the program zstd is not installed, which decompresses images'
fi
