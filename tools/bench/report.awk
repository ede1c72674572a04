# SPDX-License-Identifier: GPL-2.0
#
# From results, lines of case, column and instructions with tabs between, to
# the tables (form=plain, form=markdown) or a JSON array (form=json).  Used with
# report-checkpoint.awk.

BEGIN {
	FS = "\t"
	width = 19
	n_columns = split("unloaded idle host contained pidns pidns:4 contained:4 pidns:31 contained:32 " \
			  "snapshot stop criu copy fork " \
			  "alone none one three cgroup2", columns, " ")
	bar("idle", "*", "1.004")
	bar("host", "getpid", "1.06")
	bar("host", "fork+exit+wait", "1.005")
	bar("contained", "getpid", "1.00")
	bar("contained", "fork+exit+wait", "1.02")
	bar("contained", "vfork+exit+wait", "1.045")
	bar("contained", "page fault", "1.004")
	bar("contained", "/proc/self/stat", "1.05")
	# In a container a directory is as long as the container is large; the
	# table of its numbers is a tree, a little deeper after many forks.
	growth_most = "1.10"
	many = "readdir /proc"
	few = "readdir /proc, 200 on the host"
}

function bar(column, name, most) {
	n_bars++
	bar_column[n_bars] = column
	bar_case[n_bars] = name
	bar_most[n_bars] = most
}

/^# / { kernel = substr($0, 3); next }

NF != 3 || $3 !~ /^[0-9.]+$/ {
	printf "report.awk: line %d is no result: %s\n", NR, $0 >"/dev/stderr"
	bad = 1
	exit 1
}

{
	if (!($1 in seen)) {
		seen[$1] = 1
		cases[++n_cases] = $1
	}
	value[$1, $2] = $3
}

function ratio(name, column) {
	return value[name, column] / value[name, "unloaded"]
}

function cell(name, column, number) {
	if (!((name, column) in value))
		return "-"
	number = value[name, column]
	number = sprintf(number < 10000 ? "%.1f" : "%.0f", number)
	if (column == "unloaded" || !((name, "unloaded") in value))
		return number
	return sprintf("%s (%.3f)", number, ratio(name, column))
}

function row(name, cells, n,    i, line) {
	if (form == "markdown") {
		line = "| " name " |"
		for (i = 1; i <= n; i++)
			line = line " " cells[i] " |"
	} else {
		line = sprintf("%-42s", name)
		for (i = 1; i <= n; i++)
			line = line sprintf("%*s", width, cells[i])
	}
	print line
}

# Those cases whose most telling column is TELLING.
function table(list, telling, what,    c, i, n, cells, shown, line) {
	n = split(list, shown, " ")
	for (i = 1; i <= n; i++)
		cells[i] = shown[i]
	row(form == "markdown" ? what " (ratio)" : "", cells, n)
	if (form == "markdown") {
		line = "|---|"
		for (i = 1; i <= n; i++)
			line = line "--:|"
		print line
	}
	for (c = 1; c <= n_cases; c++) {
		if (!((cases[c], telling) in value) ||
		    (telling == "contained" && (cases[c], "idle") in value))
			continue
		for (i = 1; i <= n; i++)
			cells[i] = cell(cases[c], shown[i])
		row(cases[c], cells, n)
	}
	print ""
}

function tables() {
	if (("getpid", "unloaded") in value)
		call_tables()
	checkpoint_tables()
	resource_tables()
}

function call_tables() {
	table("unloaded idle host contained pidns", "idle", "instructions")
	table("unloaded contained pidns:4 contained:4 pidns:31 contained:32",
	      "contained:4", "instructions")
	table("unloaded contained pidns", "contained", "instructions or bytes")
}

function verdict(what, most, is,    line) {
	# As it is printed, so that what reads 1.004 is not a miss of 1.004.
	is = sprintf("%.3f", is)
	line = is <= most + 0 ? "met" : "MISSED"
	if (form == "markdown")
		printf "| %s | %s | %s | %s |\n", what, most, is, line
	else
		printf "%-48s %8s %8s  %s\n", what, most, is, line
}

function bars() {
	if (("getpid", "unloaded") in value)
		call_bars()
	checkpoint_bars()
	resource_bars()
}

function call_bars(    b, c, name, column, worst) {
	if (form == "markdown") {
		print "| ratio to `unloaded` | at most | is | |"
		print "|---|--:|--:|---|"
	} else {
		printf "%-48s %8s %8s\n", "ratio to unloaded", "at most", "is"
	}
	for (b = 1; b <= n_bars; b++) {
		column = bar_column[b]
		name = bar_case[b]
		if (name == "*") {
			worst = ""
			for (c = 1; c <= n_cases; c++)
				if (((cases[c], column) in value) && ratio(cases[c], column) > worst) {
					worst = ratio(cases[c], column)
					name = cases[c]
				}
			if (worst != "")
				verdict(column ", the worst case: " name, bar_most[b], worst)
		} else if ((name, column) in value) {
			verdict(column " " name, bar_most[b], ratio(name, column))
		}
	}
	if ((many, "contained") in value)
		verdict("contained readdir /proc, 2000 to 200 on the host", growth_most,
			value[many, "contained"] / value[few, "contained"])
}

function json(    c, i, separator, unit, r) {
	print "["
	for (c = 1; c <= n_cases; c++)
		for (i = 1; i <= n_columns; i++) {
			if (!((cases[c], columns[i]) in value))
				continue
			unit = cases[c] ~ /^bytes | bytes$/ ? "bytes" : \
			       cases[c] ~ / pages$/ ? "pages" : "instructions"
			r = (cases[c], "unloaded") in value ? \
				sprintf("%.4f", ratio(cases[c], columns[i])) : "null"
			printf "%s\t{\"case\": \"%s\", \"column\": \"%s\", \"%s\": %s, \"ratio\": %s}",
				separator, cases[c], columns[i], unit, value[cases[c], columns[i]], r
			separator = ",\n"
		}
	print "\n]"
}

END {
	if (bad)
		exit 1
	if (form == "json") {
		json()
	} else {
		print "Linux " kernel "\n"
		tables()
		bars()
	}
}
