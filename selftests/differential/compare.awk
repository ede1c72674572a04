# SPDX-License-Identifier: GPL-2.0
#
# Compares what programs said in the modes host, pidns and contained, test by
# test.  Input: selftests/differential/accepted, and files of lines
#
#	PROGRAM:MODE: a line of TAP, or of anything else
#	PROGRAM:MODE: == exit STATUS
#
# Variables: series, of the kernel (6.1); kind: "linux" for the kernel's own
# selftests, "own" for ours; full=1: all programs of the kind were run; table: a
# file to append the rows of the disagreements to; oracle=0: only mode contained
# was run, to be looked at by the kernel's checkers, and has only to come to an end;
# strict=1: what is not accepted and differs on the host only is wrong, too.
#
# What is told of a test is "ok", "fail", "skip", or "-": nothing.  A difference
# between pidns and contained that is not accepted fails, and so does an accepted
# one that is not there.  Tests are told apart by their names with the kernel's
# harness, else by their numbers.

BEGIN {
	split("host pidns contained", modes, " ")
	if (oracle == "")
		oracle = 1
	harness = "^# +RUN  +"
}

function trim(s)
{
	gsub(/^[ \t]+|[ \t]+$/, "", s)
	return s
}

# What may differ from run to run: pids, addresses, durations.
function normal(text)
{
	sub(/ *# (SKIP|XFAIL|error).*/, "", text)
	gsub(/0x[0-9a-fA-F]+/, "#", text)
	gsub(/[0-9]+(\.[0-9]+)?/, "#", text)
	gsub(/\|/, "/", text)
	gsub(/[ \t]+/, " ", text)
	sub(/^[# -]*/, "", text)
	return trim(text)
}

# A pattern in which only * is special, as a regular expression.
function regex(pattern,	i, c, out)
{
	for (i = 1; i <= length(pattern); i++) {
		c = substr(pattern, i, 1)
		if (c == "*")
			out = out ".*"
		else if (c ~ /[A-Za-z0-9_ ]/)
			out = out c
		else if (c == "^" || c == "\\")
			out = out "."
		else
			out = out "[" c "]"
	}
	return "^" out "$"
}

function accept(line,	field, n)
{
	n = split(line, field, "|")
	if (n != 5) {
		print "differential accepted: not ok - five fields are wanted: " line
		bad = 1
		return
	}
	if ((trim(field[2]) ~ /^linux\//) != (kind == "linux"))
		return
	if ((" " trim(field[1]) " ") !~ (" " regex_series " "))
		return
	nr_accepted++
	acc_program[nr_accepted] = trim(field[2])
	acc_test[nr_accepted] = trim(field[3])
	acc_regex[nr_accepted] = regex(acc_test[nr_accepted])
	acc_results[nr_accepted] = trim(field[4])
	acc_reason[nr_accepted] = trim(field[5])
}

# told PROGRAM MODE KEY SHOWN RESULT: what is said of a test
function told(program, mode, key, shown, result)
{
	while ((program, mode, key) in results)
		key = key "'"
	if (!((program, key) in keys)) {
		keys[program, key] = ++nr_keys[program]
		key_of[program, nr_keys[program]] = key
	}
	# The place is the same, but the words may tell of a failure.
	if (!((program, key) in name) || mode == "pidns")
		name[program, key] = shown
	results[program, mode, key] = result
}

function tap(program, mode, line,	result, place, test)
{
	result = line ~ /^not ok/ ? "fail" : line ~ /# (SKIP|XFAIL)/ ? "skip" : "ok"
	test = pending[program, mode]
	if (test != "") {
		pending[program, mode] = ""
		told(program, mode, test, test, result)
		return
	}
	sub(/^(not )?ok */, "", line)
	place = match(line, /^[0-9]+/) ? substr(line, 1, RLENGTH) : \
		"after " last[program, mode] + 0
	if (place ~ /^[0-9]/)
		last[program, mode] = place
	sub(/^[0-9]+/, "", line)
	# What a program has not written out when it forks is written twice.
	if (said_before[program, mode, place] == result line)
		return
	said_before[program, mode, place] = result line
	told(program, mode, "place " place, place " " normal(line), result)
}

function exited(program, mode, status)
{
	exits[program, mode] = status == 0 ? "ok" : status == 4 ? "skip" : \
		status == 124 || status == 137 ? "hung" : "status " status
}

FILENAME ~ /accepted$/ {
	if (FNR == 1) {
		regex_series = series
		gsub(/\./, "[.]", regex_series)
	}
	if ($0 !~ /^#/ && $0 !~ /^[ \t]*$/)
		accept($0)
	next
}

match($0, /^[^ :]+:(host|pidns|contained): /) {
	split(substr($0, 1, RLENGTH - 2), who, ":")
	line = substr($0, RLENGTH + 1)
	program = who[1]
	mode = who[2]
	if (!(program in seen)) {
		seen[program] = 1
		order[++nr_programs] = program
	}
	ran[program, mode] = 1
	if (line ~ harness) {
		sub(harness, "", line)
		sub(/ \.\.\.$/, "", line)
		pending[program, mode] = line
	} else if (line ~ /^(not )?ok( |$)/) {
		tap(program, mode, line)
	} else if (line ~ /^== exit [0-9]+$/) {
		exited(program, mode, substr(line, 9))
	}
}

function row(program, test, h, p, c, reason)
{
	if (table != "")
		printf "| %s | %s | %s | %s | %s | %s |\n", program, test, h, p, c, \
			reason >>table
}

# accepted_as PROGRAM TEST RESULTS: the number of the line that accepts it, or 0
function accepted_as(program, test, three,	i)
{
	for (i = 1; i <= nr_accepted; i++) {
		if (acc_program[i] == program && acc_results[i] == three &&
		    test ~ acc_regex[i])
			return i
	}
	return 0
}

# judge PROGRAM TEST HOST PIDNS CONTAINED: one result; counts
function judge(program, test, h, p, c,	i)
{
	if (h == p && p == c) {
		agree++
		alike += p != "ok" && p != "skip"
		return
	}
	# Our own programs have tests that are for the host only.
	if (p == "-" && c == "-")
		return
	differ++
	agree += p == c
	i = accepted_as(program, test, h "/" p "/" c)
	if (i) {
		explained += p != c
		used[i] = 1
		row(program, test, h, p, c, acc_reason[i])
		return
	}
	if (p == c) {
		row(program, test, h, p, c, "as in a pid namespace")
		if (strict)
			wrong(program, "not so on the host: " test ": " h "/" p "/" c)
		return
	}
	row(program, test, h, p, c, "**unexplained**")
	wrong(program, "unexplained: " test ": " h "/" p "/" c)
}

function wrong(program, why)
{
	print "differential " program ": not ok - " why
	faults++
	bad = 1
}

function result(program, mode, key)
{
	return (program, mode, key) in results ? results[program, mode, key] : "-"
}

function check_end(program,	m)
{
	for (m = 1; m <= 3; m++) {
		if ((program, modes[m]) in exits && exits[program, modes[m]] == "hung")
			wrong(program, "did not end in time in mode " modes[m])
	}
}

# Without an oracle.
function only_ended(program)
{
	faults = 0
	check_end(program)
	if (!faults)
		print "differential " program ": ok - ended"
}

# Its exit status tells something only where its tests do not.
function judge_exit(program,	h, p, c)
{
	check_end(program)
	h = exits[program, "host"]
	p = exits[program, "pidns"]
	c = exits[program, "contained"]
	if (!faults && !differ && p != "" && (!nr_keys[program] || h != p || p != c))
		judge(program, "exit status", h, p, c)
}

function compare(program,	i, key, said)
{
	agree = alike = explained = differ = faults = 0
	for (i = 1; i <= nr_keys[program]; i++) {
		key = key_of[program, i]
		judge(program, name[program, key], result(program, "host", key),
			result(program, "pidns", key), result(program, "contained", key))
	}
	judge_exit(program)
	for (i = 1; i <= nr_accepted; i++) {
		if (acc_program[i] == program && !used[i])
			wrong(program, "accepted, but does not differ so: " \
				acc_test[i] ": " acc_results[i])
	}
	if (faults)
		return
	said = "agree: " agree
	if (explained)
		said = said ", explained: " explained
	if (alike)
		said = said ", fail in all modes: " alike
	print "differential " program ": ok - " said
}

END {
	for (n = 1; n <= nr_programs; n++) {
		program = order[n]
		if ((program, "pidns") in ran && (program, "contained") in ran)
			compare(program)
		else if (!oracle)
			only_ended(program)
	}
	for (n = 1; full && oracle && n <= nr_accepted; n++) {
		if (!(acc_program[n] in seen)) {
			print "differential " acc_program[n] \
				": not ok - accepted to differ, but not run"
			bad = 1
		}
	}
	exit bad
}
