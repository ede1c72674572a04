# SPDX-License-Identifier: GPL-2.0
#
# The tables of tools/bench/resource-guest; used with report.awk.

function resource_is_there() {
	return ("vfork+exit+wait, depth 1", "alone") in value
}

function resource_cell(name, column,    is, number, reference) {
	if (!((name, column) in value))
		return "-"
	is = value[name, column]
	number = sprintf(is < 10000 ? "%.1f" : "%.0f", is)
	reference = name ~ /^v?fork/ ? "alone" : "cgroup2"
	if (column == reference)
		return number
	# That is the same at any depth.
	if (reference == "alone")
		sub(/depth .*/, "depth 1", name)
	return sprintf("%s (%.3f)", number, is / value[name, reference])
}

function resource_tables(    shown, cells, c, i, n, line) {
	if (!resource_is_there())
		return
	n = split("alone none one three cgroup2", shown, " ")
	for (i = 1; i <= n; i++)
		cells[i] = shown[i]
	row(form == "markdown" ? "instructions (ratio)" : "", cells, n)
	if (form == "markdown") {
		line = "|---|"
		for (i = 1; i <= n; i++)
			line = line "--:|"
		print line
	}
	for (c = 1; c <= n_cases; c++) {
		if (!((cases[c], "cgroup2") in value))
			continue
		for (i = 1; i <= n; i++)
			cells[i] = resource_cell(cases[c], shown[i])
		row(cases[c], cells, n)
	}
	print ""
}

function resource_verdict(name, column, reference, most) {
	if (((name, column) in value) && ((name, reference) in value))
		verdict(column " by " reference ": " name, most,
			value[name, column] / value[name, reference])
}

function resource_bars(    c, name) {
	if (!resource_is_there())
		return
	if (form == "markdown") {
		print "| ratio | at most | is | |"
		print "|---|--:|--:|---|"
	} else {
		printf "%-48s %8s %8s\n", "ratio", "at most", "is"
	}
	for (c = 1; c <= n_cases; c++) {
		name = cases[c]
		# As elsewhere: two measurements of the same differ by so much.
		if (name ~ /depth 1$/)
			resource_verdict(name, "none", "alone", "1.004")
		if (name ~ /depth/)
			resource_verdict(name, "three", "cgroup2", "1.000")
		else
			resource_verdict(name, "one", "cgroup2", "1.000")
	}
}
