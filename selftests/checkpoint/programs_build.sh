#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# timeout: 900
# kernels: stock
# image: gcc java
#
# As in programs.sh, programs that are larger: compilers under make, and a Java
# virtual machine.

set -u
# shellcheck source=selftests/lib/check.sh
. "$(dirname "$0")/../lib/check.sh"
# shellcheck source=selftests/checkpoint/programs-lib.sh
. "$(dirname "$0")/programs-lib.sh"

# -- make -j2, with both compilers in the middle of their work: one has the other's output
# -- in a pipe, and the other one a file -------------------------------------------------

cat >"$OUT/make" <<'END'
# A file for the compiler to think about: NUMBER
source_file() {
	awk -v n="$1" 'BEGIN {
		for (f = 0; f < 16; f++) {
			printf "unsigned f%d_%d(unsigned *a, unsigned n)\n{\n", n, f
			printf "\tunsigned i, j, x = %d;\n\n", n * 1000 + f
			print "\tfor (i = 0; i < n; i++)\n\t\tfor (j = 0; j < n; j++) {"
			for (s = 0; s < 6; s++)
				printf "\t\t\tx = x * %d + a[(i * %d + j) %% n] / (j + %d);\n",
					2 * s + 3, s + f + 1, s + 1
			print "\t\t\ta[j] ^= x >> 3;\n\t\t}\n\treturn x;\n}\n"
		}
		printf "unsigned file%d(unsigned *a, unsigned n)\n{\n\treturn 0", n
		for (f = 0; f < 16; f++)
			printf " + f%d_%d(a, n)", n, f
		print ";\n}"
	}' >"file$1.c"
}
for n in 1 2 3 4; do
	source_file $n
done
cat >main.c <<'EOC'
#include <stdio.h>
unsigned file1(unsigned *, unsigned), file2(unsigned *, unsigned);
unsigned file3(unsigned *, unsigned), file4(unsigned *, unsigned);
int main(void)
{
	unsigned a[16] = { 1, 2, 3, 4, 5 };

	return printf("%u %u %u %u\n", file1(a, 16), file2(a, 16), file3(a, 16), file4(a, 16)) < 0;
}
EOC
printf '%s\n' 'program: main.o file1.o file2.o file3.o file4.o' \
	'	gcc -o $@ $^' \
	'%.o: %.c' '	gcc -O2 -c -o $@ $<' \
	'file2.o file4.o: %.o: %.c' '	gcc -pipe -O2 -c -o $@ $<' >Makefile
make -j2 >log 2>&1 &
make=$!
# Two at work, of the first files and of those that follow.
for round in 1 2; do
	until [ "$(pgrep -c -x cc1)" = 2 ] && [ "$(find . -name 'file*.o' | wc -l)" -ge $((round - 1)) ] ||
		! kill -0 $make 2>/dev/null; do
		sleep 0.1
	done
	echo $round >progress
	[ $round = 2 ] || until [ "$(find . -name 'file*.o' | wc -l)" -ge 1 ] ||
		! kill -0 $make 2>/dev/null; do
		sleep 0.1
	done
done
wait $make
echo "make: $?" >built
./program >>built
cksum ./*.o program | awk '{ print $1, $2, $3 }' >>built
mv built result
END

# -- Java: threads, among them those of the machine itself, garbage, a pool, timed waits ----

cat >"$OUT/java" <<'END'
cat >program.bsh <<'EOB'
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

AtomicLong steps = new AtomicLong();
ConcurrentHashMap results = new ConcurrentHashMap();
main = Thread.currentThread();

worker(int number) {
	run() {
		long x = number;
		for (int i = 0; i < 60; i++) {
			StringBuilder text = new StringBuilder();
			for (int k = 0; k < 20; k++) {
				x = (x * 1103515245L + 12345L) % 2147483647L;
				text.append(x);
			}
			results.put(number + "." + i % 10, text.toString());
			steps.incrementAndGet();
			Thread.sleep(20);
		}
		results.put("last " + number, "" + x);
	}
	return this;
}

threads = new ArrayList();
for (int i = 1; i <= 3; i++)
	threads.add(new Thread((Runnable)worker(i)));
for (thread : threads)
	thread.start();
pool = Executors.newScheduledThreadPool(2);
tell() {
	run() {
		out = new java.io.FileWriter("progress");
		out.write(steps.get() + "\n");
		out.close();
	}
	return this;
}
future = pool.scheduleAtFixedRate((Runnable)tell(), 0, 100, TimeUnit.MILLISECONDS);
for (thread : threads)
	thread.join();
future.cancel(false);
pool.shutdown();
ended = pool.awaitTermination(60, TimeUnit.SECONDS);
out = new java.io.FileWriter("result.new");
out.write(steps.get() + " " + ended + " " + new TreeMap(results) + "\n");
out.close();
new java.io.File("result.new").renameTo(new java.io.File("result"));
EOB
exec /usr/lib/jvm/java-17-openjdk-amd64/bin/java -XX:+UseG1GC -Xmx96m \
	-cp /usr/share/java/bsh.jar bsh.Interpreter program.bsh
END

compare make_with_two_compilers bash "$OUT/make" 1
compare java_with_threads bash "$OUT/java" 40
rm -rf "$OUT"
checked
