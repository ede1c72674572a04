# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of containerctl's command line for bash.

# _containerctl_offer WORDS CURRENT: those of the words that fit
_containerctl_offer() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# _containerctl_names [PATH/]: the paths of all containers, or of those inside one
_containerctl_names() {
	local dir
	for dir in /proc/container/"${1-}"*/; do
		# Without a match it is the pattern.
		[ -e "${dir}status" ] || continue
		dir=${dir#/proc/container/}
		printf '%s\n' "${dir%/}"
		_containerctl_names "$dir"
	done
}

_containerctl_processes() {
	local dir
	for dir in /proc/[0-9]*/; do
		dir=${dir%/}
		printf '%s\n' "${dir##*/}"
	done
}

_containerctl_signals() {
	containerctl kill --list 2>/dev/null | while read -r _ name; do
		printf '%s\n' "$name"
	done
}

# _containerctl_position: sets name_at and command_at to the indices of the
# container's name and of the command, 0 where there is none before the cursor.
# An equals sign is a word of its own here.
_containerctl_position() {
	local i words=("${COMP_WORDS[@]:0:COMP_CWORD}")
	name_at=0 command_at=0
	for ((i = 2; i < ${#words[@]}; i++)); do
		case ${words[i]} in
		--)
			# A -- before the name only ends options.
			[ "$name_at" = 0 ] || { command_at=$((i + 1)); return; }
			;;
		-o | --option | --pids | --init | --signal | -n | --name | --ssh | --remote-containerctl | \
			--numtasks | --cpus | --mems)
			[ "${words[i + 1]-}" != = ] || i=$((i + 1))
			i=$((i + 1))
			;;
		-s)
			# Of checkpoint and show it takes nothing.
			[ "${COMP_WORDS[1]}" != kill ] || i=$((i + 1))
			;;
		-*) ;;
		*)
			[ "$name_at" = 0 ] || { command_at=$i; return; }
			name_at=$i
			;;
		esac
	done
}

# _containerctl_value CURRENT: completes what an option takes; false if the
# cursor is not at one
_containerctl_value() {
	local cur=$1 option=${COMP_WORDS[COMP_CWORD - 1]}
	if [ "$cur" = = ]; then
		cur=
	elif [ "$option" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $option in
	--pids) _containerctl_offer 'keep new' "$cur" ;;
	--init) _containerctl_offer 'off on' "$cur" ;;
	-o | --option)
		_containerctl_offer 'pids=keep pids=new init=off init=on' "$cur"
		;;
	--signal) _containerctl_offer "$(_containerctl_signals)" "$cur" ;;
	-s)
		case ${COMP_WORDS[1]} in
		kill) _containerctl_offer "$(_containerctl_signals)" "$cur" ;;
		top) _containerctl_offer 'cpu memory tasks name' "$cur" ;;
		*) return 1 ;;
		esac
		;;
	# A new name, a command line: nobody can guess them.
	-n | --name | --ssh | --remote-containerctl) ;;
	--interval | --numtasks | --cpus | --mems) ;;
	-i)
		[ "${COMP_WORDS[1]}" = top ] || return 1
		;;
	--sort) _containerctl_offer 'cpu memory tasks name' "$cur" ;;
	*) return 1 ;;
	esac
}

# _containerctl_command INDEX: the rest of the line is another command's
_containerctl_command() {
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif [ "$COMP_CWORD" = "$1" ]; then
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
	fi
}

# run and exec: _containerctl_launch CURRENT OPTIONS
_containerctl_launch() {
	local options=$2
	if [ "$command_at" != 0 ]; then
		_containerctl_command "$command_at"
	elif [[ $1 == -* ]]; then
		_containerctl_offer "$options" "$1"
	elif [ "$name_at" != 0 ]; then
		_containerctl_command "$COMP_CWORD"
	elif [ "${COMP_WORDS[1]}" = exec ]; then
		_containerctl_offer "$(_containerctl_names)" "$1"
	fi
}

_containerctl_files() {
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
	compopt -o filenames 2>/dev/null || true
}

# _containerctl_file CURRENT OPTIONS: an image
_containerctl_file() {
	if [[ $1 == -* ]]; then
		_containerctl_offer "$2" "$1"
	elif [ "$name_at" = 0 ]; then
		_containerctl_files "$1"
	fi
}

# _containerctl_named CURRENT OPTIONS COMMAND...: a name, then what the command offers
_containerctl_named() {
	if [[ $1 == -* ]]; then
		_containerctl_offer "$2" "$1"
	elif [ "$name_at" = 0 ]; then
		_containerctl_offer "$(_containerctl_names)" "$1"
	elif [ "$command_at" = 0 ]; then
		"${@:3}" "$1"
	fi
}

_containerctl_hosts() {
	mapfile -t COMPREPLY < <(compgen -A hostname -- "$1")
}

