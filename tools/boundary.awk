# SPDX-License-Identifier: GPL-2.0
#
# Prints the functions of C sources in which a pid is looked up, translated, or
# read raw: FILE FUNCTION HELPER, a line for each use.  Part of
# tools/check-boundary, which says what counts.
#
# This is no parser.  A function is what begins at the left margin, with a
# parenthesis and without a semicolon, and ends with a brace there; it is enough
# for the kernel's own style.

BEGIN {
	split("__task_pid_nr_ns pid_nr_ns pid_vnr pid_nr find_pid_ns find_vpid " \
	      "find_get_pid find_ge_pid find_task_by_pid_ns find_task_by_vpid " \
	      "find_get_task_by_vpid task_active_pid_ns ns_of_pid " \
	      "task_pid_nr task_pid_vnr task_pid_nr_ns " \
	      "task_tgid_nr task_tgid_vnr task_tgid_nr_ns " \
	      "task_ppid_nr task_ppid_nr_ns " \
	      "task_pgrp_nr task_pgrp_vnr task_pgrp_nr_ns " \
	      "task_session_vnr task_session_nr_ns " \
	      "proc_pid_ns init_pid_ns task_is_in_init_pid_ns " \
	      "is_child_reaper is_global_init", names, " ")
	for (i in names)
		helper[names[i]] = 1
}

FNR == 1 {
	file = FILENAME
	sub("^\\./", "", file)
	# Where tasks have few names, a member of theirs is recognised.
	core = file ~ /^(block|fs|init|io_uring|ipc|kernel|mm|net\/core|security|virt|drivers\/(android|connector))\//
	func_name = ""
	comment = define = 0
}

# The name before the first parenthesis, or the first argument of a macro that
# makes a function.
function name_of(line,	before, name) {
	gsub(/__(printf|attribute__|releases|acquires|must_hold|bpf_kfunc)[ ]*\([^)]*\)+/, "", line)
	before = line
	sub(/[ \t]*\(.*/, "", before)
	name = before
	sub(/^.*[^A-Za-z0-9_]/, "", name)
	if (name ~ /^(COMPAT_)?SYSCALL(32)?_DEFINE[0-6]$|^BPF_CALL_[0-5]$|^(TRACE_EVENT|DEFINE_EVENT|DECLARE_EVENT_CLASS)/) {
		sub(/^[^(]*\([ \t]*/, "", line)
		sub(/[^A-Za-z0-9_].*/, "", line)
		if (line != "")
			name = name ":" line
	}
	return name
}

function strip(line,	at) {
	if (comment) {
		at = index(line, "*/")
		if (!at)
			return ""
		line = substr(line, at + 2)
		comment = 0
	}
	gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
	gsub(/\/\*([^*]|\*[^\/])*\*\//, " ", line)
	sub(/\/\/.*/, "", line)
	at = index(line, "/*")
	if (at) {
		line = substr(line, 1, at - 1)
		comment = 1
	}
	return line
}

function found(what) {
	if (func_name != "")
		print file, func_name, what
}

{
	line = strip($0)
	if (line ~ /^#[ \t]*define[ \t]/) {
		if (func_name == "") {
			func_name = line
			sub(/^#[ \t]*define[ \t]+/, "", func_name)
			sub(/[^A-Za-z0-9_].*/, "", func_name)
			define = 1
		}
	} else if (line ~ /^[A-Za-z_]/ && line ~ /\(/ && line !~ /;[ \t]*$/ &&
		   line !~ /^(typedef|extern|struct [a-z_0-9]* = |if|for|while)[ (]/) {
		func_name = name_of(line)
		define = 0
	}

	if (line ~ /pid|tgid|task_pgrp|task_session|cursor|numbers|is_child_reaper|is_global_init/) {
		rest = line
		while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
			word = substr(rest, RSTART, RLENGTH)
			rest = substr(rest, RSTART + RLENGTH)
			if (word in helper && word != func_name)
				found(word)
			else if (core && word ~ /^idr_[gs]et_cursor$/)
				found(word)
			else if (core && word == "numbers" && rest ~ /^\[/)
				found(word)
			else if (match(rest, /^->(pid|tgid)[^A-Za-z0-9_]/) &&
				 (word == "current" ||
				  (core && word ~ /^(task|tsk|p|t|parent|real_parent|leader|group_leader|child|tracer)$/)))
				found(word substr(rest, 1, RLENGTH - 1))
		}
	}

	if (define && line !~ /\\$/)
		func_name = ""
	if (!define && line ~ /^}|^\)/)
		func_name = ""
}
