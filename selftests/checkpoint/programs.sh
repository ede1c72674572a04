#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# timeout: 900
# kernels: stock
#
# Usual programs, saved with cat in the middle of their work, killed, and brought
# back with cat: what they make is what they make undisturbed.

set -u
# shellcheck source=selftests/lib/check.sh
. "$(dirname "$0")/../lib/check.sh"
# shellcheck source=selftests/checkpoint/programs-lib.sh
. "$(dirname "$0")/programs-lib.sh"

# -- bash: a pipeline, jobs, a trap, and children that come and go --------------------

cat >"$OUT/shell" <<'END'
trap 'echo told >>told' USR1
produce() {
	for ((i = 0; i < 300; i++)); do
		echo "line $((i * 7919 % 300))"
		echo $i >progress
		sleep 0.01
	done
}
produce | tee copy | grep -v 'line 7$' | sort -k 2n >sorted &
first=$!
(
	for ((j = 0; j < 20; j++)); do
		sleep 0.05
		/bin/true
	done
	exit 7
) &
second=$!
wait $second
echo "second $?" >>parts
wait $first
echo "first $?" >>parts
kill -USR1 $$
cat parts copy sorted told >result
END

# -- python: threads and processes that share a lock, a queue and memory --------------

cat >"$OUT/python" <<'END'
import hashlib
import multiprocessing
import os
import threading
import time

def work(numbers, results, lock, total, parent):
    for number in iter(numbers.get, None):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        with lock:
            total.value += number
        results.put((number, digest, os.getppid() == parent))
        time.sleep(0.01)

def tick(counts, index, end):
    while not end.is_set():
        counts[index] += 1
        time.sleep(0.05)

def main():
    numbers, results = multiprocessing.Queue(), multiprocessing.Queue()
    lock, total = multiprocessing.Lock(), multiprocessing.Value('l', 0)
    workers = [multiprocessing.Process(target=work, args=(
        numbers, results, lock, total, os.getpid())) for _ in range(3)]
    for worker in workers:
        worker.start()
    end, counts = threading.Event(), [0] * 4
    threads = [threading.Thread(target=tick, args=(counts, i, end))
               for i in range(4)]
    for thread in threads:
        thread.start()
    found = []
    for number in range(150):
        numbers.put(number)
        found.append(results.get())
        with open('progress', 'w') as file:
            print(number, file=file)
    for worker in workers:
        numbers.put(None)
    for worker in workers:
        worker.join()
    end.set()
    for thread in threads:
        thread.join()
    with open('result', 'w') as file:
        print(sorted(found), total.value, all(counts),
              [worker.exitcode for worker in workers], file=file)

main()
END

# -- perl: a child at the other end of a pipe --------------------------------------------

cat >"$OUT/perl" <<'END'
use strict;
use warnings;

my $pid = open(my $child, '-|') // die;
if (!$pid) {
	$| = 1;
	my $x = 1;
	for (1 .. 300) {
		$x = $x * 6364136223846793005 % 4294967291;
		print "$_ $x\n";
		select(undef, undef, undef, 0.01);
	}
	exit 3;
}
my ($count, $sum) = (0, 0);
while (<$child>) {
	my ($number, $x) = split;
	$sum = ($sum * 31 + $x) % 1000000007;
	die "lost: $number" if $number != ++$count;
	open(my $progress, '>', 'progress') or die;
	print $progress "$count\n";
}
close($child);
open(my $result, '>', 'result') or die;
print $result "$count $sum ", $? >> 8, "\n";
END

# -- xz: two threads, one of which is always busy ------------------------------------------

cat >"$OUT/xz" <<'END'
xz -T2 --block-size=1MiB -6 -c input >result.xz &
while [ "$(stat -c %s result.xz)" = 0 ]; do
	sleep 0.05
done
echo 100 >progress
wait $! || echo "xz: $?" >>result
xz -dc result.xz | cmp - input >>result 2>&1
cksum <result.xz >>result
END

# -- sqlite: in a transaction, that is with the file locked -----------------------------------

cat >"$OUT/sqlite" <<'END'
{
	echo 'CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT); BEGIN IMMEDIATE;'
	for ((i = 0; i < 150; i++)); do
		echo "INSERT INTO t VALUES ($i, 'row $((i * 31))');"
		echo $i >progress
		sleep 0.01
	done
	echo 'COMMIT;'
} | sqlite3 base
sqlite3 base 'PRAGMA integrity_check; SELECT count(*), sum(n), max(s) FROM t;' >result
END

# -- redis: a server with data and a client that stays connected -------------------------------

cat >"$OUT/redis" <<'END'
redis-server --port 0 --unixsocket "$PWD/socket" --save '' --daemonize no \
	--logfile "$PWD/log" &
until [ -S socket ] && redis-cli -s socket ping >/dev/null 2>&1; do
	sleep 0.05
done
for ((i = 0; i < 100; i++)); do
	echo "INCRBY sum $i"
	echo "RPUSH list item$i"
	echo $i >progress
	sleep 0.02
done | redis-cli -s socket >replies
{
	redis-cli -s socket get sum
	redis-cli -s socket llen list
	redis-cli -s socket lindex list 99
	tail -n 1 replies
} >result
redis-cli -s socket shutdown nosave
wait
END

# -- tmux: a terminal with a shell in it --------------------------------------------------------

cat >"$OUT/tmux" <<'END'
export TERM=screen
tmux -S socket -f /dev/null new-session -d -x 80 -y 24 'bash --norc'
type() { tmux -S socket send-keys "$1" Enter; }
type "n=0; tty >terminal"
for ((i = 0; i < 40; i++)); do
	type "n=\$((n + $i)); echo \$n >n"
	echo $((i * 10)) >progress
	sleep 0.05
done
type 'sleep 0.1; echo "$n $(stat -c %F "$(cat terminal)")" >last'
until [ -s last ]; do
	sleep 0.05
done
tmux -S socket capture-pane -p | grep -c '[^ ]' >lines
cat last >result
[ "$(cat lines)" -gt 20 ] && echo "the screen is there" >>result
tmux -S socket kill-server
END

[ -n "${CR_SAVE-}${CR_LOAD-}" ] || prepare_input
# Only some: a pattern of names, in CR_PROGRAMS.
compare bash_with_jobs bash "$OUT/shell" 100
compare python_with_threads_and_processes python3 "$OUT/python" 40
compare perl_with_a_child perl "$OUT/perl" 100
compare xz_with_two_threads bash "$OUT/xz" 1
compare sqlite_in_a_transaction bash "$OUT/sqlite" 50
compare redis_with_a_client bash "$OUT/redis" 30
compare tmux_with_a_shell bash "$OUT/tmux" 100
[ -n "${CR_SAVE-}" ] || rm -rf "$OUT"
checked
