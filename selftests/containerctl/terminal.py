# SPDX-License-Identifier: GPL-2.0
"""containerctl at a terminal: job control, window size, modes, hangup.

Plays the user: every test starts a program on a pseudo-terminal of its own,
types, and looks at what appears.  Prints TAP.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

# Longer than anything takes in an emulated machine.
PATIENCE = 40
NAME = "ctl-term"
# <asm-generic/ioctls.h>; the termios module lacks it.
TIOCGPTN = 0x80045430
ENVIRONMENT = dict(os.environ, TERM="dumb", PS1="READY> ", INPUTRC="/dev/null", HISTFILE="")

BASH = ("bash", "--norc", "--noprofile", "-i")
SIZE_SCRIPT = "show() { set -- $(stty size); echo size $1 $2; }; trap show WINCH; show; " \
    "while :; do sleep 0.1; done"
NO_TTY_SCRIPT = "( : </dev/tty ) 2>/dev/null || echo no controlling terminal; sleep 1000; :"


class Failed(Exception):
    """A test found something else than it wanted."""


def wait_for(condition, what):
    """Waits until condition() is true, and returns what it returned."""
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("timeout: " + what)
        time.sleep(0.02)


def state(pid):
    """The state letter of a process, None if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return None


def children(pid):
    """The children of a process, as the host numbers them."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def container_init():
    """The host's number of process 1 of the container, 0 if there is none."""
    try:
        with open(f"/proc/container/{NAME}/status", encoding="ascii") as file:
            return int(re.search(r"^init:\t(\d+)$", file.read(), re.M)[1])
    except OSError:
        return 0


def the_command():
    """The host's number of the command that "run" started."""
    init = wait_for(container_init, "the container")
    return wait_for(lambda: children(init), "the command")[0]


