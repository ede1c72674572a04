#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of tools/check-boundary, on the host: with one file of a kernel's
# source, its part of the list, and a table of its own.  Prints TAP.

set -u
cd "$(dirname "$0")/.." || exit
# shellcheck source=selftests/lib/check.sh
. selftests/lib/check.sh

FILE=kernel/signal.c
KERNEL=$(tools/vm/kernel source 6.1) || exit
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# begin: everything as it should be
begin() {
	rm -rf "$TMP/tree"
	mkdir -p "$TMP/tree/kernel"
	cp "$KERNEL/$FILE" "$TMP/tree/kernel/"
	{
		echo '# What is in front stays.'
		awk -v file="$FILE" '$2 == file && $1 ~ /6\.1(,|$)/ { $1 = "6.1"; print }' \
			Documentation/boundary.sites
	} >"$TMP/sites"
	cp Documentation/boundary.md "$TMP/table"
}

run() {
	tools/check-boundary --sites "$TMP/sites" --table "$TMP/table" \
		--source "6.1=$TMP/tree" "$@" 2>&1
}

# complains TEXT: the check fails, and this is all that it says
complains() {
	local said
	if said=$(run); then
		echo 'nothing is wrong'
		return 1
	fi
	same "$said" "$1"
}

# insert AFTER LINE: puts a line behind the first that matches
insert() { sed -i "0,/$1/s//&\n$2/" "$TMP/tree/$FILE"; }

all_known() { begin && run; }

a_line_added() {
	begin
	insert '^static int kill_something_info(.*' '{ pr_info("%d", task_pid_nr(current));'
	complains "$FILE:kill_something_info: uses task_pid_nr in 6.1, which the list does not know"
}

a_raw_number() {
	begin
	printf '\nint a_new_one(void)\n{\n\treturn current->tgid;\n}\n' >>"$TMP/tree/$FILE"
	complains "$FILE:a_new_one: uses current->tgid in 6.1, which the list does not know"
}

a_file_added() {
	begin
	mkdir -p "$TMP/tree/drivers/new"
	printf '#define WHO() \\\n\tpid_vnr(x)\n' >"$TMP/tree/drivers/new/a.c"
	complains "drivers/new/a.c:WHO: uses pid_vnr in 6.1, which the list does not know"
}

no_site() {
	begin
	cat >>"$TMP/tree/$FILE" <<-'END'
		/* find_vpid() would
		   be wrong: task_pid_nr() */
		extern struct pid *find_vpid(int nr);
		int other(void)
		{
			printk("find_vpid");	// pid_nr()
			return my_pid_vnr(pid_nr_max);
		}
	END
	run
}

a_site_that_is_gone() {
	begin
	sed -i 's/task_tgid_vnr(p) == tgid/0/' "$TMP/tree/$FILE"
	complains "$FILE:do_send_specific: no longer uses task_tgid_vnr in 6.1, but is listed"
}

a_row_that_is_not() {
	begin
	sed -i 's/^\(.* do_send_specific .*\) I02$/\1 Z99/' "$TMP/sites"
	complains "$FILE:do_send_specific: there is no row 'Z99'"
}

a_test_that_is_not() {
	begin
	# shellcheck disable=SC2016 # the backquotes are Markdown's
	sed -i 's/`pid\/signal.c` to_a_thread/&_or_two/' "$TMP/table"
	complains "selftests/pid/signal.c: there is no test 'to_a_thread_or_two'"
}

a_row_without_a_test() {
	begin
	sed -i '/^| I02 |/s/[^|]*|$/ — |/' "$TMP/table"
	complains 'row I02 names no test'
}

a_row_twice() {
	begin
	sed -i '/^| I02 |/p' "$TMP/table"
	complains 'I02: two rows have this id'
}

written_anew() {
	begin
	insert '^static int kill_something_info(.*' '{ pr_info("%d", task_pid_nr(current));'
	sed -i 's/task_tgid_vnr(p) == tgid/0/' "$TMP/tree/$FILE"
	run --update >/dev/null
	run || return
	grep -q '^# What is in front stays' "$TMP/sites" &&
		grep -q " kill_something_info .*task_pid_nr.* I01\$" "$TMP/sites" &&
		! grep -q ' do_send_specific .*task_tgid_vnr' "$TMP/sites"
}

new_ones_need_a_row() {
	begin
	printf '\nint a_new_one(void)\n{\n\treturn current->tgid;\n}\n' >>"$TMP/tree/$FILE"
	same "$(run --update)" "$FILE:a_new_one: there is no row '?'" &&
		grep -q '^6.1 kernel/signal.c a_new_one current->tgid ?$' "$TMP/sites"
}

echo 'TAP version 13'
check 'nothing to say about a list that fits' all_known
check 'a line added to a known function' a_line_added
check 'a number that is read raw' a_raw_number
check 'a file added, a macro' a_file_added
check 'comments, strings and declarations do not count' no_site
check 'a site that is gone' a_site_that_is_gone
check 'a row that is not there' a_row_that_is_not
check 'a test that is not there' a_test_that_is_not
check 'a row without a test' a_row_without_a_test
check 'a row twice' a_row_twice
check 'the list written anew' written_anew
check 'new sites need a row' new_ones_need_a_row
checked
