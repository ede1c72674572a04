#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Python's own process machinery, and prints TAP.

In mode host, if there is the module, also in interpreters that have entered a
container while they ran.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time


def square(number):
    return number * number, os.getpid()


def pool():
    with multiprocessing.Pool(3) as workers:
        results = workers.map(square, range(50))
    assert [result[0] for result in results] == [n * n for n in range(50)]
    assert os.getpid() not in {result[1] for result in results}


def produce(queue, count):
    for number in range(count):
        queue.put((os.getpid(), os.getppid(), number))


def queue():
    lines = multiprocessing.Queue()
    makers = [
        multiprocessing.Process(target=produce, args=(lines, 20)) for _ in range(3)
    ]
    for maker in makers:
        maker.start()
    got = [lines.get(timeout=60) for _ in range(60)]
    for maker in makers:
        maker.join(60)
        assert maker.exitcode == 0, maker.exitcode
        mine = [number for pid, _, number in got if pid == maker.pid]
        assert mine == list(range(20)), mine
    assert {ppid for _, ppid, _ in got} == {os.getpid()}


def lock_and_die(lock):
    lock.acquire()
    os.kill(os.getpid(), signal.SIGKILL)


def killed_worker():
    lock = multiprocessing.Lock()
    worker = multiprocessing.Process(target=lock_and_die, args=(lock,))
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL, worker.exitcode
    assert not lock.acquire(timeout=0.1)


def manager():
    with multiprocessing.Manager() as server:
        shared = server.dict(left=1)
        worker = multiprocessing.Process(target=shared.update, args=({"left": 2},))
        worker.start()
        worker.join(60)
        assert shared["left"] == 2


def programs():
    out = subprocess.run(
        ["sh", "-c", "echo $$ $PPID"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert int(out[1]) == os.getpid(), out
    child = subprocess.Popen(["sleep", "1000"])
    assert child.poll() is None
    assert os.path.exists(f"/proc/{child.pid}/stat")
    os.kill(child.pid, signal.SIGTERM)
    assert child.wait(60) == -signal.SIGTERM
    assert not os.path.exists(f"/proc/{child.pid}")


def threads():
    seen = []

    def tell():
        seen.append(threading.get_native_id())
        assert os.path.exists(f"/proc/self/task/{threading.get_native_id()}")

    workers = [threading.Thread(target=tell) for _ in range(5)]
    for worker in workers:
        worker.start()
        worker.join()
    assert len(seen) == 5 and os.getpid() not in seen


def groups():
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    assert os.getsid(child.pid) == child.pid
    os.killpg(child.pid, signal.SIGKILL)
    assert child.wait(60) == -signal.SIGKILL


TESTS = [pool, queue, killed_worker, manager, programs, threads, groups]


def stay(name):
    """As it is."""
    del name
    return os.getpid()


def enter(name):
    with open("/proc/container", "w", encoding="ascii") as control:
        control.write(name)
    with open("/proc/container", encoding="ascii") as control:
        assert control.read() == name + "\n"
    return 1


def enter_with_threads(name):
    """A thread sleeps while another enters."""
    stop = threading.Event()
    before = []
    after = []

    def sleep():
        before.append(threading.get_native_id())
        stop.wait()
        after.append(threading.get_native_id())

    pid = os.getpid()
    thread = threading.Thread(target=sleep)
    thread.start()
    while not before:
        time.sleep(0.001)
    with open("/proc/container", "w", encoding="ascii") as control:
        control.write(f"{name} pids=keep")
    stop.set()
    thread.join()
    assert before == after, (before, after)
    return pid


VARIANTS = {
    "as it is": stay,
    "entered": enter,
    "entered with threads": enter_with_threads,
}


def variants():
    mode = os.environ.get("CT_MODE", "host")
    if mode != "host" or not os.path.exists("/proc/container"):
        return {"as it is": stay}
    return VARIANTS


def run_variant(variant, number):
    """In a process of its own, which a container needs."""
    failed = 0
    try:
        wanted = VARIANTS[variant](f"python-{os.getppid()}-{number}")
        assert os.getpid() == wanted, os.getpid()
    except (AssertionError, OSError) as error:
        print(f"# {variant}: {error}", flush=True)
        os._exit(1)
    for test in TESTS:
        number += 1
        what = f"{variant}: {test.__name__.replace('_', ' ')}"
        try:
            test()
            print(f"ok {number} {what}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed = 1
            trace = error.__traceback__
            while trace.tb_next:
                trace = trace.tb_next
            print(f"# line {trace.tb_lineno}: {type(error).__name__} {error}")
            print(f"not ok {number} {what}", flush=True)
    return failed


def main():
    print("TAP version 13")
    print(f"1..{len(variants()) * len(TESTS)}", flush=True)
    failed = 0
    for count, variant in enumerate(variants()):
        pid = os.fork()
        if not pid:
            sys.exit(run_variant(variant, count * len(TESTS)))
        failed |= os.waitpid(pid, 0)[1]
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