def comm(pid):
    """The name of a process."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return None


def wait_comm(name):
    """Waits until the command is that program, and returns its number."""
    pid = the_command()
    wait_for(lambda: comm(pid) == name, f"{name} to be executed")
    return pid


def wait_running(command):
    """Waits until a command that nobody else runs does so, and returns its number."""
    def found():
        return subprocess.run(["pgrep", "-xf", re.escape(command)], capture_output=True,
                              text=True, check=False).stdout.split()
    pids = wait_for(found, command)
    equal(len(pids), 1, f"how many run {command}")
    return int(pids[0])


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, *argv, rows=24, columns=80):
        self.text = ""
        self.status = None
        # The child must not run before the terminal has its size.
        read_end, write_end = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.read(read_end, 1)
            # Whoever started the tests may ignore signals; a user's shell does not.
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            os.execvpe(argv[0], argv, ENVIRONMENT)
        self.resize(rows, columns)
        os.write(write_end, b"x")
        os.close(read_end)
        os.close(write_end)

    def name(self):
        """The terminal's name, as the program at it sees it."""
        number = fcntl.ioctl(self.fd, TIOCGPTN, bytes(4))
        return f"/dev/pts/{struct.unpack('I', number)[0]}"

    def resize(self, rows, columns):
        """Does what a user does who drags the window's corner."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self):
        """The modes that an application can change, and the special keys."""
        return termios.tcgetattr(self.fd)

    def is_raw(self):
        """Whether the program has taken over the keys."""
        return not self.modes()[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def type(self, text):
        """Presses keys."""
        os.write(self.fd, text.encode())

    def line(self, text):
        """Presses keys, and the one with the arrow."""
        self.type(text + "\r")

    def receive(self, seconds):
        """Reads what there is; returns False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern):
        """Waits for output; what comes up to its end is used up."""
        end = time.monotonic() + PATIENCE
        while True:
            match = re.search(pattern, self.text)
            if match:
                self.text = self.text[match.end():]
                return match
            alive = self.receive(0.2)
            if not re.search(pattern, self.text):
                if not alive:
                    raise Failed(f"end of output instead of {pattern!r}: {self.text!r}")
                if time.monotonic() > end:
                    raise Failed(f"no {pattern!r} in {self.text!r}")

    def command(self, text):
        """Waits for a shell's prompt, with nothing after it, and answers it."""
        self.expect(r"READY> $")
        self.line(text)

    def ask(self, question):
        """Has a shell expand something, and returns what comes of it."""
        # The quotes keep the echo of the question from looking like the answer.
        self.command(f"echo 'answer'=\"{question}\"=")
        return self.expect(r"answer=([^\r\n]*)=\r?\n")[1]

    def wait(self):
        """Waits for the end of the program; returns its status like a shell."""
        end = time.monotonic() + PATIENCE
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                raise Failed(f"the program does not end; seen: {self.text!r}")
            else:
                self.receive(0.05)
        while self.receive(0):
            if not select.select([self.fd], [], [], 0)[0]:
                break
        return self.status

    def close(self):
        """Takes the terminal away."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass


def equal(got, wanted, what):
    """Fails unless both are the same."""
    if got != wanted:
        raise Failed(f"{what}: got {got!r}, wanted {wanted!r}")


def run(*command, options=()):
    """containerctl run at a terminal."""
    return Terminal("containerctl", "run", *options, NAME, "--", *command)


def shell():
    """An interactive shell as it is outside, without modes of its own."""
    return Terminal("bash", "--noediting", *BASH[1:])


def ends(term):
    """Ends the program that a test has started, and the container."""
    term.close()
    init = container_init()
    if init:
        subprocess.run(["containerctl", "kill", NAME, "KILL"], check=False,
                       stderr=subprocess.DEVNULL)
        wait_for(lambda: not container_init(), "the end of the container")


# -- a shell in the container ------------------------------------------------


def test_shell_identity(term):
    """a shell in a container has session, group and terminal of its own"""
    term.command("exec 2>&1")
    equal(term.ask("$$ $PPID"), "2 1", "pid and parent")
    equal(term.ask("$(cut -d' ' -f5,6,8 /proc/$$/stat)"), "2 1 2", "group, session, foreground")
    tty = term.ask("$(tty)")
    if not re.fullmatch(r"/dev/pts/\d+", tty) or tty == term.name():
        raise Failed(f"the terminal is {tty}")
    term.command("exit 5")
    equal(term.wait(), 5, "status")


def test_shell_interrupt(term):
    """^C ends a job of a shell in a container, and not the shell"""
    term.command("sleep 1000")
    wait_for(lambda: any(comm(pid) == "sleep" for pid in children(the_command())), "sleep")
    term.type("\x03")
    equal(term.ask("$?"), "130", "status of the interrupted job")
    term.command("exit")
    term.wait()


def test_shell_jobs(term):
    """^Z, jobs, bg and fg of a shell in a container"""
    term.command("sleep 1000")
    pid = wait_for(lambda: [p for p in children(the_command()) if comm(p) == "sleep"], "sleep")[0]
    term.type("\x1a")
    term.expect(r"Stopped\s+sleep 1000")
    equal(state(pid), "T", "state of the stopped job")
    term.command("jobs")
    term.expect(r"\[1\]\+\s+Stopped\s+sleep 1000")
    term.command("bg")
    term.expect(r"sleep 1000 &")
    wait_for(lambda: state(pid) == "S", "the job to run in the background")
    term.command("jobs")
    term.expect(r"\[1\]\+\s+Running\s+sleep 1000")
    term.command("fg")
    term.expect(r"sleep 1000\r?\n")
    wait_for(lambda: foreground_of(pid), "the job to be in the foreground")
    term.type("\x03")
    equal(term.ask("$?"), "130", "status of the interrupted job")
    term.command("exit 3")
    equal(term.wait(), 3, "status")


def foreground_of(pid):
    """Whether the process's group is its terminal's foreground one."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return fields[2] == fields[5]


def test_shell_keys(term):
    """^D ends a shell in a container, ^\\ a program with a signal"""
    term.command("sleep 1000")
    wait_for(lambda: any(comm(pid) == "sleep" for pid in children(the_command())), "sleep")
    term.type("\x1c")
    equal(term.ask("$?"), "131", "status of the program that ^\\ ended")
    term.command("(exit 4)")
    term.type("\x04")
    equal(term.wait(), 4, "status")


# -- a plain command ----------------------------------------------------------


def test_plain_interrupt(term):
    """^C ends a plain command"""
    wait_comm("sleep")
    wait_for(term.is_raw, "the raw mode")
    term.type("\x03")
    equal(term.wait(), 130, "status")


def test_plain_orphaned(term):
    """^Z is ignored where no shell could continue the command"""
    pid = wait_comm("sleep")
    wait_for(term.is_raw, "the raw mode")
    term.type("\x1a")
    term.expect(r"\^Z")
    time.sleep(0.5)
    equal(state(pid), "S", "state")
    wait_for(term.is_raw, "the raw mode")
    term.type("\x03")
    equal(term.wait(), 130, "status")


