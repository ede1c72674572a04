# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# How a finished VM is judged.  Sourced by tools/vm/run, which documents the
# special statuses; uses its variables and sets STATUS and REASON.

# bad_lines FILE: the lines of a kernel log that mean trouble
bad_lines() {
	tr -d '\r\0' <"$1" | sed -f "$VM_DIR/no-log" | grep -aE -f "$TMP/bad-log"
}

# said WORD: what the guest's init said with that word, the token checked
said() { sed -n "s/^$TOKEN $1 \{0,1\}//p" "$TMP/verdict"; }

judge() {
	local problems bad status
	problems=$(said problem)
	bad=$(bad_lines "$LOG" | head -n 5) || true
	status=$(said status)
	STATUS=$status
	REASON=
	if [ "$QEMU_STATUS" = 124 ] || [ "$QEMU_STATUS" = 137 ]; then
		STATUS=124
		REASON="the time limit of $TIMEOUT s passed and the VM was stopped"
	fi
	if [ -n "$bad$problems" ]; then
		[ "$STATUS" = 124 ] || STATUS=125
		REASON="${REASON:+$REASON; }the kernel is not well"
		[ -z "$status" ] || REASON+=" (the command's own status was $status)"
		REASON+=":"
		[ -z "$problems" ] || REASON+=$'\n'"$problems"
		[ -z "$bad" ] || REASON+=$'\n'"$bad"
	elif [ -z "$REASON" ] && ! grep -qx "$TOKEN end" "$TMP/verdict"; then
		STATUS=123
		REASON="the VM ended before its init said so (qemu's status $QEMU_STATUS)"
		REASON+=": $(tail -n 3 "$TMP/qemu.err")"
	elif [ "$OUT_FAILED" = yes ]; then
		STATUS=123
		REASON="what the guest left in /out did not arrive"
	fi
	[[ $STATUS =~ ^[0-9]+$ ]] || STATUS=123
}

report() {
	[ -n "$REASON" ] || return 0
	{
		printf '%s: %s on %s: %s\n' "$ME" "${COMMAND[*]}" "$KERNEL" "$REASON"
		printf '%s: status %s; the kernel log is in %s\n' "$ME" "$STATUS" "$LOG"
	} >&2
}
