#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# timeout: 300
#
# containerctl migrate, to the same machine: what ssh would run there is run here,
# and the container gets another name.

set -u
# shellcheck source=selftests/containerctl/tap.sh
. "$(dirname "$0")/tap.sh"
trap 'finish ctl-here ctl-there ctl-leak' EXIT
cd "$TMP" || exit

# ssh_is LINE: what is in its place; "$@" is the command
ssh_is() {
	cat >ssh <<'END'
#!/bin/sh
echo "$@" >args
while [ "${1#-}" != "$1" ]; do shift; done
shift
END
	echo "$1" >>ssh
	chmod +x ssh
}

# The output of a program that counts.
counted() {
	local n=
	until n=$(<n) && [ -n "$n" ]; do :; done
	echo "$n"
}

goes_on() {
	local before
	before=$(counted)
	eventually eval "[ \$(counted) -gt $before ]"
}

# goes_on_here NAME: nothing has happened to the container
goes_on_here() {
	local status=0
	no_container ctl-there || status=1
	goes_on || status=1
	result $status "$1: it goes on here, and only here"
}

# shellcheck disable=SC2016 # the container's own variables
containerctl run -d --no-init ctl-here -- sh -c \
	'i=0; while :; do i=$((i + 1)); echo $i >n; sleep 0.1; done' </dev/null >/dev/null 2>&1
eventually test -s n || exit 1

ssh_is 'exit 255'
try containerctl migrate --ssh=./ssh ctl-here other
refused 'no connection' 'no connection to other'
goes_on_here 'no connection'
try containerctl migrate --ssh=./absent ctl-here other
refused 'no ssh' "cannot run './absent'"
# shellcheck disable=SC2016 # the script's own variables
ssh_is 'exec "$@"'
try containerctl migrate --ssh=./ssh --remote-containerctl=absent ctl-here other
refused 'no containerctl there' 'there is no absent on other'
goes_on_here 'no containerctl there'
try containerctl migrate --ssh=./ssh ctl-here other
refused 'the name is taken there' 'other (has not taken|could not restart) the container'
like 'the name is taken there: its own words' "$ERR" 'cannot restart the container: '
like 'the name is taken there: it goes on' "$ERR" "container 'ctl-here' goes on here"
goes_on_here 'the name is taken there'
# shellcheck disable=SC2016 # the script's own variables
ssh_is 'head -c 50000 | "$@"'
try containerctl migrate --ssh=./ssh --name=ctl-there ctl-here other
refused 'the line breaks' 'other (has not taken|could not restart) the container'
goes_on_here 'the line breaks'
# shellcheck disable=SC2016 # the script's own variables
ssh_is '"$@" | head -n 1; exit 255'
try containerctl migrate --ssh=./ssh --name=ctl-there ctl-here other
refused 'the line breaks at the very end' 'look whether the container runs there'
end_containers ctl-there
goes_on_here 'the line breaks at the very end'

# shellcheck disable=SC2016 # the script's own variables
for victim in 'TERM $PPID' 'HUP $PPID' 'KILL $$'; do
	signal=${victim%% *}
	# It has been restarted there, and the word about it gets lost.
	ssh_is '"$@" | {
	read -r line
	echo "$line"
	read -r line
	exec >&-
	kill -'"$victim"'
	while kill -0 $$ && kill -0 $PPID; do sleep 0.1; done 2>/dev/null
}'
	try containerctl migrate --ssh=./ssh --name=ctl-there ctl-here other
	refused "the end, SIG$signal" 'look whether the container runs there'
	like "the end, SIG$signal: and here" "$ERR" "container 'ctl-here' goes on here"
	end_containers ctl-there
	goes_on_here "the end, SIG$signal"
done

# shellcheck disable=SC2016 # the script's own variables
ssh_is 'exec "$@"'
before=$(counted)
try containerctl migrate --progress --ssh='./ssh -x -y' --name=ctl-there ctl-here root@other
like 'migrate succeeds' "$STATUS$OUT$ERR" '^0.*ctl-here: on root@other now, [0-9.]+ [KM]iB$'
is 'migrate: what ssh gets' "$(<args)" \
	'-x -y root@other containerctl restart --detach --report --name=ctl-there -'
is 'migrate: it has ended here' "$(ls -d /proc/container/*ctl-here 2>/dev/null)" ''
status=0
goes_on || status=1
result $status 'migrate: it goes on there'
is 'migrate: from where it was' "$([ "$(counted)" -ge "$before" ]; echo $?)" 0
try containerctl migrate --compress --ssh=./ssh --name=ctl-here ctl-there other
is 'migrate --compress, and back' "$STATUS$OUT$ERR" 0
status=0
goes_on || status=1
result $status 'migrate --compress: it goes on'
is 'migrate --compress: only there' "$(containerctl list | sed -n 's/^\(ctl-[a-z]*\) .*/\1/p')" ctl-here

containerctl run -d --no-init ctl-leak -- sleep 1000 </dev/null 2>&1 >/dev/null | cat &
eventually containerctl status ctl-leak >/dev/null
ssh_is 'echo >called; exit 1'
try containerctl migrate --ssh=./ssh ctl-leak other
refused 'something cannot be saved' "container 'ctl-leak' has what cannot be saved"
is 'something cannot be saved: nobody has been called' "$(ls called 2>/dev/null)" ''
end_containers ctl-leak
wait
try containerctl migrate ctl-here
refused 'no host' 'to which host'
try containerctl migrate ctl-here -- -oProxyCommand=x
refused 'an option is no host' 'is no host'
try containerctl migrate ctl-none other
refused 'no container' "no container 'ctl-none'"