def test_modes_restored(term):
    """the terminal's modes are the old ones after the command and its failure"""
    before = shell_modes(term)
    term.command(f"containerctl run {NAME} -- sh -c 'stty -a; stty raw -echo; exit 7'")
    # The command's terminal begins with the modes of the user's.
    term.expect(r"[ ;]icanon")
    equal(term.ask("$?"), "7", "status")
    equal(term.modes(), before, "modes")
    term.command(f"containerctl run {NAME} -- ctl-no-such-command")
    equal(term.ask("$?"), "127", "status")
    equal(term.modes(), before, "modes")


def test_modes_restored_signal(term):
    """a SIGTERM to containerctl reaches the command and restores the modes"""
    before = shell_modes(term)
    term.command(f"containerctl run {NAME} -- sh -c 'trap \"exit 9\" TERM; echo rea''dy; "
                 "while :; do sleep 0.1; done'")
    term.expect("ready")
    wait_for(term.is_raw, "the raw mode")
    outside = wait_for(lambda: [p for p in children(term.pid) if comm(p) == "containerctl"],
                       "containerctl")[0]
    os.kill(outside, signal.SIGTERM)
    equal(term.ask("$?"), "9", "status")
    equal(term.modes(), before, "modes")


def shell_modes(term):
    """The modes in which a shell leaves the terminal."""
    term.ask("ready")
    return term.modes()


def suspend(term, before):
    """^Z on a sleep in the foreground: everything stops, the modes are back."""
    pid = wait_comm("sleep")
    wait_for(term.is_raw, "the raw mode")
    term.type("\x1a")
    term.expect(r"Stopped\s+containerctl")
    equal(state(pid), "T", "state of the command")
    equal(term.ask("works"), "works", "the shell")
    equal(term.modes(), before, "modes while stopped")
    return pid


def test_suspend_run(term):
    """^Z on a plain command stops it and containerctl; fg continues both"""
    before = shell_modes(term)
    term.command(f"containerctl run {NAME} -- sleep 1000")
    for _ in range(2):
        pid = suspend(term, before)
        term.command("fg")
        wait_for(lambda: state(pid) == "S", "the command to go on")
        wait_for(term.is_raw, "the raw mode after fg")
    term.type("\x03")
    equal(term.ask("$?"), "130", "status")
    equal(term.modes(), before, "modes at the end")


def test_suspend_background(term):
    """a stopped command goes on in the background, and comes back with fg"""
    before = shell_modes(term)
    term.command(f"containerctl run {NAME} -- sleep 1000")
    pid = suspend(term, before)
    term.command("bg")
    wait_for(lambda: state(pid) == "S", "the command to go on")
    equal(term.ask("works"), "works", "the shell")
    equal(term.modes(), before, "modes while in the background")
    term.command("fg")
    wait_for(term.is_raw, "the raw mode after fg")
    term.type("\x03")
    equal(term.ask("$?"), "130", "status")


def test_start_in_background(term):
    """a command started in the background gets the keys with fg"""
    term.command(f"containerctl run {NAME} -- cat &")
    wait_comm("cat")
    equal(term.ask("works"), "works", "the shell")
    term.command("fg")
    wait_for(term.is_raw, "the raw mode after fg")
    term.line("some text")
    term.expect(r"some text\r\n.*some text\r\n")
    term.type("\x04")
    equal(term.ask("$?"), "0", "status")


def test_suspend_exec(term):
    """^Z, fg and ^C on a plain command that exec started"""
    before = shell_modes(term)
    subprocess.run(["containerctl", "run", "-d", NAME, "--", "sleep", "999"], check=True)
    sleep = f"sleep 1001.{os.getpid()}"
    term.command(f"containerctl exec {NAME} -- {sleep}")
    pid = wait_running(sleep)
    wait_for(term.is_raw, "the raw mode")
    term.type("\x1a")
    term.expect(r"Stopped\s+containerctl")
    equal(state(pid), "T", "state of the command")
    equal(term.modes(), before, "modes while stopped")
    term.command("fg")
    wait_for(lambda: state(pid) == "S", "the command to go on")
    wait_for(term.is_raw, "the raw mode after fg")
    term.type("\x03")
    equal(term.ask("$?"), "130", "status")


