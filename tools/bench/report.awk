# SPDX-License-Identifier: GPL-2.0
#
# From results, lines of case, column and instructions with tabs between, to
# the tables (form=plain, form=markdown) or a JSON array (form=json).

BEGIN {
	FS = "\t"
	n_columns = split("unloaded idle host contained pidns", columns, " ")
	bar("idle", "*", "1.004")
	bar("host", "getpid", "1.06")
	bar("host", "fork+exit+wait", "1.005")
	bar("contained", "getpid", "1.00")
	bar("contained", "fork+exit+wait", "1.02")
	bar("contained", "vfork+exit+wait", "1.045")
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
	if (column == "unloaded")
		return number
	return sprintf("%s (%.3f)", number, ratio(name, column))
}

function row(name, cells,    i, line) {
	if (form == "markdown") {
		line = "| " name " |"
		for (i = 1; i <= n_columns; i++)
			line = line " " cells[i] " |"
	} else {
		line = sprintf("%-34s", name)
		for (i = 1; i <= n_columns; i++)
			line = line sprintf("%19s", cells[i])
	}
	print line
}

function table(    c, i, cells) {
	for (i = 1; i <= n_columns; i++)
		cells[i] = columns[i]
	row(form == "markdown" ? "instructions (ratio)" : "", cells)
	if (form == "markdown")
		print "|---|--:|--:|--:|--:|--:|"
	for (c = 1; c <= n_cases; c++) {
		for (i = 1; i <= n_columns; i++)
			cells[i] = cell(cases[c], columns[i])
		row(cases[c], cells)
	}
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

function bars(    b, c, name, column, worst) {
	print ""
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

function json(    c, i, separator) {
	print "["
	for (c = 1; c <= n_cases; c++)
		for (i = 1; i <= n_columns; i++) {
			if (!((cases[c], columns[i]) in value))
				continue
			printf "%s\t{\"case\": \"%s\", \"column\": \"%s\", \"instructions\": %s, \"ratio\": %.4f}",
				separator, cases[c], columns[i], value[cases[c], columns[i]],
				ratio(cases[c], columns[i])
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
		table()
		bars()
	}
}
