# SPDX-License-Identifier: GPL-2.0
#
# The part of report.awk about checkpoints: cases are named "checkpoint MIB PAGES
# THREADS PROCESSES METRIC".

function is_checkpoint(name) {
	return name ~ /^checkpoint /
}

# Those for which there are results, in their order: SHAPES[1], ...
function checkpoint_shapes(    c, part, shape, there) {
	n_shapes = 0
	for (c = 1; c <= n_cases; c++) {
		if (!is_checkpoint(cases[c]))
			continue
		split(cases[c], part, " ")
		shape = part[2] " " part[3] " " part[4] " " part[5]
		if (!(shape in there)) {
			there[shape] = 1
			shapes[++n_shapes] = shape
		}
	}
	return n_shapes
}

function has(shape, metric, column) {
	return (("checkpoint " shape " " metric, column) in value)
}

function of(shape, metric, column) {
	return value["checkpoint " shape " " metric, column]
}

function grouped(number,    text, tail) {
	text = sprintf("%.0f", number)
	tail = ""
	while (length(text) > 3) {
		tail = "," substr(text, length(text) - 2) tail
		text = substr(text, 1, length(text) - 3)
	}
	return text tail
}

# With how many times as much that is as what we take.
function beside(shape, metric, column) {
	if (metric == "throughput" && has(shape, "stream", column))
		return sprintf("%.3f", of(shape, "stream bytes", column) / \
			       of(shape, "stream", column))
	if (!has(shape, metric, column))
		return "-"
	if (column == "snapshot" || !has(shape, metric, "snapshot"))
		return grouped(of(shape, metric, column))
	return sprintf("%s (%.2f)", grouped(of(shape, metric, column)),
		       of(shape, metric, column) / of(shape, metric, "snapshot"))
}

function shape_name(shape,    part) {
	split(shape, part, " ")
	return sprintf("%d MiB of %s, %d %s, %d %s", part[1], part[2],
		       part[3], part[3] == 1 ? "thread" : "threads",
		       part[4], part[4] == 1 ? "process" : "processes")
}

# LIST: "metric:column" and so on, with + for spaces.  HEADS: what they are called.
function checkpoint_table(list, heads, what,    i, n, s, item, cells, wanted, line, some) {
	n = split(heads, cells, ",")
	row(form == "markdown" ? what : "", cells, n)
	if (form == "markdown") {
		line = "|---|"
		for (i = 1; i <= n; i++)
			line = line "--:|"
		print line
	}
	split(list, wanted, " ")
	for (s = 1; s <= n_shapes; s++) {
		some = 0
		for (i = 1; i <= n; i++) {
			split(wanted[i], item, ":")
			gsub(/\+/, " ", item[1])
			cells[i] = beside(shapes[s], item[1], item[2])
			some += cells[i] != "-"
		}
		if (some)
			row(shape_name(shapes[s]), cells, n)
	}
	print ""
}

function checkpoint_tables() {
	if (!checkpoint_shapes())
		return
	width = 24
	checkpoint_table("pause:snapshot pause:fork pause:stop pause:criu",
			 "pause,of a fork,of stop-and-copy,of CRIU",
			 "instructions (of ours)")
	checkpoint_table("total:snapshot total:containerctl total:criu restart:snapshot restart:containerctl restart:criu",
			 "total,by containerctl,of CRIU,restart,by containerctl,of CRIU",
			 "instructions (of ours)")
	checkpoint_table("stream:snapshot stream:copy throughput:snapshot image+bytes:snapshot image+bytes:criu",
			 "reading,a plain copy,bytes an instruction,image,of CRIU",
			 "instructions or bytes (of ours)")
	checkpoint_table("first+write+to+a+page:snapshot first+write+to+a+page:fork",
			 "after a snapshot,after a fork",
			 "first write to a page, instructions (of ours)")
}

# WANTED is the least if AT_LEAST, else the most.
function checkpoint_verdict(what, wanted, at_least, is,    text, line) {
	text = sprintf("%s %s", at_least ? "at least" : "at most", wanted)
	is = sprintf("%.2f", is)
	line = (at_least ? is >= wanted + 0 : is <= wanted + 0) ? "met" : "MISSED"
	if (form == "markdown")
		printf "| %s | %s | %s | %s |\n", what, text, is, line
	else
		printf "%-72s %14s %8s  %s\n", what, text, is, line
}

# What it may be: 140 instructions a page and a million a process.
function pause_allowed(shape,    part) {
	split(shape, part, " ")
	return 140 * of(shape, "pages", "snapshot") + 1000000 * part[4]
}

# HOW: ours by COLUMN
function bars_of_total(name, shape, column, how) {
	if (!has(shape, "total", column))
		return
	checkpoint_verdict(name how ": total of CRIU by ours", 3, 1,
			   of(shape, "total", "criu") / of(shape, "total", column))
	checkpoint_verdict(name how ": restart by that of CRIU", 1, 0,
			   of(shape, "restart", column) / of(shape, "restart", "criu"))
}

# Of one program, beside stop-and-copy and beside CRIU.
function bars_of(shape, stopped,    name) {
	name = shape_name(shape)
	if (has(shape, "pause", "stop"))
		checkpoint_verdict(name ": pause of stop-and-copy by ours", stopped, 1,
				   of(shape, "pause", "stop") / of(shape, "pause", "snapshot"))
	if (has(shape, "pause", "criu")) {
		checkpoint_verdict(name ": pause of CRIU by ours", 50, 1,
				   of(shape, "pause", "criu") / of(shape, "pause", "snapshot"))
		bars_of_total(name, shape, "snapshot", "")
		bars_of_total(name, shape, "containerctl", ", containerctl")
	}
	if (has(shape, "stream", "copy"))
		checkpoint_verdict(name ": plain copy by reading the image", 0.8, 1,
				   of(shape, "stream", "copy") / of(shape, "stream", "snapshot"))
}

function checkpoint_bars(    s) {
	if (!n_shapes)
		return
	print ""
	if (form == "markdown") {
		print "| at 512 MiB | wanted | is | |"
		print "|---|--:|--:|---|"
	}
	if (has("512 4K 1 1", "pause", "snapshot"))
		bars_of("512 4K 1 1", 30)
	if (has("512 2M 1 1", "pause", "snapshot"))
		bars_of("512 2M 1 1", 200)
	for (s = 1; s <= n_shapes; s++)
		if (shapes[s] ~ /^512 4K / && has(shapes[s], "pages", "snapshot"))
			checkpoint_verdict(shape_name(shapes[s]) \
				": pause by 140 a page and a million a process", 1, 0,
				of(shapes[s], "pause", "snapshot") / pause_allowed(shapes[s]))
}
