#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host contained
#
# /proc/container as people reach it, with the programs that they use.

set -u
# shellcheck source=selftests/lib/check.sh
. "$(dirname "$0")/../lib/check.sh"
OUT=$(mktemp -d)
NAME=
HOLD=	# the descriptor whose end is the container's

# A container to look at: our own, or a new one that lives as long as we do.
make_container() {
	if [ "${CT_MODE:-host}" = contained ]; then
		NAME=$(cat /proc/container)
		return
	fi
	NAME=shell-$$
	coproc HOLDER {
		echo "$NAME" >/proc/container && echo in && read -r _
	}
	local word
	HOLD=${HOLDER[1]}
	read -r word <&"${HOLDER[0]}" && [ "$word" = in ]
}

finish() {
	[ -z "$HOLD" ] || eval "exec $HOLD>&-"
	wait
	rm -rf "$OUT"
}

cat_shows_where_we_are() {
	if [ "${CT_MODE:-host}" = contained ]; then
		same "$(cat /proc/container)" "$NAME"
	else
		contains "$(cat /proc/container)" "$NAME "
	fi
}

a_file() {
	same "$(ls /proc/container)" /proc/container &&
		same "$(stat -c %F /proc/container)" 'regular empty file' &&
		[ -f /proc/container ] && [ -r /proc/container ]
}

a_directory() {
	contains "$(ls /proc/container/)" "$NAME" &&
		same "$(stat -c %F /proc/container/)" directory &&
		[ -d /proc/container/ ] && [ -d "/proc/container/$NAME" ] &&
		same "$(ls "/proc/container/$NAME")" $'check\ncheckpoint\nkill\nproc\nstatus\ntasks'
}

listed_in_proc() {
	same "$(find /proc -maxdepth 1 -name container -type f | wc -l)" 1
}

walked_by_cd() {
	(cd /proc/container && same "$PWD" /proc/container &&
		same "$(/bin/pwd)" /proc/container && [ -d "$NAME" ] &&
		cd "$NAME" && contains "$(cat status)" "name:	$NAME" &&
		cd .. && cd .. && same "$PWD" /proc)
}

walked_by_find() {
	local found
	found=$(find /proc/container/ -xdev -name tasks -path "*/$NAME/*")
	same "$found" "/proc/container/$NAME/tasks" &&
		same "$(find "/proc/container/$NAME" -xdev -type f | wc -l)" 5
}

globs() {
	local files=(/proc/container/*/status) file
	for file in "${files[@]}"; do
		[ "$file" != "/proc/container/$NAME/status" ] || return 0
	done
	echo "${files[*]}"
	return 1
}

completion() {
	contains "$(compgen -f /proc/contai)" /proc/container &&
		contains "$(compgen -f /proc/container/)" "/proc/container/$NAME" &&
		contains "$(compgen -d /proc/container/)" "/proc/container/$NAME" &&
		contains "$(compgen -f "/proc/container/$NAME/t")" tasks
}

copied_away() {
	tar -C /proc/container -cf "$OUT/tar" "$NAME/status" &&
		same "$(tar -tf "$OUT/tar")" "$NAME/status" &&
		cp "/proc/container/$NAME/status" "$OUT/status" &&
		grep -q "^name:	$NAME\$" "$OUT/status" &&
		grep -r -l --exclude-dir=proc "^init:" "/proc/container/$NAME" | grep -q status
}

refused() {
	local said
	said=$(bash -c 'echo a/b >/proc/container' 2>&1) && return 1
	contains "$said" 'Invalid argument' || return
	[ "${CT_MODE:-host}" = contained ] || return 0
	said=$(bash -c 'echo tasks >/proc/container' 2>&1) && return 1
	contains "$said" 'Invalid argument'
}

# A script may ask why.
the_reason() {
	local why
	exec 3<>/proc/container
	echo a/b >&3 2>/dev/null && return 1
	read -r why <&3
	exec 3>&-
	contains "$why" "'a/b' cannot be a name"
}

a_shell_enters() {
	[ "${CT_MODE:-host}" = host ] || return 0
	# shellcheck disable=SC2016 # for that shell
	same "$(bash -c 'echo "$0" >/proc/container && echo $BASHPID $(sh -c "echo \$PPID")' "shell-$$-e")" '1 1' &&
		same "$(dash -c 'echo "$0" >/proc/container; cat /proc/container' "shell-$$-d")" "shell-$$-d" &&
		same "$(bash -c 'echo "$0" >>/proc/container; exec sh -c "echo \$\$"' "shell-$$-x")" 1
}

trap finish EXIT
echo 'TAP version 13'
if [ "${CT_MODE:-host}" = host ] && ! grep -q '^container ' /proc/modules; then
	echo '1..0 # SKIP the module is not loaded'
	exit 4
fi
make_container || {
	echo '1..1'
	echo 'not ok 1 make a container'
	exit 1
}
check 'cat shows where we are' cat_shows_where_we_are
check 'a file without a slash' a_file
check 'a directory with one' a_directory
check 'listed once in /proc' listed_in_proc
check 'cd' walked_by_cd
check 'find' walked_by_find
check 'patterns of file names' globs
check 'completion' completion
check 'tar, cp and grep' copied_away
check 'a write that is refused' refused
check 'and the reason' the_reason
check 'a shell enters' a_shell_enters
checked
