# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used by who sources this
#
# TAP for the shell tests of containerctl.  Sourced, never run.

# Longer than anything takes in an emulated machine.
PATIENCE=30

TESTS=0 FAILURES=0
TMP=$(mktemp -d)
# What stands before the names of containers that are made here: nothing, or in
# a container that one's own name and a slash.
HERE=$(sed -n '1{/ /!s|$|/|p}' /proc/container)

# result STATUS NAME: one line of TAP
result() {
	TESTS=$((TESTS + 1))
	if [ "$1" = 0 ]; then
		echo "ok $TESTS $2"
	else
		FAILURES=$((FAILURES + 1))
		echo "not ok $TESTS $2"
	fi
}

# is NAME GOT WANTED: the two strings are the same
is() {
	local status=0
	[ "$2" = "$3" ] || {
		status=1
		printf '# got:    %q\n# wanted: %q\n' "$2" "$3"
	}
	result $status "$1"
}

# like NAME GOT PATTERN: the string matches the extended regular expression
like() {
	local status=0
	[[ $2 =~ $3 ]] || {
		status=1
		printf '# got:     %q\n# pattern: %s\n' "$2" "$3"
	}
	result $status "$1"
}

# try COMMAND...: run it; its output is in $OUT, its messages in $ERR, its
# status in $STATUS
try() {
	STATUS=0
	timeout -k 5 "$PATIENCE" "$@" >"$TMP/out" 2>"$TMP/err" </dev/null || STATUS=$?
	OUT=$(<"$TMP/out")
	ERR=$(<"$TMP/err")
}

# eventually COMMAND...: until it succeeds; false if it does not
eventually() {
	local end=$((SECONDS + PATIENCE))
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# no_container NAME: it has ended; its directory may be there a moment longer
no_container() { ! cat "/proc/container/$HERE$1/status" >/dev/null 2>&1; }

# status_of NAME KEY: one value of its status
status_of() { sed -n "s/^$2:\t//p" "/proc/container/$HERE$1/status"; }

# unprivileged COMMAND...: try it as a user without any capability
unprivileged() {
	try setpriv --reuid=65534 --clear-groups --bounding-set=-all --inh-caps=-all -- "$@"
}

# refused NAME PATTERN: what was tried failed with status 125 and that message
refused() {
	is "$1: 125" "$STATUS" 125
	like "$1: message" "$ERR" "$2"
}

# end_containers NAME...: whatever a failed test has left of them
end_containers() {
	local name
	for name in "$@"; do
		no_container "$name" || containerctl kill "$name" KILL
		eventually no_container "$name"
	done
}

# finish NAME...: ends these containers, prints the plan, exits
finish() {
	end_containers "$@" || echo "# a container is left"
	rm -rf "$TMP"
	echo "1..$TESTS"
	[ $FAILURES = 0 ] || exit 1
	exit 0
}