def stop_and_interrupt(term, pid, job):
    """^Z, fg and ^C on a job of the shell at the terminal"""
    term.type("\x1a")
    term.expect(rf"Stopped\s+{job}")
    wait_for(lambda: state(pid) == "T", "the command to stop")
    term.command("fg")
    wait_for(lambda: state(pid) == "S", "the command to go on")
    term.type("\x03")
    equal(term.ask("${PIPESTATUS[0]}"), "130", "status")


def test_pipeline(term):
    """^Z and ^C on a command whose output is a pipe"""
    term.command(f"containerctl run {NAME} -- sleep 1000 | cat")
    pid = wait_comm("sleep")
    equal(term.is_raw(), False, "raw mode")
    stop_and_interrupt(term, pid, "containerctl")


def test_pipeline_exec(term):
    """^Z and ^C on a command that exec started and whose output is a pipe"""
    subprocess.run(["containerctl", "run", "-d", NAME, "--", "sleep", "999"], check=True)
    sleep = f"sleep 1002.{os.getpid()}"
    term.command(f"containerctl exec {NAME} -- sh -c 'echo $$; exec {sleep}' | cat")
    term.expect(r"\n\d+\r")
    pid = wait_running(sleep)
    stop_and_interrupt(term, pid, "containerctl")


# -- what has been adopted from a terminal -------------------------------------


def the_job(term):
    """The number of the sleep that the shell at the terminal has started."""
    return wait_for(lambda: [p for p in children(term.pid) if comm(p) == "sleep"], "sleep")[0]


def adopt(pid, *options):
    """containerctl adopt, from somewhere else"""
    subprocess.run(["containerctl", "adopt", NAME, str(pid), *options], check=True)


def test_adopted_program(term):
    """^Z and ^C on a program that was adopted while it was in the foreground"""
    term.command("sleep 1000")
    pid = the_job(term)
    adopt(pid, "--init=off")
    equal(container_init(), pid, "the container's first process")
    stop_and_interrupt(term, pid, "sleep")
    wait_for(lambda: not container_init(), "the end of the container")


def test_adopted_shell(term):
    """a shell that was adopted has its number, its terminal and its job control"""
    term.command("sleep 999 &")
    job = the_job(term)
    before = term.ask("$$ $(cut -d' ' -f5,8 /proc/$$/stat) $(tty)")
    adopt(term.pid, "--tree")
    equal(term.ask("$(cat /proc/container)"), NAME, "the container")
    equal(term.ask("$$ $(cut -d' ' -f5,8 /proc/$$/stat) $(tty)"), before, "what it was")
    term.command("kill %1; wait %1")
    wait_for(lambda: state(job) is None, "the end of the job")
    term.command("sleep 1000")
    stop_and_interrupt(term, the_job(term), "sleep")
    term.command("exit 6")
    equal(term.wait(), 6, "status")


# -- the rest of a terminal ---------------------------------------------------


def test_window_size(term):
    """the command's terminal has the user's size, and follows it"""
    term.expect(r"size 33 111\r")
    term.resize(44, 122)
    term.expect(r"size 44 122\r")
    term.type("\x03")
    term.wait()


def test_much_output(term):
    """much output arrives whole and in order"""
    term.wait()
    equal(term.status, 0, "status")
    lines = term.text.split("\r\n")
    wanted = [str(n) for n in range(1, 50001)]
    if lines[:-1] != wanted or lines[-1]:
        bad = next((i for i, (a, b) in enumerate(zip(lines, wanted)) if a != b), len(lines))
        raise Failed(f"{len(lines)} lines; the first wrong one is {bad}: {lines[bad:bad + 1]!r}")


def test_slow_reader(term):
    """a user's terminal that takes nothing holds the command up"""
    pid = wait_comm("seq")
    wait_for(lambda: state(pid) == "S", "seq to wait")
    time.sleep(0.3)
    equal(state(pid), "S", "state of the command")
    # Signals get through all the same.
    os.kill(term.pid, signal.SIGTERM)
    equal(term.wait(), 143, "status")


def test_stderr_redirected(term):
    """a redirected standard error stays redirected"""
    with tempfile.NamedTemporaryFile("r", encoding="ascii") as file:
        term.command(f"containerctl run {NAME} -- sh -c 'tty; echo err''or >&2' 2>{file.name}")
        term.expect(r"/dev/pts/\d+\r?\n")
        equal(term.ask("$?"), "0", "status")
        equal(file.read(), "error\n", "what standard error got")


def test_hangup(term):
    """when the user's terminal goes away, the command gets a SIGHUP"""
    wait_comm("sleep")
    wait_for(term.is_raw, "the raw mode")
    os.close(term.fd)
    term.fd = -1
    wait_for(lambda: not container_init(), "the end of the container")


