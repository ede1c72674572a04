# SPDX-License-Identifier: GPL-2.0
#
# What tools/image-format has of the headers include/uapi/container/image*.h: a
# section for each, with its record types, structures and constants. First comes
# what "containerctl show --format" says, with which the offsets are compared.

function fail(what) {
	print FILENAME ": " what >"/dev/stderr"
	failed = 1
	exit 1
}

# Text of a comment, as a cell of a table.
function cell(text) {
	gsub(/&struct/, "struct", text)
	gsub(/\|/, "\\|", text)
	gsub(/^ +| +$/, "", text)
	return text
}

function flush_types(   i) {
	if (!nr_types)
		return
	print "\n| type | constant | fixed part | what follows | |"
	print "|---|---|---|---|---|"
	for (i = 1; i <= nr_types; i++)
		print types[i]
	nr_types = 0
}

function flush_constants(   i) {
	if (!nr_constants)
		return
	print "\n| constant | value | |"
	print "|---|---|---|"
	for (i = 1; i <= nr_constants; i++)
		print constants[i]
	nr_constants = 0
}

# "record", "field" and "element" lines, in front of the headers
FILENAME == FORMAT {
	if ($1 == "record") {
		type = $2
		fixed[type] = $3
		element[type] = $4
	} else if ($1 == "field") {
		offset_of[type, $5] = $2 " " $3
	}
	next
}

FNR == 1 {
	flush_types()
	flush_constants()
	file = FILENAME
	sub(/.*\//, "", file)
	comment = ""
	intro = 1
	print "\n### " file
}

# A comment: its lines in one, kernel-doc kept apart.
!in_comment && !in_struct && /^\/\*/ {
	in_comment = 1
	is_doc = /^\/\*\*$/
	comment = ""
	field = ""
	split("", about)
	rest = ""
}

in_comment {
	line = $0
	last = line ~ /\*\/$/
	sub(/ ?\*\/$/, "", line)
	sub(/^ ?\/?\*+ ?/, "", line)
	# More than one blank: a table, or a continued line.
	gsub(/^[ \t]+|[ \t]+$/, "", line)
	if (is_doc && match(line, /^@[a-z_0-9]+:/)) {
		field = substr(line, 2, RLENGTH - 2)
		about[field] = substr(line, RLENGTH + 2)
	} else if (is_doc && line ~ /^struct [a-z_0-9]+ - /) {
		title = line
		sub(/^struct [a-z_0-9]+ - /, "", title)
		field = "-"
	} else if (is_doc && field != "" && field != "-" && line != "") {
		about[field] = about[field] " " line
	} else if (is_doc && line == "") {
		field = ""
	} else if (is_doc && field == "-") {
		title = title " " line
	} else if (is_doc) {
		rest = rest (rest == "" ? "" : " ") line
	} else if (line == "") {
		if (comment != "" && !last)
			comment = comment "\n\n"
	} else {
		comment = comment (comment ~ /(^|\n)$/ ? "" : " ") line
	}
	if (last) {
		in_comment = 0
		if (comment ~ /^SPDX/)
			comment = ""
	}
	next
}

# What stands before this is about the whole header.
/^#ifndef _UAPI/ {
	# The frame of the records is explained by hand.
	if (file != "image.h")
		print "\n" comment
	comment = ""
	next
}

/^#define CONTAINER_IMAGE_TYPE\(/ {
	skip = 1
	comment = ""
	next
}

