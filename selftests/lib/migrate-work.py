# SPDX-License-Identifier: GPL-2.0
#
# "selftests/run migrate": a computation of two processes and four threads that know
# each other by their numbers.  It goes on until the file given as argument is there,
# where it is by then, and leaves its result beside it.  Its name tells how far it is.
#
# With "check" it looks whether such a result is right.

import hashlib
import os
import sys
import threading
import time


def step(digest):
    return hashlib.sha256(digest).digest()


def numbers():
    return [os.getpid(), os.getppid(), os.getpgrp(), os.getsid(0), threading.get_native_id()]


# The other process: it works on what comes.
def serve(requests, replies):
    os.setpgid(0, 0)
    mine = numbers()
    while True:
        digest = os.read(requests, 32)
        if not digest:
            os._exit(0 if numbers() == mine else 1)
        os.write(replies, step(digest))


def tick(ticks, end, wrong):
    mine = numbers()
    while not end.wait(0.05):
        ticks[mine[4]] += 1
        if numbers() != mine:
            wrong.append(mine)


def work(end_file):
    there, requests = os.pipe()
    replies, back = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(requests)
        serve(there, back)
    os.close(there)
    end, ticks, wrong, mine = threading.Event(), {}, [], numbers()
    threads = [threading.Thread(target=tick, args=(ticks, end, wrong)) for _ in range(3)]
    for thread in threads:
        thread.start()
        ticks[thread.native_id] = 0
    digest, count = bytes(32), 0
    while not os.path.exists(end_file):
        os.write(requests, digest)
        digest = os.read(replies, 32)
        count += 1
        with open('/proc/self/comm', 'w') as comm:
            comm.write('n %d' % count)
        time.sleep(0.01)
    end.set()
    for thread in threads:
        thread.join()
    os.close(requests)
    status = os.waitpid(child, 0)[1]
    right = (not wrong and numbers() == mine and status == 0 and all(ticks.values()) and
             sorted(ticks) == sorted(thread.native_id for thread in threads))
    with open(end_file + '.result', 'w') as result:
        print(count, digest.hex(), right, wrong, mine, status, ticks, file=result)


def check(file):
    with open(file) as result:
        count, digest, right = result.read().split()[:3]
    wanted = bytes(32)
    for _ in range(int(count)):
        wanted = step(wanted)
    sys.exit(0 if digest == wanted.hex() and right == 'True' else 1)


if sys.argv[1] == 'check':
    check(sys.argv[2])
else:
    work(sys.argv[1])