def test_killed(term):
    """when containerctl is killed, the command gets a SIGHUP"""
    wait_comm("sleep")
    wait_for(term.is_raw, "the raw mode")
    os.kill(term.pid, signal.SIGKILL)
    wait_for(lambda: not container_init(), "the end of the container")


def test_no_tty(term):
    """-T: no terminal of its own; ^C arrives all the same"""
    term.expect(r"no controlling terminal")
    # A shell that waits for a program dies of ^C only if the program does.
    wait_for(lambda: any(comm(pid) == "sleep" for pid in children(the_command())), "sleep")
    equal(term.is_raw(), False, "raw mode")
    term.type("\x03")
    equal(term.wait(), 130, "status")


def test_no_init(term):
    """--no-init: a shell that is process 1 has job control"""
    equal(term.ask("$$ $PPID"), "1 0", "pid and parent")
    term.command("sleep 1000")
    pid = wait_for(lambda: children(container_init()), "sleep")[0]
    wait_for(lambda: comm(pid) == "sleep", "sleep")
    term.type("\x1a")
    term.expect(r"Stopped\s+sleep 1000")
    term.command("kill %1; fg")
    term.command("exit 8")
    equal(term.wait(), 8, "status")


def test_tty_from_pipe(_term):
    """-t: a terminal even if input and output are pipes"""
    done = subprocess.run(
        ["containerctl", "run", "-t", NAME, "--", "sh", "-c", "tty; cat; exit 6"],
        input=b"some text\nno end of line", capture_output=True, timeout=PATIENCE, check=False)
    equal(done.returncode, 6, "status")
    if not re.search(rb"/dev/pts/\d+\r\n", done.stdout):
        raise Failed(f"no terminal: {done.stdout!r}")
    equal(done.stdout.count(b"some text\r\n"), 2, "lines, echoed and copied")
    equal(done.stdout.count(b"no end of line"), 2, "last line, echoed and copied")


def test_leftovers_exec(term):
    """exec comes back although a process it left still has the terminal"""
    subprocess.run(["containerctl", "run", "-d", NAME, "--", "sleep", "999"], check=True)
    term.command(f"containerctl exec {NAME} -- sh -c 'trap \"\" HUP; sleep 998 & seq 1 2000; exit 4'")
    term.expect(r"\n2000\r\n")
    equal(term.ask("$?"), "4", "status")


TESTS = (
    (test_shell_identity, lambda: run(*BASH)),
    (test_shell_interrupt, lambda: run(*BASH)),
    (test_shell_jobs, lambda: run(*BASH)),
    (test_shell_keys, lambda: run(*BASH)),
    (test_plain_interrupt, lambda: run("sleep", "1000")),
    (test_plain_orphaned, lambda: run("sleep", "1000")),
    (test_modes_restored, shell),
    (test_modes_restored_signal, shell),
    (test_suspend_run, shell),
    (test_suspend_background, shell),
    (test_start_in_background, shell),
    (test_suspend_exec, shell),
    (test_pipeline, shell),
    (test_pipeline_exec, shell),
    (test_adopted_program, shell),
    (test_adopted_shell, shell),
    (test_window_size, lambda: Terminal(
        "containerctl", "run", NAME, "--", "sh", "-c", SIZE_SCRIPT, rows=33, columns=111)),
    (test_much_output, lambda: run("seq", "1", "50000")),
    (test_slow_reader, lambda: run("seq", "1", "10000000")),
    (test_stderr_redirected, shell),
    (test_hangup, lambda: run("sleep", "1000")),
    (test_killed, lambda: run("sleep", "1000")),
    (test_no_tty, lambda: run("sh", "-c", NO_TTY_SCRIPT, options=("-T",))),
    (test_no_init, lambda: run(*BASH, options=("--no-init",))),
    (test_tty_from_pipe, lambda: Terminal("true")),
    (test_leftovers_exec, shell),
)


def main():
    """Runs the tests, or those whose names are given."""
    tests = [t for t in TESTS if not sys.argv[1:] or t[0].__name__ in sys.argv[1:]]
    failures = 0
    print(f"1..{len(tests)}", flush=True)
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
        try:
            ends(term)
        except Failed as why:
            verdict = "not ok"
            print("# afterwards:", why)
        failures += verdict != "ok"
        print(f"{verdict} {number} {test.__doc__}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
