#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Types at an interactive bash on a terminal, and prints TAP.

In mode host, if there is the module, also at shells that have entered a
container while they ran.
"""

import os
import pty
import re
import select
import signal
import sys
import time

PATIENCE = 60
PROMPT = "<prompt>"


class Shell:
    """A bash on a pseudo terminal."""

    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            env = {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": "/"}
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], env)
        self.text = ""
        self.type("PS1='<pro''mpt>'; stty -echo")
        self.expect(PROMPT)

    def type(self, line, end="\n"):
        os.write(self.fd, (line + end).encode())

    def expect(self, pattern):
        """Reads until the pattern comes, and gives its match."""
        end = time.monotonic() + PATIENCE
        while True:
            match = re.search(pattern, self.text)
            if match:
                self.seen = self.text[: match.end()]
                self.text = self.text[match.end():]
                return match
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {pattern!r} in {self.text!r}")
            try:
                self.text += os.read(self.fd, 4096).decode(errors="replace")
            except OSError:
                raise AssertionError(f"the shell ended: {self.text!r}") from None

    def run(self, line):
        """Types a line and gives what was printed until the next prompt."""
        self.type(line)
        self.expect(PROMPT)
        return self.seen[: -len(PROMPT)].replace("\r", "")

    def status(self):
        return int(self.run("echo $?"))


def job_number(text):
    """The number of the process that "[1] N" tells of."""
    match = re.search(r"\[1\] (\d+)\n", text)
    assert match, text
    return int(match.group(1))


def background(sh):
    number = job_number(sh.run("sleep 1000 &"))
    assert int(sh.run("echo $!")) == number
    assert re.search(r"\[1\]\+ +Running +sleep 1000 &", sh.run("jobs"))
    assert str(number) in sh.run("jobs -p")
    # In one line: at a prompt, bash forgets the jobs that have ended.
    assert "ended: 143\n" in sh.run("kill %1; wait %1; echo ended: $?")
    assert sh.run("jobs") == ""


def stop_and_go_on(sh):
    sh.type("sleep 1000")
    wait_for_foreground(sh)
    sh.type("\x1a", end="")
    sh.expect("Stopped")
    sh.expect(PROMPT)
    assert sh.status() == 128 + signal.SIGTSTP
    assert re.search(r"\[1\]\+ +sleep 1000 &", sh.run("bg"))
    assert "Running" in sh.run("jobs")
    sh.type("fg")
    sh.expect("sleep 1000")
    wait_for_foreground(sh)
    sh.type("\x03", end="")
    sh.expect(PROMPT)
    assert sh.status() == 128 + signal.SIGINT
    assert sh.run("jobs") == ""


def wait_for_foreground(sh):
    """Until a job other than the shell has the terminal, and sleeps."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        group = os.tcgetpgrp(sh.fd)
        if group and group != sh.shell_group:
            try:
                with open(f"/proc/{group}/stat", encoding="ascii") as stat:
                    text = stat.read()
            except OSError:
                continue
            if "(sleep) S" in text:
                return
        time.sleep(0.01)
    raise AssertionError("no job comes into the foreground")


def interrupt(sh):
    sh.type("sleep 1000")
    wait_for_foreground(sh)
    sh.type("\x03", end="")
    sh.expect(PROMPT)
    assert sh.status() == 128 + signal.SIGINT
    # The terminal is the shell's again.
    assert os.tcgetpgrp(sh.fd) == sh.shell_group
    assert sh.run("echo it still reads") == "it still reads\n"


def pipeline(sh):
    sh.run("sleep 1000 | sleep 1000 | cat &")
    assert len(sh.run("jobs -p %1").split()) >= 1
    sh.run("kill %1; wait")
    assert sh.run("jobs") == ""
    assert sh.run("echo one | cat | cat") == "one\n"
    assert sh.run("echo $(echo two)") == "two\n"


def several(sh):
    sh.run("sleep 1000 & sleep 1000 & sleep 1000 &")
    assert len(re.findall("Running", sh.run("jobs"))) == 3
    sh.run("kill -STOP %2")
    end = time.monotonic() + PATIENCE
    while "Stopped" not in sh.run("jobs %2"):
        assert time.monotonic() < end
    sh.run("kill -CONT %2")
    sh.run("kill %1 %2 %3; wait")
    assert sh.run("jobs") == ""


def wait_for_status(sh):
    assert "ended: 7\n" in sh.run("(exit 7) & wait $!; echo ended: $?")
    sh.run("sh -c 'exit 9'")
    assert sh.status() == 9
    sh.run("sh -c 'kill -KILL $$'")
    assert sh.status() == 128 + signal.SIGKILL


def own_numbers(sh):
    assert sh.run("sh -c 'echo $PPID'") == sh.run("echo $BASHPID")
    # The shell's child is of a group of its own, that it leads itself.
    numbers = sh.run("sh -c 'cut -d \" \" -f 1,5 /proc/$$/stat'").split()
    assert len(numbers) == 2 and numbers[0] == numbers[1], numbers


TESTS = [
    own_numbers, background, interrupt, stop_and_go_on, pipeline, several,
    wait_for_status,
]

ENTER = "echo {name} > /proc/container"

# What is typed first.
VARIANTS = {
    "as it is": [],
    "entered": [ENTER],
    "entered keeping its numbers": [ENTER.replace(" >", " pids=keep >")],
    "entered and a new bash": [
        ENTER, "PS1='<pro''mpt>' exec bash --norc --noprofile -i",
    ],
}


def variants():
    mode = os.environ.get("CT_MODE", "host")
    if mode != "host" or not os.path.exists("/proc/container"):
        return {"as it is": []}
    return VARIANTS


def start(lines, name):
    shell = Shell()
    for line in lines:
        text = shell.run(line.format(name=name))
        assert text == "", text
    if lines:
        assert shell.run("cat /proc/container") == name + "\n"
    shell.run("set +o notify")
    shell.shell_group = os.tcgetpgrp(shell.fd)
    return shell


def attempt(what, function, *args):
    """Runs a part of a test: its result, and whether it succeeded."""
    try:
        return function(*args), True
    except (AssertionError, OSError, ValueError) as error:
        trace = error.__traceback__
        while trace.tb_next:
            trace = trace.tb_next
        print(f"# {what}: line {trace.tb_lineno}: {error}")
        return None, False


def main():
    print("TAP version 13")
    print(f"1..{len(variants()) * len(TESTS)}")
    number = 0
    failed = False
    for count, (variant, lines) in enumerate(variants().items()):
        name = f"jobs-{os.getpid()}-{count}"
        shell, started = attempt(variant, start, lines, name)
        for test in TESTS:
            number += 1
            what = f"{variant}: {test.__name__.replace('_', ' ')}"
            good = started and attempt(what, test, shell)[1]
            failed = failed or not good
            print(f"{'ok' if good else 'not ok'} {number} {what}", flush=True)
        if shell:
            os.close(shell.fd)
    sys.exit(failed)


main()
