#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# kernels: stock
# timeout: 400
#
# The completion of containerctl's command line.

set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"

for FILE in "$(dirname "$0")/../../tools/containerctl/containerctl.bash" \
	/usr/share/bash-completion/completions/containerctl; do
	[ ! -e "$FILE" ] || break
done
[ -e "$FILE" ] || {
	rm -rf "$TMP"
	echo '1..0 # SKIP the completion is not installed here'
	exit 0
}

trap 'finish ctl-compl-1 ctl-compl-2' EXIT

# completions WORD...: what bash would offer for the last word, sorted
completions() {
	bash -c '. "$0" && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _containerctl &&
		printf "%s\n" "${COMPREPLY[@]}"' "$FILE" containerctl "$@" | sort | tr '\n' ' '
}

echo '10.1.2.3 ctl-host' >"$TMP/hosts"
containerctl run -d ctl-compl-1 -- sleep 1000
containerctl run -d ctl-compl-2 -- sleep 1000
containerctl run -d ctl-compl-1/in -- sleep 1000

is 'commands' "$(completions '')" '--help --version adopt check checkpoint exec help hierarchy kill list migrate ps restart run show status top verify '
is 'a command' "$(completions st)" 'status '
is 'commands that begin alike' "$(completions check)" 'check checkpoint '
for command in exec adopt status ps kill check checkpoint migrate; do
	is "$command: names" "$(completions $command ctl-c)" \
		'ctl-compl-1 ctl-compl-1/in ctl-compl-2 '
	is "$command: a name" "$(completions $command ctl-compl-2)" 'ctl-compl-2 '
done
is 'run: a new name cannot be guessed' "$(completions run ctl-c | tr -d ' ')" ''
for command in run exec adopt list status kill ps checkpoint restart check show verify \
	migrate top hierarchy 'hierarchy list' 'hierarchy mount' 'hierarchy tree'; do
	# shellcheck disable=SC2086 # one word, or two
	offered=$(completions $command -)
	offered=${offered//=/}
	for option in $offered; do
		# shellcheck disable=SC2086
		containerctl $command --help | grep -q -e "$option" ||
			is "$command $option" 'offered' 'known'
	done
	like "$command: options" "$offered" '--help'
done
is 'run: values of --pids' "$(completions run --pids =)" 'keep new '
is 'run: a value of --pids' "$(completions run --pids = k)" 'keep '
is 'run: values of --init' "$(completions run --init =)" 'off on '
is 'run: values of -o' "$(completions run -o pids=k)" 'pids=keep '
is 'run: values of -o: init' "$(completions run -o init=)" 'init=off init=on '
like 'run: a command' "$(completions run new -- base6)" 'base64'
like 'run: a command without --' "$(completions run -d new base6)" 'base64'
is "run: a command's argument" "$(completions run new -- cat /etc/hostn)" '/etc/hostname '
is "run: a command's option is not ours" "$(completions run new -- cat --det | tr -d ' ')" ''
like 'exec: a command' "$(completions exec ctl-compl-1 -- base6)" 'base64'
is 'exec: names inside another' "$(completions exec ctl-compl-1/)" 'ctl-compl-1/in '
is 'adopt: values of --pids' "$(completions adopt --pids = n)" 'new '
is 'adopt: values of --init' "$(completions adopt --init =)" 'off on '
is 'adopt: processes' "$(completions adopt --tree --pids = new ctl-compl-1 $$)" "$$ "
like 'kill: signals' "$(completions kill ctl-compl-1 '')" 'HUP .*KILL .*TERM '
is 'kill: a signal' "$(completions kill ctl-compl-1 KI)" 'KILL '
is 'kill: a signal for -s' "$(completions kill -s US)" 'USR1 USR2 '
is 'help: commands' "$(completions help '')" 'adopt check checkpoint exec hierarchy kill list migrate ps restart run show status top verify '
is 'checkpoint: a file' "$(completions checkpoint --kill ctl-compl-1 /etc/hostn)" '/etc/hostname '
is 'checkpoint: nothing more' "$(completions checkpoint ctl-compl-1 /x /etc/hostn | tr -d ' ')" ''
is 'checkpoint: a name after -s' "$(completions checkpoint -s ctl-compl-2)" 'ctl-compl-2 '
for command in restart show verify; do
	is "$command: a file" "$(completions $command /etc/hostn)" '/etc/hostname '
done
is 'restart: a file after a name' "$(completions restart --name = new /etc/hostn)" '/etc/hostname '
is 'restart: a new name cannot be guessed' "$(completions restart -n ctl | tr -d ' ')" ''
is 'migrate: hosts' "$(HOSTFILE=$TMP/hosts completions migrate ctl-compl-1 ctl-h)" 'ctl-host '
is 'top: values of --sort' "$(completions top --sort = m)" 'memory '
is 'top: an interval cannot be guessed' "$(completions top --interval = | tr -d ' ')" ''
is 'hierarchy: what there is' "$(completions hierarchy '')" '--help list mount tree '
if [ -e /proc/containers ]; then
	known=$(sed -n 's/^[0-9]*: name=\([^ ]*\) .*/\1/p' /proc/containers | sort)
	first=$(head -n 1 <<<"$known")
	rest=$(tail -n +2 <<<"$known" | sed "s/^/$first,/" | tr '\n' ' ')
	is 'hierarchy tree: subsystems' "$(completions hierarchy tree '')" "$(tr '\n' ' ' <<<"$known")"
	is 'hierarchy mount: subsystems' "$(completions hierarchy mount -n '')" \
		"$(tr '\n' ' ' <<<"$known")"
	is 'hierarchy mount: more of them, each once' \
		"$(completions hierarchy mount "$first," | sed 's/^ *$//')" "${rest# }"
fi
is 'hierarchy mount: a directory' "$(completions hierarchy mount a /pro)" '/proc '
is 'hierarchy mount: nothing more' "$(completions hierarchy mount a /x /pro | tr -d ' ')" ''
is 'hierarchy mount: a program' \
	"$(completions hierarchy mount --release-agent = /etc/hostn)" '/etc/hostname '
is 'hierarchy mount: a directory after options' \
	"$(completions hierarchy mount --release-agent = /x -n a /pro)" '/proc '
is 'hierarchy tree: a directory' "$(completions hierarchy tree /pro)" '/proc '
