# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# TAP for shell tests whose tests are functions.  Sourced, never run.

COUNT=0
FAILED=0

# check NAME COMMAND...: one test; what it prints is shown if it fails
check() {
	local name=$1 result
	shift
	COUNT=$((COUNT + 1))
	if result=$("$@" 2>&1); then
		echo "ok $COUNT $name"
	else
		[ -z "$result" ] || echo "# ${result//$'\n'/$'\n# '}"
		echo "not ok $COUNT $name"
		FAILED=1
	fi
}

# same GOT WANTED: two strings
same() {
	[ "$1" = "$2" ] || {
		echo "'$1' is not '$2'"
		return 1
	}
}

# contains STRING PART
contains() {
	[[ $1 == *"$2"* ]] || {
		echo "no '$2' in '$1'"
		return 1
	}
}

# checked: the plan, and the end
checked() {
	echo "1..$COUNT"
	exit $FAILED
}
