#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# timeout: 400
#
# containerctl checkpoint, check and restart.

set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"
trap 'finish ctl-save ctl-copy ctl-ends ctl-leak ctl-pipe' EXIT
cd "$TMP" || exit

# A program that counts, in a file, and starts no others: NAME, FILE
count_in() {
	containerctl run -d --no-init "$1" -- python3 -c '
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
i = 0
while True:
    i += 1
    out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
    os.write(out, b"%010d\n" % i)
    os.close(out)
    time.sleep(0.1)' "$2" </dev/null >/dev/null 2>&1
	eventually test -s "$2"
}

# counted FILE: how far it has got. The file is never empty: who writes it may be
# stopped at any moment
counted() {
	local n
	n=$(<"$1")
	echo $((10#$n))
}

goes_on() {
	local before
	before=$(counted "$1")
	eventually eval "[ \$(counted $1) -gt $before ]"
}

# stands FILE: nothing happens for as long as several rounds take
stands() {
	local before
	sleep 0.3
	before=$(counted "$1")
	sleep 1
	[ "$(counted "$1")" = "$before" ]
}

# gone_on NAME FILE
gone_on() {
	local status=0
	goes_on "$2" || status=1
	result $status "$1"
}

json() {
	python3 -c 'import json, sys
data = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' out "$1"
}

# A zstd of our own, in place of the other one: fake LINE
fake() {
	mkdir -p bin
	printf '#!/bin/sh\n%s\n' "$1" >bin/zstd
	chmod +x bin/zstd
}

count_in ctl-save n || exit 1

# --- check

try containerctl check ctl-save
is 'check: nothing in the way' "$STATUS$OUT$ERR" 0
try containerctl check --json ctl-save
is 'check --json: nothing in the way' "$STATUS$(json data)" '0[]'
containerctl run -d --no-init ctl-leak -- sleep 1000 </dev/null 2>&1 >/dev/null | cat &
eventually containerctl status ctl-leak >/dev/null
try containerctl check ctl-leak
is 'check: a pipe to outside: status' $STATUS 1
like 'check: a pipe to outside' "$OUT" $'^PID +WHERE +WHAT +WHY +HELP\n1 +fd 2 +(fifo|pipe) +[a-z].* [a-z]'
try containerctl check --json ctl-leak
is 'check --json: a pipe to outside' \
	"$STATUS$(json '[(b["pid"], b["where"], "outside" in b["why"]) for b in data]')" \
	"1[(1, 'fd 2', True)]"
try containerctl checkpoint ctl-leak leak.img
refused 'checkpoint: a pipe to outside' "^containerctl: container 'ctl-leak' has what cannot be saved:"
like 'checkpoint: a pipe to outside is listed' "$ERR" $'\n1 +fd 2 '
is 'checkpoint: a pipe to outside: no file' "$(ls)" $'err\nn\nout'
end_containers ctl-leak
wait
mkdir $'e\e[31m'
# shellcheck disable=SC2016 # for the shell inside
containerctl run -d --no-init ctl-leak -- \
	sh -c 'exec 3<"$0"; rmdir "$0"; exec sleep 1000' \
	$'e\e[31m' </dev/null >/dev/null 2>&1
eventually eval 'containerctl check ctl-leak | grep -q "fd 3"'
try containerctl check ctl-leak
like 'check: a name of a file does not go to the terminal as it is' "$OUT" \
	'/e\\033\[31m '
try containerctl check ctl-none
refused 'check: no container' "no container 'ctl-none'"
try containerctl check
refused 'check: no name' 'which container'
unprivileged containerctl check ctl-save
refused 'check: no rights' 'takes root'
end_containers ctl-leak
wait

# --- checkpoint

try containerctl checkpoint ctl-save a.img
is 'checkpoint succeeds' "$STATUS$OUT$ERR" 0
is 'checkpoint: a file for its owner only, and no other' "$(stat -c %a:%n a.img*)" 600:a.img
try containerctl verify a.img
like 'checkpoint: the image is good' "$STATUS$OUT" '^0a.img: good: container ctl-save '
gone_on 'checkpoint: the container goes on' n
like 'checkpoint: the status knows of it' "$(status_of ctl-save checkpoint)" '^complete$'
try containerctl checkpoint --progress ctl-save a.img
like 'checkpoint --progress' "$STATUS$ERR" '^0ctl-save: [0-9.]+ [KM]iB, stopped for [0-9]+ us$'
# Who takes it waits for so long that a line is due.
containerctl checkpoint --progress ctl-save - 2>err |
	{ head -c 4096 >/dev/null; sleep 2; cat >/dev/null; }
like 'checkpoint --progress: how far it is' "$(cat err)" \
	'(^|
)ctl-save: [0-9.]+ [KM]iB of [0-9.]+ [KM]iB \([0-9]+%\), '
{ head -c 100000 a.img; sleep 2; tail -c +100001 a.img; } |
	containerctl restart --progress -d -n ctl-pipe - >out 2>err
like 'restart --progress: a pipe, whose image says how long it is' "$(cat err)" \
	'^restart: [0-9.]+ [KM]iB of [0-9.]+ [KM]iB \([0-9]+%\), '
end_containers ctl-pipe
containerctl checkpoint ctl-save - | containerctl verify - >out
is 'checkpoint to standard output' "${PIPESTATUS[*]}" '0 0'
try containerctl checkpoint ctl-save /dev/full
refused 'checkpoint: a full disk' 'cannot write /dev/full: No space left'
try containerctl checkpoint --kill ctl-save /dev/full
refused 'checkpoint --kill: a full disk' 'No space left'
gone_on 'checkpoint --kill: the container lives if the image does not' n
try containerctl checkpoint ctl-save nowhere/a.img
refused 'checkpoint: no directory' 'cannot create nowhere/a.img.tmp: No such file'
echo older >b.img
: >b.img.tmp
try containerctl checkpoint ctl-save b.img
refused 'checkpoint: another is being written' 'b.img.tmp is there'
is 'checkpoint: another is being written: its file stays' "$(ls b.img.tmp)" b.img.tmp
rm b.img.tmp
try containerctl checkpoint ctl-none b.img
refused 'checkpoint: no container' "no container 'ctl-none'"
try containerctl checkpoint ctl-save
refused 'checkpoint: no file' 'to which file'
unprivileged containerctl checkpoint ctl-save -
refused 'checkpoint: no rights' 'takes root'
try containerctl exec ctl-save -- containerctl checkpoint ctl-save -
refused 'checkpoint: from inside' 'cannot be (taken|saved)|from inside'
is 'checkpoint: an older file is what it was' "$(<b.img)" older

# --- compressed

try containerctl checkpoint --compress ctl-save c.img
is 'checkpoint --compress succeeds' "$STATUS$OUT$ERR" 0
is 'checkpoint --compress: by zstd' "$(head -c 4 c.img | od -An -tx1)" ' 28 b5 2f fd'
try containerctl verify c.img
is 'checkpoint --compress: the image is good' $STATUS 0
fake 'cat >/dev/null; exit 3'
PATH=$PWD/bin:$PATH try containerctl checkpoint --kill --compress ctl-save b.img
refused 'checkpoint: zstd fails' 'zstd failed with status 3'
# shellcheck disable=SC2016 # for the other shell
fake 'while kill -0 $PPID 2>/dev/null; do sleep 0.2; done'
PATH=$PWD/bin:$PATH containerctl checkpoint --stop --compress ctl-save b.img 2>err &
pid=$!
eventually test -e b.img.tmp
# shellcheck disable=SC2016 # for eval
eventually eval '[ "$(status_of ctl-save checkpoint)" = running ]'
status=0
stands n || status=1
result $status 'checkpoint --stop: the container stands'
try containerctl checkpoint ctl-save d.img
refused 'checkpoint: one at a time' "another checkpoint of container 'ctl-save' is being taken"
is 'checkpoint: one at a time: no file' "$(ls d.img* 2>/dev/null)" ''
kill $pid
wait $pid
is 'checkpoint: ended by a signal' $? 143
gone_on 'checkpoint --stop: goes on when it is over' n
is 'checkpoint: ended by a signal: no file' "$(ls b.img*)" b.img
is 'checkpoint: ended by a signal: an older file is what it was' "$(<b.img)" older
rm bin/zstd
ln -s "$(type -P containerctl)" bin/containerctl
try env PATH="$PWD/bin" containerctl checkpoint --compress ctl-save d.img
refused 'checkpoint: no zstd' 'the program zstd is not installed, which compresses'
is 'checkpoint: no zstd: no file' "$(ls d.img* 2>/dev/null)" ''

# --- restart

try containerctl restart -d a.img
refused 'restart: the name is taken' 'cannot restart the container: .'
try containerctl checkpoint --kill ctl-save b.img
is 'checkpoint --kill succeeds' "$STATUS$OUT$ERR" 0
is 'checkpoint --kill: the container has ended' "$(ls -d /proc/container/*ctl-save 2>/dev/null)" ''
before=$(counted n)
try containerctl verify --quiet b.img
is 'checkpoint --kill: the image is good' $STATUS 0
try containerctl restart --detach b.img
is 'restart --detach prints the name' "$STATUS$OUT$ERR" 0ctl-save
gone_on 'restart: it goes on' n
is 'restart: from where it was' "$([ "$(counted n)" -ge "$before" ]; echo $?)" 0
like 'restart: process 1' "$(containerctl ps ctl-save -o pid=,comm= | head -n 1)" '^ +1 python3$'
try containerctl restart --detach --name=ctl-copy - <c.img
is 'restart: no file' "$STATUS" 125
STATUS=0
containerctl restart --detach --name=ctl-copy - <c.img >out 2>err || STATUS=$?
is 'restart --name, compressed, standard input' "$STATUS$(<out)$(<err)" 0ctl-copy
is 'restart --name: both run' "$(containerctl list | grep -c '^ctl-')" 2
end_containers ctl-copy
containerctl checkpoint ctl-save - | containerctl restart --report --detach -n ctl-copy - >out
is 'restart: through a pipe' "${PIPESTATUS[*]}" '0 0'
is 'restart --report' "$(<out)" $'ready\nrestarted ctl-copy'
end_containers ctl-copy ctl-save

containerctl restart b.img 2>err &
pid=$!
eventually eval '! no_container ctl-save'
# It is there a moment before it runs, when a signal ends the restart.
gone_on 'restart: in the foreground' n
kill $pid
wait $pid
is 'restart: a signal goes to process 1, whose status it is' "$?$(<err)" 3
containerctl restart b.img 2>err &
pid=$!
eventually eval '! no_container ctl-save'
gone_on 'restart: once more' n
containerctl kill ctl-save KILL
wait $pid
is 'restart: process 1 is killed' "$?$(<err)" 137
is 'restart: the name is free again at once' "$(ls -d /proc/container/*ctl-save 2>/dev/null)" ''
containerctl run -d --no-init ctl-ends -- sh -c 'until [ -e go ]; do sleep 0.1; done; exit 7' \
	</dev/null >/dev/null 2>&1
try containerctl checkpoint --kill ctl-ends e.img
is 'checkpoint of one that will end' "$STATUS$ERR" 0
: >go
try containerctl restart e.img
is 'restart: the status of process 1' "$STATUS$OUT$ERR" 7

# --- pipes that are left outside

{ until [ -e over ]; do sleep 0.1; done; } |
	containerctl run --no-init ctl-pipe -- head -n 1 2>/dev/null |
	cat >first &
eventually eval 'containerctl checkpoint --ignore=pipes ctl-pipe p.img 2>/dev/null'
try containerctl checkpoint --ignore=sockets ctl-pipe x.img
refused 'checkpoint: what cannot be ignored' "'sockets' cannot be ignored"
try containerctl checkpoint ctl-pipe x.img
refused 'checkpoint: pipes are not ignored by themselves' 'ignore=pipes'
try containerctl checkpoint --kill --ignore=pipes ctl-pipe p.img
is 'checkpoint --ignore=pipes' "$STATUS$OUT$ERR" 0
: >over
wait
is 'checkpoint --kill --ignore=pipes: nothing was said' "$(<first)" ''
echo hello | timeout -k 5 "$PATIENCE" containerctl restart p.img 2>err | cat >second
is 'restart: pipes of our own in their place' "$(<second)$(<err)" hello
try containerctl restart --detach p.img
refused 'restart --detach: none in their place' 'descriptor [01] was a pipe to outside'
try containerctl restart --detach --outside=null p.img
is 'restart --outside=null' "$STATUS$OUT$ERR" 0ctl-pipe
eventually eval '! containerctl status ctl-pipe >/dev/null 2>&1'
try containerctl restart --outside=0,,1 p.img
refused 'restart: --outside=0,,1' 'outside= takes'
try containerctl restart "--outside=0 name=x" p.img
refused 'restart: --outside with more than that' '--outside takes'

# --- images that are none

head -c 100000 b.img >cut.img
try containerctl restart -d cut.img
refused 'restart: cut' 'cut.img: the image ends early, after '
cp b.img flip.img
printf '\377' | dd of=flip.img bs=1 seek=70001 conv=notrunc 2>/dev/null
printf '\376' | dd of=flip.img bs=1 seek=70002 conv=notrunc 2>/dev/null
try containerctl restart -d flip.img
refused 'restart: damaged' 'flip.img: record [0-9]+ \([A-Z]+ [0-9]+\): '
echo "a text" >text
try containerctl restart -d text
refused 'restart: no image' 'this is no image of a container'
try containerctl restart -d absent.img
refused 'restart: no file' 'cannot open absent.img'
try containerctl restart --name=ctl-absent/b b.img
refused 'restart: inside one that there is not' "there is no container 'ctl-absent'"
try containerctl restart --name=.x b.img
refused 'restart: no name' "'.x' is no name"
unprivileged containerctl restart -d - <b.img
refused 'restart: no rights' 'takes root'
is 'restart: nothing is left of all that' "$(containerctl list | grep -c '^ctl-')" 0