# _containerctl_simple CURRENT OPTIONS AFTER: a name, then AFTER
_containerctl_simple() {
	if [[ $1 == -* ]]; then
		_containerctl_offer "$2" "$1"
	elif [ "$name_at" = 0 ]; then
		_containerctl_offer "$(_containerctl_names)" "$1"
	else
		_containerctl_offer "$3" "$1"
	fi
}

_containerctl_directories() {
	mapfile -t COMPREPLY < <(compgen -d -- "$1")
	compopt -o filenames 2>/dev/null || true
}

_containerctl_subsystems() {
	sed -n 's/^[0-9]*: name=\([^ ]*\) .*/\1/p' /proc/containers 2>/dev/null
}

# _containerctl_subsystem_list CURRENT: SUBSYS,SUBSYS..., each once
_containerctl_subsystem_list() {
	local before='' name
	[[ $1 != *,* ]] || before=${1%,*},
	COMPREPLY=()
	while read -r name; do
		[[ ,$before != *",$name,"* && $name == "${1##*,}"* ]] ||
			continue
		COMPREPLY+=("$before$name")
	done < <(_containerctl_subsystems)
	compopt -o nospace 2>/dev/null || true
}

# _containerctl_hierarchy CURRENT: what follows "containerctl hierarchy"
_containerctl_hierarchy() {
	local cur=$1 i given=0 last=''
	if [ "$COMP_CWORD" = 2 ]; then
		_containerctl_offer 'list mount tree --help' "$cur"
		return
	fi
	# An equals sign is a word of its own; the value is another one.
	for ((i = 3; i < COMP_CWORD; i++)); do
		if [[ $last == -r || $last == --release-agent ]]; then
			[ "${COMP_WORDS[i]}" = = ] || last=
			continue
		fi
		last=${COMP_WORDS[i]}
		[[ $last == -* ]] || given=$((given + 1))
	done
	if [[ $last == -r || $last == --release-agent ]]; then
		_containerctl_files "${cur#=}"
		return
	fi
	case ${COMP_WORDS[2]} in
	list) _containerctl_offer '--json --help' "$cur" ;;
	mount)
		if [[ $cur == -* ]]; then
			_containerctl_offer '--noprefix --release-agent= --help' "$cur"
		elif [ $given = 0 ]; then
			_containerctl_subsystem_list "$cur"
		elif [ $given = 1 ]; then
			_containerctl_directories "$cur"
		fi
		;;
	tree)
		if [[ $cur == -* ]]; then
			_containerctl_offer '--json --help' "$cur"
		elif [[ $given = 0 && ($cur == */* || $cur == .*) ]]; then
			_containerctl_directories "$cur"
		elif [ $given = 0 ]; then
			_containerctl_offer "$(_containerctl_subsystems)" "$cur"
		fi
		;;
	esac
}

_containerctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} name_at command_at
	local commands='run exec adopt list status ps kill top hierarchy checkpoint restart check
		show verify migrate help'
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		_containerctl_offer "$commands --help --version" "$cur"
		return
	fi
	if [ "${COMP_WORDS[1]}" = hierarchy ]; then
		_containerctl_hierarchy "$cur"
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null || true
		return
	fi
	_containerctl_position
	if [ "$command_at" = 0 ] && _containerctl_value "$cur"; then
		return
	fi
	case ${COMP_WORDS[1]} in
	run)
		_containerctl_launch "$cur" \
			'--detach --init= --no-init --pids= --option= --numtasks= --cpus= --mems=
			 --tty --no-tty --help'
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null || true
		;;
	exec) _containerctl_launch "$cur" '--detach --tty --no-tty --help' ;;
	adopt)
		_containerctl_simple "$cur" '--tree --pids= --init= --help' \
			"$(_containerctl_processes)"
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null || true
		;;
	list) _containerctl_offer '--json --help' "$cur" ;;
	status) _containerctl_simple "$cur" '--json --help' '' ;;
	ps) _containerctl_simple "$cur" '--help' '' ;;
	kill) _containerctl_simple "$cur" '--signal --list --help' "$(_containerctl_signals)" ;;
	top)
		_containerctl_offer '--once --interval= --sort= --json --help' "$cur"
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null || true
		;;
	checkpoint)
		_containerctl_named "$cur" '--stop --kill --ignore= --compress --progress --help' \
			_containerctl_files
		;;
	restart)
		_containerctl_file "$cur" '--name= --detach --progress --outside= --report --help'
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null || true
		;;
	check) _containerctl_simple "$cur" '--json --help' '' ;;
	show) _containerctl_file "$cur" '--json --summary --format --help' ;;
	verify) _containerctl_file "$cur" '--quiet --help' ;;
	migrate)
		_containerctl_named "$cur" \
			'--name= --compress --progress --ssh= --remote-containerctl= --help' \
			_containerctl_hosts
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null || true
		;;
	help) _containerctl_offer "${commands% help}" "$cur" ;;
	esac
}

complete -F _containerctl containerctl