/^#define [A-Z_0-9]+[ \t]+CONTAINER_IMAGE_TYPE/ {
	letters = $0
	sub(/.*TYPE\(/, "", letters)
	gsub(/[', )]/, "", letters)
	if (!(letters in fixed))
		fail("nobody knows " letters)
	seen[letters] = 1
	letters_of[$2] = letters
	size = fixed[letters] ? fixed[letters] " bytes" : "-"
	behind = "-"
	if (element[letters] == 1)
		behind = "bytes"
	else if (element[letters])
		behind = element[letters] " bytes each"
	types[++nr_types] = sprintf("| `%s` | `%s` | %s | %s | %s |", letters, $2, size,
		behind, cell(comment))
	comment = ""
	next
}

/^#define CONTAINER_IMAGE_[A-Z_0-9]+[ \t]+[^ \t]/ {
	name = $2
	value = $0
	sub(/^#define [A-Z_0-9]+[ \t]+/, "", value)
	note = ""
	if (match(value, /[ \t]*\/\*.*\*\//)) {
		note = substr(value, RSTART, RLENGTH)
		value = substr(value, 1, RSTART - 1)
		sub(/^[ \t]*\/\* ?/, "", note)
		sub(/ ?\*\/$/, "", note)
	}
	number = value
	gsub(/[()u]/, "", number)
	value_of[name] = number
	if (comment != "" && note != "")
		note = comment " " note
	else if (comment != "")
		note = comment
	constants[++nr_constants] = sprintf("| `%s` | `%s` | %s |", name, value, cell(note))
	comment = ""
	next
}

/^struct [a-z_0-9]+ \{/ {
	flush_types()
	flush_constants()
	in_struct = 1
	structure = $2
	at = 0
	biggest = 1
	split("", placed)
	print "\n#### struct " structure "\n\n" cell(title) "\n"
	print "| offset | size | field | |"
	print "|---|---|---|---|"
	next
}

in_struct && /^};/ {
	in_struct = 0
	if (at % biggest)
		fail(structure " has a hole at its end")
	size_of["struct " structure] = at
	align_of["struct " structure] = biggest
	print "\n" at " bytes." (rest == "" ? "" : " " cell(rest))
	check_struct()
	comment = ""
	next
}

in_struct && /;/ {
	line = $0
	sub(/;.*/, "", line)
	gsub(/^[ \t]+/, "", line)
	base = line
	sub(/[ \t]+[a-z_0-9]+(\[.*)?$/, "", base)
	member = substr(line, length(base) + 1)
	gsub(/[ \t]/, "", member)
	many = 1
	if (match(member, /\[.*\]/)) {
		many = substr(member, RSTART + 1, RLENGTH - 2)
		member = substr(member, 1, RSTART - 1)
		if (many in value_of)
			many = value_of[many]
		if (many !~ /^[0-9]+$/)
			fail(structure "." member ": how many?")
	}
	size = base == "char" ? 1 : size_of[base]
	align = base == "char" ? 1 : align_of[base]
	if (!size)
		fail(structure "." member ": what is '" base "'?")
	if (at % align)
		fail(structure " has a hole before " member)
	if (align > biggest)
		biggest = align
	if (!(member in about) && member !~ /^reserved/)
		fail(structure "." member " is not explained")
	bytes = many == 1 ? size : many " × " size
	note = (member in about) ? cell(about[member]) : "0"
	printf "| %d | %s | `%s` | %s |\n", at, bytes, member, note
	placed[member] = at " " many * size
	at += many * size
	next
}

/^#endif/ { next }

# The tables of the code agree with the headers.
function check_struct(   letters, key, parts) {
	if (!match(title, /payload of CONTAINER_IMAGE_[A-Z_0-9]+/))
		return
	letters = letters_of[substr(title, RSTART + 11, RLENGTH - 11)]
	if (letters == "")
		fail(structure ": payload of what?")
	if (fixed[letters] != at)
		fail(structure " has " at " bytes, but " fixed[letters] " in the tables")
	for (key in offset_of) {
		split(key, parts, SUBSEP)
		if (parts[1] == letters && offset_of[key] != placed[parts[2]])
			fail(structure "." parts[2] " is elsewhere in the tables")
	}
}

BEGIN {
	size_of["__u8"] = size_of["__s8"] = align_of["__u8"] = align_of["__s8"] = 1
	size_of["__u16"] = size_of["__s16"] = align_of["__u16"] = align_of["__s16"] = 2
	size_of["__u32"] = size_of["__s32"] = align_of["__u32"] = align_of["__s32"] = 4
	size_of["__u64"] = size_of["__s64"] = align_of["__u64"] = align_of["__s64"] = 8
}

END {
	if (failed)
		exit 1
	flush_types()
	flush_constants()
	for (letters in fixed)
		if (!(letters in seen)) {
			print letters ": in no header" >"/dev/stderr"
			exit 1
		}
}
