#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A program with pools, queues and locks is moved while it works; prints TAP.

It knows its workers by their pids, so it is moved with pids=keep.  It works on
until its input ends, which is when it has done a round inside.
"""

import multiprocessing
import os
import select
import signal
import subprocess
import sys
import time

# Seconds: decides nothing but when to give up.
PATIENCE = 150


def square(number):
    return number * number, os.getpid(), os.getppid()


def count(lock, counter, times):
    for _ in range(times):
        with lock:
            counter.value += 1


def one_round(workers):
    results = workers.map(square, range(40))
    assert [result[0] for result in results] == [n * n for n in range(40)]
    assert {result[2] for result in results} == {os.getpid()}
    lock = multiprocessing.Lock()
    counter = multiprocessing.Value("i", 0)
    counters = [
        multiprocessing.Process(target=count, args=(lock, counter, 50)) for _ in range(2)
    ]
    for process in counters:
        process.start()
    for process in counters:
        process.join(60)
        assert process.exitcode == 0, process.exitcode
    assert counter.value == 100, counter.value
    subprocess.run(["true"], check=True)


def work():
    """Until the input ends; says of each round what its parent was at its beginning."""
    pid = os.getpid()
    with multiprocessing.Pool(3) as workers:
        while not select.select([sys.stdin], [], [], 0)[0]:
            parent = os.getppid()
            one_round(workers)
            assert os.getpid() == pid
            print(parent, flush=True)
        workers.close()
        workers.join()


def wait_until(condition):
    while not condition():
        time.sleep(0.01)


def in_container():
    return os.path.exists("/proc/container/python/tasks")


def move(program, into_existing):
    # The one who started it is outside, so that it has no parent any more once
    # it has been moved.
    assert program.stdout.readline() == f"{os.getpid()}\n"
    if into_existing:
        path, text = "/proc/container/python/tasks", f"{program.pid} tree pids=keep"
    else:
        path, text = "/proc/container", f"python pid={program.pid} tree pids=keep"
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    with open("/proc/container/python/tasks", encoding="ascii") as file:
        tasks = {line.split("\t")[0]: line.split("\t")[1] for line in file}
    assert tasks[str(program.pid)] == str(program.pid), tasks
    assert len(tasks) >= 4, tasks
    # Of the rounds that began before there are a few more to be read; then one
    # that was inside from its beginning on.
    wait_until(lambda: int(program.stdout.readline()) == 0)
    program.stdin.close()
    assert program.wait() == 0, program.returncode


def end(process):
    """Whatever has become of it, and of those below it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def one_test(into_existing):
    program = subprocess.Popen(
        [sys.executable, __file__, "work"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    keeper = None
    try:
        signal.alarm(PATIENCE)
        if into_existing:
            keeper = subprocess.Popen(
                ["sh", "-c", "echo python >/proc/container && exec sleep 1017"]
            )
            wait_until(in_container)
        move(program, into_existing)
    finally:
        signal.alarm(0)
        end(program)
        if keeper:
            keeper.kill()
            keeper.wait()
    assert not in_container()


def too_late(*_):
    raise TimeoutError(f"not done within {PATIENCE} seconds")


def main():
    if not os.path.exists("/proc/container"):
        print("1..0 # SKIP the module is not loaded")
        return 0
    signal.signal(signal.SIGALRM, too_late)
    failed = 0
    print("1..2")
    for number, into_existing in enumerate([False, True], 1):
        try:
            one_test(into_existing)
            result = "ok"
        except Exception as error:  # pylint: disable=broad-except
            print(f"# {error!r}")
            result = "not ok"
            failed = 1
        print(f"{result} {number} {'adopted' if into_existing else 'made a container'}")
    return failed


if __name__ == "__main__":
    if sys.argv[1:] == ["work"]:
        work()
    else:
        sys.exit(main())
