# SPDX-License-Identifier: GPL-2.0
"""containerctl top on a terminal: what is drawn, keys, window size, job control.

Plays the user with what terminal.py has for that.  Prints TAP.
"""

import os
import re
import signal
import subprocess
import sys
import traceback

import terminal
from terminal import Failed, Terminal, equal, shell, shell_modes, state, wait_for

NAME = terminal.NAME
ENTER = r"\x1b\[\?1049h"
LEAVE = r"\x1b\[\?1049l"
# From the upper left corner up to what clears the rest, or the next picture.
PICTURE = r"\x1b\[H((?:(?!\x1b\[H).)*?)(?:\x1b\[J|(?=\x1b\[H))"


def top(*options, rows=24, columns=80):
    """containerctl top at a terminal."""
    return Terminal("containerctl", "top", *options, rows=rows, columns=columns)


def picture(term):
    """The lines of the next picture, without what is no text."""
    text = term.expect("(?s)" + PICTURE)[1]
    for sequence in ("\x1b[K", "\x1b[7m", "\x1b[m"):
        text = text.replace(sequence, "")
    # The terminal adds a carriage return of its own.
    lines = re.split(r"\r+\n", text)
    # Before what clears the rest there is a new line.
    return lines[:-1] if lines and not lines[-1] else lines


def picture_with(term, condition):
    """Waits for a picture of which that is true."""
    return wait_for(lambda: next((p for p in [picture(term)] if condition(p)), None), "a picture")


def is_canonical(term):
    """Whether the terminal's modes are those that it had."""
    return bool(term.modes()[3] & terminal.termios.ICANON)


def test_picture(term):
    """what is there, again and again, and q"""
    term.expect(ENTER)
    lines = picture_with(term, lambda p: any(line.startswith(NAME + " ") for line in p))
    equal(lines[1].split(), ["NAME", "TASKS", "%CPU", "CPUTIME", "MEMORY"], "heading")
    row = next(line for line in lines if line.startswith(NAME + " "))
    equal(row.split()[1], "2", "tasks")
    # At first nobody knows; then there is a number.
    picture_with(term, lambda p: any(line.startswith(NAME + " ") and line.split()[2] != "-"
                                     for line in p))
    equal(is_canonical(term), False, "line editing")
    term.type("q")
    term.expect(LEAVE)
    equal(term.wait(), 0, "status")


def test_keys(term):
    """keys change the order at once"""
    for key, order in (("n", "name"), ("m", "memory"), ("T", "tasks"), ("c", "cpu")):
        term.type(key)
        picture_with(term, lambda p, order=order: f"by {order};" in p[0])
    # Another look now, long before the interval is over.
    term.type(" ")
    picture_with(term, lambda p: any(line.startswith(NAME + " ") and line.split()[2] != "-"
                                     for line in p))
    term.type("Q")
    equal(term.wait(), 0, "status")


def test_window(term):
    """the picture fits the window, and follows it"""
    lines = picture_with(term, lambda p: len(p) > 2)
    if max(map(len, lines)) <= 30:
        raise Failed(f"nothing to be cut: {lines}")
    term.resize(2, 30)
    # The end of a picture that fills the window is the beginning of the next one.
    term.type("n")
    lines = picture_with(term, lambda p: max(map(len, p)) <= 30)
    equal(len(lines), 2, "lines")
    equal(len(lines[0]), 30, "what is left of the first")
    term.resize(24, 80)
    picture_with(term, lambda p: any(line.startswith(NAME + " ") for line in p))
    term.type("q")
    equal(term.wait(), 0, "status")


def ends_by(term, number):
    """Waits for it to be ended by a signal, with the terminal as it was."""
    term.expect(LEAVE)
    equal(term.wait(), -number, "status")


def test_interrupt(term):
    """^C ends it, and the terminal is as it was"""
    picture(term)
    term.type("\x03")
    ends_by(term, signal.SIGINT)


def test_terminated(term):
    """SIGTERM ends it, and the terminal is as it was"""
    picture(term)
    os.kill(term.pid, signal.SIGTERM)
    ends_by(term, signal.SIGTERM)


def test_hangup(term):
    """it ends with its terminal"""
    picture(term)
    os.close(term.fd)
    term.fd = -1
    wait_for(lambda: state(term.pid) in (None, "Z"), "its end")


def test_suspend(term):
    """^Z gives the terminal back, fg takes it again"""
    before = shell_modes(term)
    term.command("containerctl top")
    picture(term)
    for _ in range(2):
        wait_for(lambda: not is_canonical(term), "the modes of top")
        term.type("\x1a")
        term.expect(LEAVE)
        term.expect(r"Stopped\s+containerctl top")
        equal(term.modes(), before, "modes while it is stopped")
        term.command("fg")
        term.expect(ENTER)
        picture(term)
    term.type("q")
    term.expect(LEAVE)
    equal(term.ask("$?"), "0", "status")
    equal(term.modes(), before, "modes at the end")


def test_no_keys(term):
    """without a terminal for keys it goes on"""
    term.command("containerctl top --interval=0.1 </dev/null")
    term.expect(ENTER)
    for _ in range(3):
        picture(term)
    term.type("\x03")
    term.expect(LEAVE)
    equal(term.ask("$?"), "130", "status")


def test_dumb(term):
    """on a terminal that can nothing there are tables"""
    term.command("TERM=dumb containerctl top --interval=0.1")
    term.expect(r"NAME +TASKS[^\x1b]*\n\r\nNAME +TASKS")
    term.type("\x03")
    equal(term.ask("$?"), "130", "status")


TESTS = (
    (test_picture, top),
    (test_keys, lambda: top("--interval=3600")),
    (test_window, lambda: top("--interval=3600")),
    (test_interrupt, top),
    (test_terminated, top),
    (test_hangup, top),
    (test_suspend, shell),
    (test_no_keys, shell),
    (test_dumb, shell),
)


def main():
    """Runs the tests, or those whose names are given."""
    tests = [t for t in TESTS if not sys.argv[1:] or t[0].__name__ in sys.argv[1:]]
    terminal.ENVIRONMENT["TERM"] = "linux"
    failures = 0
    print(f"1..{len(tests)}", flush=True)
    subprocess.run(["containerctl", "run", "-d", NAME, "--", "sleep", "1000"], check=True)
    for number, (test, start) in enumerate(tests, 1):
        term = start()
        verdict = "ok"
        try:
            test(term)
        except Failed as why:
            verdict = "not ok"
            print("#", str(why).replace("\n", "\n# "))
        except Exception:  # pylint: disable=broad-except
            verdict = "not ok"
            print("#", traceback.format_exc().replace("\n", "\n# "))
        term.close()
        failures += verdict != "ok"
        print(f"{verdict} {number} {test.__doc__}", flush=True)
    subprocess.run(["containerctl", "kill", NAME, "KILL"], check=True)
    wait_for(lambda: not terminal.container_init(), "the end of the container")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
