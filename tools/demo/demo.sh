#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Shows what the module does, in a virtual machine (make demo): every command
# is run where the prompt says, its output is what came, and what is promised
# about it is checked.  Exit status: 0 if all was as promised.
#
# shellcheck disable=SC2016 # what is in quotes is expanded where it is run

set -euo pipefail
export LC_ALL=C

MODULE=/lib/modules/container.ko
OUTPUT='' STATUS=0

explain() { printf '\n# %s\n' "$*"; }

show() {
	OUTPUT=$1 STATUS=$2
	[ -z "$OUTPUT" ] || printf '%s\n' "$OUTPUT"
}

# host COMMAND: runs it in this process, so that pids are what they seem
host() {
	local status=0
	printf 'host# %s\n' "$1"
	eval "$1" >/run/demo.output 2>&1 || status=$?
	show "$(cat /run/demo.output)" $status
}

# shell COMMAND: types it into the shell that start_shell has started
shell() {
	local line output=''
	printf 'shell# %s\n' "$1"
	printf '%s\nprintf "%%s %%s\\n" "%s" $?\n' "$1" "$MARK" >&"$TO_SHELL"
	while IFS= read -r -t 60 line <&"$FROM_SHELL"; do
		if [[ $line == "$MARK "* ]]; then
			show "${output%$'\n'}" "${line#"$MARK "}"
			return
		fi
		output+=$line$'\n'
	done
	broken "the shell gives no answer; it said: $output"
}

# Its pid here is INNER_PID; it knows of the module as little as any other.
start_shell() {
	MARK=end-of-output-$RANDOM$RANDOM
	coproc INNER { exec bash --norc 2>&1; }
	TO_SHELL=${INNER[1]} FROM_SHELL=${INNER[0]}
}

broken() {
	printf '\ndemo: not as promised: %s\n' "$*"
	exit 1
}

