#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A program with pools, queues and locks is moved while it works; prints TAP.

It knows its workers by their pids, so it is moved with pids=keep.
"""

import multiprocessing
import os
import subprocess
import sys
import time

BEFORE = 1
AFTER = 4


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
    """Until the input ends; says when it has begun, and how much it did."""
    pid = os.getpid()
    rounds = 0
    with multiprocessing.Pool(3) as workers:
        one_round(workers)
        print("ready", flush=True)
        end = time.monotonic() + BEFORE + AFTER
        while time.monotonic() < end:
            one_round(workers)
            assert os.getpid() == pid
            rounds += 1
        workers.close()
        workers.join()
    # The one who started us is outside.
    print(rounds, os.getppid(), flush=True)


def move(into_existing):
    keeper = None
    program = subprocess.Popen(
        [sys.executable, __file__, "work"], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout.readline() == "ready\n"
    time.sleep(BEFORE)
    if into_existing:
        keeper = subprocess.Popen(
            ["sh", "-c", "echo python >/proc/container && exec sleep 1000"]
        )
        while not os.path.exists("/proc/container/python/tasks"):
            time.sleep(0.01)
        path, text = "/proc/container/python/tasks", f"{program.pid} tree pids=keep"
    else:
        path, text = "/proc/container", f"python pid={program.pid} tree pids=keep"
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    with open("/proc/container/python/tasks", encoding="ascii") as file:
        tasks = {line.split("\t")[0]: line.split("\t")[1] for line in file}
    assert tasks[str(program.pid)] == str(program.pid), tasks
    assert len(tasks) >= 4, tasks
    rounds, ppid = program.stdout.readline().split()
    assert program.wait(60) == 0, program.returncode
    assert int(rounds) > 0 and ppid == "0", (rounds, ppid)
    if keeper:
        keeper.kill()
        keeper.wait(60)
    assert not os.path.exists("/proc/container/python/tasks")


def main():
    if not os.path.exists("/proc/container"):
        print("1..0 # SKIP the module is not loaded")
        return 0
    failed = 0
    print("1..2")
    for number, into_existing in enumerate([False, True], 1):
        try:
            move(into_existing)
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
