#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of tools/vm/run itself, on the host: a runner that overlooks a failure
# would make all other tests worthless.  Prints TAP.

set -u
cd "$(dirname "$0")/.." || exit

KERNEL=${KERNEL:-$(tools/vm/kernel list | head -n 1)}
PLAN=28 COUNT=0 FAILED=0
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# check NAME COMMAND...: one test
check() {
	local name=$1
	shift
	COUNT=$((COUNT + 1))
	if "$@"; then
		echo "ok $COUNT - $name"
	else
		FAILED=1
		echo "not ok $COUNT - $name"
		printf '# status %s, output:\n' "$STATUS"
		head -n 20 "$TMP/out" "$TMP/err" | sed 's/^/#   /'
	fi
}

# with_module OPTION... -- COMMAND..., and vm the same without the module: leaves
# STATUS, $TMP/out and $TMP/err
with_module() {
	STATUS=0
	tools/vm/run --kernel "$KERNEL" --log "$TMP/log" --timeout 120 "$@" \
		>"$TMP/out" 2>"$TMP/err" </dev/null || STATUS=$?
}

vm() { with_module --no-module "$@"; }
status_is() { [ "$STATUS" = "$1" ]; }
says() { grep -qE -- "$1" "$TMP/err"; }
silent() { [ ! -s "$TMP/err" ]; }
tells() { grep -qE -- "$1" "$TMP/out"; }
tells_not() { ! tells "$@"; }
prints() { printf %b "$1" | cmp -s - "$TMP/out"; }

echo "1..$PLAN"

# One machine for all that a good run has to get right.
mkdir -p "$TMP/in/sub"
head -c 300000 /dev/urandom >"$TMP/in/sub/data"
vm --in "$TMP/in" --out "$TMP/result" -- bash -c '
	printf "a\tb  c\r\n\001\377\n"
	echo error >&2
	grep SigIgn /proc/self/status
	cp -r /in/sub /out
	setsid sleep 1000 &
	exit 42'
check "passes the command's status on" status_is 42
check 'passes its output on unchanged' prints 'a\tb  c\r\n\0001\0377\nerror\nSigIgn:\t0000000000000000\n'
check 'says nothing of its own about a good run' silent
check 'brings /out back' cmp -s "$TMP/in/sub/data" "$TMP/result/sub/data"

vm -- sh -c 'kill -TERM $$'
check 'a signal gives 128 and its number' status_is 143

vm -- /no/such/command
check 'a command that is not there gives 127' status_is 127

vm -- sh -c 'echo "WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg'
check 'a warning in the kernel log is a failure' status_is 125
check 'and is shown' says 'WARNING: CPU: 0 PID: 1 at nowhere'

vm -- sh -c 'echo "WARNING: lost" >/dev/kmsg; dmesg -C; exit 3'
check 'also when the log was cleared and the command failed itself' status_is 125
check "and the command's own status is told" says 'own status was 3'

vm -- sh -c 'echo c >/proc/sysrq-trigger'
check 'a panic is a failure' status_is 125
check 'and is shown' says 'sysrq triggered crash'

vm -- sh -c 'echo b >/proc/sysrq-trigger; sleep 60'
check 'a machine that ends early is a failure' status_is 123

vm --timeout 20 -- sh -c 'echo begun; sleep 1000'
check 'the time limit is a failure' status_is 124
check 'and what was printed until then arrived' prints 'begun\n'

vm --kernel 6.1.0-0-none -- true
check 'an unknown kernel starts nothing' status_is 122
check 'and the supported ones are named' says '6\.1\.0-'

vm --no-such-option -- true
check 'an unknown option starts nothing' status_is 122
vm --with nothing -- true
check 'a list of packages that is not there starts nothing' status_is 122
vm --disk "$TMP/none" -- true
check 'nor a disk that is not there' status_is 122
vm --net "$TMP/one" -- true
check 'nor a network of one' status_is 122

vm --module "$TMP/in/sub/data" --no-module -- true
check 'without the module the kernel is not tainted' status_is 0

# selftests/run-guest, with tests that leave something behind.

# test_program NAME TEXT: TEXT is run, and then the one test of it passes
test_program() {
	printf '#!/bin/bash\nexec 2>/dev/null\n%s\necho 1..1; echo ok 1\n' "$2" >"$TMP/guest/left/$1"
	chmod +x "$TMP/guest/left/$1"
	echo "left/$1 host 60" >>"$TMP/guest/tests"
}

make -s -C selftests "$PWD/build/selftests/launch" >&2
mkdir -p "$TMP/guest/left"
cp selftests/run-guest build/selftests/launch "$TMP/guest"
test_program sleeper 'setsid sleep 2001 >&2 & sleep 2002 >&2 &'
test_program container '(echo left >/proc/container && sleep 2003 >&2; :) &
	until [ -d /proc/container/left/ ] && pgrep -x sleep; do sleep 0.1; done >&2'
test_program short 'sleep 1 >&2 &'
# shellcheck disable=SC2016 # for the program to expand
test_program looks '[ -z "$(pgrep -x sleep)$(sed 1d /proc/container)" ] || exit 1'
with_module --in "$TMP/guest" -- bash /in/run-guest
check 'a test that leaves something behind has failed' status_is 1
check 'and it is told what' tells \
	'^left/sleeper:host: not ok - left processes behind: [0-9]+ sleep 200[12]; [0-9]+ sleep 200[12]$'
check 'also in a container' tells \
	'^left/container:host: not ok - left processes behind: .*[0-9]+ sleep 2003(;|$)'
check 'which SIGKILL ends' tells_not 'SIGKILL'
check 'who ends soon is not left behind' tells_not '^left/short:host: not ok'
check 'and those that follow are not disturbed' tells_not '^left/looks:host: not ok'

[ $COUNT = $PLAN ] || { echo "not ok - planned $PLAN tests and ran $COUNT"; FAILED=1; }
exit $FAILED