# succeeds, fails [REGEX]: how the last command ended, and what it must have said
succeeds() {
	[ "$STATUS" = 0 ] || broken "the last command failed ($STATUS)"
	[ $# = 0 ] || says "$1"
}

fails() {
	[ "$STATUS" != 0 ] || broken "the last command should have failed"
	says "$1"
}

says() { [[ $OUTPUT =~ $1 ]] || broken "the last command's output does not match: $1"; }

says_not() { [[ ! $OUTPUT =~ $1 ]] || broken "the last command's output must not match: $1"; }

# gone_soon WHAT COMMAND...: a process takes a moment to end
gone_soon() {
	local what=$1 tries
	shift
	for ((tries = 0; tries < 100; tries++)); do
		"$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	broken "$what is still there"
}

# soon WHAT COMMAND...: and a program a moment to get somewhere
soon() {
	local what=$1 tries
	shift
	for ((tries = 0; tries < 300; tries++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	broken "$what does not get on"
}

# outside N: the host's number of the process that is N inside
outside() { awk -v n="$1" '$1 == n { print $2 }' /proc/container/demo/tasks; }

# The machine may have been started with the module loaded.
[ ! -e /proc/container ] || rmmod container
start_shell

explain 'A shell is running, and something else.'
host 'sleep 5000 & OTHER=$!; echo $OTHER'
succeeds
# OTHER is set by the line above.
: "${OTHER:?}"
shell 'sh -c '\''echo I am $$, a child of $PPID'\'
succeeds "^I am [0-9]+, a child of $INNER_PID\$"

explain 'The module is loaded. There are no containers yet.'
host "insmod $MODULE"
succeeds
host 'cat /proc/container'
succeeds '^NAME +ID +INIT +TASKS'
[[ $OUTPUT != *$'\n'* ]] || broken 'there is a container already'

explain 'The shell enters a new container, by writing its name.'
shell 'echo demo > /proc/container'
succeeds
shell 'cat /proc/container'
succeeds '^demo$'

explain 'It is process 1 there; its children are 2, 3 and so on.'
shell 'sh -c '\''echo I am $$, a child of $PPID'\'
succeeds '^I am [0-9]+, a child of 1$'
shell 'sleep 1000 & echo $!'
succeeds '^[0-9]+$'
FIRST=$OUTPUT
shell 'sleep 2000 & echo $!'
succeeds '^[0-9]+$'
SECOND=$OUTPUT
if [ "$FIRST" -ge 10 ] || [ "$SECOND" -ge 10 ]; then
	broken 'the numbers are not small'
fi
shell 'ps -ef'
succeeds
[ "$(awk 'NR > 1 { printf "%s ", $2 }' <<<"$OUTPUT" | wc -w)" = 4 ] ||
	broken 'there are not exactly four processes'
says $'\nroot +1 +0 .*bash --norc'
says $'\n'"root +$FIRST +1 .*sleep 1000"
says $'\n'"root +$SECOND +1 .*sleep 2000"
says $'\nroot +[0-9]+ +1 .*ps -ef'

explain "What is outside does not exist for it: not process $OTHER either."
shell "kill $OTHER"
fails 'No such process'
shell "ls -d /proc/$OTHER"
fails 'No such file or directory'
host "kill -0 $OTHER && echo still there"
succeeds '^still there$'

explain 'Its own processes are at its command.'
shell "kill $FIRST"
succeeds
shell "wait $FIRST 2>/dev/null; ps -e -o pid,args | grep '[s]leep'"
succeeds "^ *$SECOND sleep 2000\$"

explain 'All this time, the host sees the same processes with its own numbers.'
host 'cat /proc/container'
succeeds $'\n'"demo +[0-9]+ +$INNER_PID +2 "
host 'cat /proc/container/demo/tasks'
succeeds
SLEEPER=$(outside "$SECOND")
[ "$OUTPUT" = "$(printf '1\t%s\tbash\n%s\t%s\tsleep' "$INNER_PID" "$SECOND" "$SLEEPER")" ] ||
	broken 'these are not the two processes'
host "ps -o pid,ppid,args -p $INNER_PID,$SLEEPER,$OTHER"
succeeds
says $'\n'" *$INNER_PID +$$ bash --norc"
says $'\n'" *$SLEEPER +$INNER_PID sleep 2000"
says $'\n'" *$OTHER +$$ sleep 5000"

explain 'It can act on them, too.'
host "kill -STOP $SLEEPER"
succeeds
shell "ps -o pid,stat,args -p $SECOND"
succeeds $'\n'" *$SECOND +T +sleep 2000"

explain 'When process 1 ends, the container does, and all that is in it.'
printf 'shell# exit\n'
echo exit >&"$TO_SHELL"
wait "$INNER_PID" || broken 'the shell did not end well'
gone_soon 'the process in the container' kill -0 "$SLEEPER"
gone_soon 'the container' test -e /proc/container/demo/tasks
host 'cat /proc/container'
succeeds
[[ $OUTPUT != *$'\n'* ]] || broken 'there is a container left'
host 'cat /proc/container/demo/tasks'
fails 'No such file or directory'
host "ps -o pid,args -p $SLEEPER,$OTHER"
succeeds
says $'\n'" *$OTHER sleep 5000"
says_not 'sleep 2000'

explain 'A computation in a container of its own.'
host 'cat /in/count.sh'
succeeds
host 'setsid sh -c "echo job >/proc/container && exec sh /in/count.sh" </dev/null >/run/count 2>&1 &'
succeeds
counted() { [ "$(wc -l </run/count)" -gt "$1" ]; }
soon 'the computation' counted 3

explain 'It is saved while it runs: nothing is in the way.'
host 'cat /proc/container/job/check'
succeeds '^$'
host 'cat /proc/container/job/checkpoint >/run/job.img'
succeeds
host 'containerctl verify /run/job.img'
succeeds
host 'grep ^checkpoint /proc/container/job/status'
succeeds $'^checkpoint:\tcomplete'

explain 'And killed.'
host 'echo KILL >/proc/container/job/kill'
succeeds
gone_soon 'the container' test -e /proc/container/job/tasks
COUNTED=$(wc -l </run/count)
host 'tail -n 1 /run/count'
succeeds '^process 1 counts [0-9]+$'

explain 'It comes back where it was, with the number that it had.'
host 'cat /run/job.img >/proc/container/restart'
succeeds
soon 'the computation' counted "$((COUNTED + 3))"
host 'tail -n 1 /run/count'
succeeds '^process 1 counts [0-9]+$'
host 'cat /proc/container/job/tasks'
succeeds '^1'
host 'echo KILL >/proc/container/job/kill'
succeeds
gone_soon 'the container' test -e /proc/container/job/tasks

explain 'A container can be given limits: with its init and the shell, two more of four.'
host 'containerctl run --numtasks 4 small -- sh -c "sleep 60 & sleep 60 & sleep 60 &"'
fails 'Cannot fork'
gone_soon 'the container' test -e /proc/container/small/tasks

explain 'Groups of tasks are counted and limited whatever they can see.'
host 'mkdir /run/groups && mount -t container -o memory,cpuacct container /run/groups'
succeeds
host 'mkdir /run/groups/web && echo 64M >/run/groups/web/memory.max'
succeeds
host 'echo $OTHER >/run/groups/web/procs; cat /proc/$OTHER/container'
succeeds $'cpuacct,memory:/web'
host 'echo $OTHER >/run/groups/procs; rmdir /run/groups/web; umount /run/groups'
succeeds

explain 'Nothing holds the module any more.'
host 'rmmod container'
succeeds
host 'ls /proc/container'
fails 'No such file or directory'

kill "$OTHER"
printf '\ndemo: all as promised\n'
