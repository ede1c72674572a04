// SPDX-License-Identifier: GPL-2.0
/*
 * What checkpoints and restarts cost, in a machine whose clock counts
 * instructions.
 *
 *	checkpoint module MIB PAGES THREADS PROCESSES
 *	checkpoint criu   MIB PAGES THREADS PROCESSES
 *
 * prints lines "METRIC<tab>COLUMN<tab>NUMBER" about the program subject, which is
 * beside this one and has the same arguments: saved by the module, which has to be
 * loaded, or by CRIU.  All images are in /tmp, which has to be in memory.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DIR_SAID	"/run/checkpoint"
#define SAID		DIR_SAID "/said"
#define NAME		"measured"
#define FILES		"/proc/container/" NAME
#define IMAGE		"/tmp/image"
#define IMAGES		"/tmp/images"
#define CRIU_DIR	"/in/criu"
/* As cat has it. */
#define PIECE		(128u << 10)

static char buffer[PIECE];
static char **shape;

static void __attribute__((noreturn)) fail(const char *what, const char *why)
{
	fprintf(stderr, "checkpoint: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static void __attribute__((noreturn)) die(const char *what)
{
	fail(what, strerror(errno));
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void result(const char *metric, const char *column, double number)
{
	printf("%s\t%s\t%.0f\n", metric, column, number);
	fflush(stdout);
}

/* ---- the program ---- */

/* Its next answer; time costs nothing here. */
static const char *hear(pid_t pid)
{
	static char line[128];
	int tries = 60000;
	FILE *file;

	do {
		usleep(10000);
		if (!tries--)
			fail("subject", "it says nothing");
		if (kill(pid, 0) || waitpid(pid, NULL, WNOHANG) == pid)
			fail("subject", "it is no more");
		file = fopen(SAID, "r");
	} while (!file);
	if (!fgets(line, sizeof(line), file))
		die(SAID);
	fclose(file);
	unlink(SAID);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static const char *ask(pid_t pid, int signal)
{
	if (kill(pid, signal))
		die("kill");
	return hear(pid);
}

static pid_t start_subject(const char *container)
{
	char program[256] = "";
	pid_t pid;
	int fd;

	if (readlink("/proc/self/exe", program, sizeof(program) - 16) < 0)
		die("/proc/self/exe");
	strcpy(strrchr(program, '/') + 1, "subject");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		/* Nothing that somebody else has open too, but what is no matter. */
		fd = open("/dev/null", O_RDWR);
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		close_range(3, ~0u, 0);
		chdir("/");
		execl(program, program, DIR_SAID, container, shape[0], shape[1],
		      shape[2], shape[3], NULL);
		_exit(127);
	}
	if (strcmp(hear(pid), "ready"))
		fail("subject", "it is not ready");
	return pid;
}

/* Restored ones are ours as well: we are their subreaper. */
static void end_subject(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static void see_that_it_lives(pid_t pid, const char *who)
{
	const char *said = ask(pid, SIGHUP);

	if (strcmp(said, "as it was"))
		fail(who, said);
}

/* ---- running and reading ---- */

/* What a command takes, from its fork to its end; its output goes to a file. */
static long long run(char **argv, const char *output)
{
	long long start = now();
	pid_t pid = fork();
	int fd, status;

	if (pid < 0)
		die("fork");
	if (!pid) {
		fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0)
			die(output);
		dup2(fd, 1);
		close(fd);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (status)
		fail(argv[0], "it failed");
	return now() - start;
}

/* To the end, in cat's way but to nowhere; how much that was. */
static long long drain(int fd)
{
	long long sum = 0;
	ssize_t n;

	do {
		n = read(fd, buffer, sizeof(buffer));
		sum += n;
	} while (n > 0);
	if (n < 0)
		die("read");
	return sum;
}

static long long size_of(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		die(path);
	return st.st_size;
}

static long long status_of(const char *key)
{
	char line[256], name[64];
	FILE *file = fopen(FILES "/status", "r");
	long long value;

	if (!file)
		die(FILES "/status");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63[^:]:%lld", name, &value) == 2 &&
		    !strcmp(name, key)) {
			fclose(file);
			return value;
		}
	fail("there is no such line in the status", key);
}

/* ---- the module ---- */

/* In instructions, though no nearer than 1000. */
static long long pause_of_last(void)
{
	return status_of("checkpoint-pause-us") * 1000;
}

static int open_checkpoint(const char *word)
{
	int fd = open(FILES "/checkpoint", *word ? O_RDWR : O_RDONLY);

	if (fd < 0 || write(fd, word, strlen(word)) < 0)
		if (fd < 0 || *word)
			die(FILES "/checkpoint");
	return fd;
}

static void read_memfd(long long size)
{
	int fd = memfd_create("plain", 0);
	long long left, start;
	ssize_t n;

	if (fd < 0)
		die("memfd");
	memset(buffer, 0x5a, sizeof(buffer));
	for (left = size; left; left -= n) {
		n = write(fd, buffer, left < PIECE ? left : PIECE);
		if (n <= 0)
			die("memfd");
	}
	lseek(fd, 0, SEEK_SET);
	start = now();
	if (drain(fd) != size)
		fail("memfd", "its size is another");
	result("stream", "copy", now() - start);
	close(fd);
}

/* While nobody writes, so that it is the same bytes as were saved at first. */
static void measure_stream(void)
{
	long long start, size;
	int fd = open_checkpoint("");

	start = now();
	size = drain(fd);
	result("stream", "snapshot", now() - start);
	close(fd);
	result("stream bytes", "snapshot", size);
	read_memfd(size);
	fd = open_checkpoint("stop");
	drain(fd);
	close(fd);
	result("pause", "stop", pause_of_last());
}

static void measure_faults(pid_t pid)
{
	int fd;

	result("first write to a page", "fork", atof(ask(pid, SIGUSR1)));
	fd = open_checkpoint("");
	result("first write to a page", "snapshot", atof(ask(pid, SIGUSR2)));
	close(fd);
}

/*
 * What the kernel takes for the same copy of the same memory. A start of its own, as
 * the second copy of a page is cheaper.
 */
static void measure_fork(void)
{
	pid_t pid = start_subject("-");
	double fault, forked;

	if (sscanf(ask(pid, SIGUSR1), "%lf %lf", &fault, &forked) != 2)
		fail("fork", "the program does not say how long it took");
	result("pause", "fork", forked);
	end_subject(pid);
}

static void end_container(pid_t pid)
{
	end_subject(pid);
	while (!access(FILES, F_OK))
		usleep(10000);
}

/* The image is there. */
static void measure_restart(char **argv, const char *output, const char *column)
{
	pid_t pid;

	result("restart", column, run(argv, output));
	pid = status_of("init");
	see_that_it_lives(pid, "restarted");
	end_container(pid);
	unlink(IMAGE);
}

/* The same in the way that copies less; it begins with another program. */
static void measure_containerctl(void)
{
	char *save[] = { "containerctl", "checkpoint", NAME, IMAGE, NULL };
	char *restart[] = { "containerctl", "restart", "--detach", IMAGE, NULL };
	pid_t pid = start_subject(NAME);

	result("total", "containerctl", run(save, "/dev/null"));
	result("image bytes", "containerctl", size_of(IMAGE));
	see_that_it_lives(pid, "the original");
	end_container(pid);
	measure_restart(restart, "/dev/null", "containerctl");
}

static void measure_module(void)
{
	char *cat_out[] = { "cat", FILES "/checkpoint", NULL };
	char *cat_in[] = { "cat", IMAGE, NULL };
	pid_t pid = start_subject(NAME);

	/* The first one: later, pages are write-protected already. */
	result("total", "snapshot", run(cat_out, IMAGE));
	result("pause", "snapshot", pause_of_last());
	result("pages", "snapshot", status_of("checkpoint-pages"));
	result("image bytes", "snapshot", size_of(IMAGE));
	measure_stream();
	if (atoi(shape[3]) == 1 && atoi(shape[2]) == 1)
		measure_faults(pid);
	see_that_it_lives(pid, "the original");
	end_container(pid);
	measure_restart(cat_in, "/proc/container/restart", "snapshot");
	measure_containerctl();
	if (atoi(shape[3]) == 1)
		measure_fork();
}

/* ---- CRIU ---- */

static uint64_t varint(const unsigned char **p, const unsigned char *end)
{
	uint64_t value = 0;
	int shift = 0;

	while (*p < end && shift < 64) {
		value |= (uint64_t)(**p & 127) << shift;
		shift += 7;
		if (!(*(*p)++ & 128))
			return value;
	}
	fail(IMAGES "/stats-dump", "it is not as we know it");
}

/*
 * Its statistics: two magic numbers and a length of 32 bits each, and a message of
 * protobuf; field 1 is that of a dump, and in that field 2 the microseconds for
 * which the tasks were held.
 */
static long long frozen_us(void)
{
	unsigned char stats[1024];
	const unsigned char *p = stats + 12, *end;
	int fd = open(IMAGES "/stats-dump", O_RDONLY);
	ssize_t n = read(fd, stats, sizeof(stats));
	uint64_t key, value;

	close(fd);
	if (n <= 12 || *p++ != (1 << 3 | 2))
		fail(IMAGES "/stats-dump", "it is not as we know it");
	end = stats + n;
	varint(&p, end);
	while (p < end) {
		key = varint(&p, end);
		if (key & 7)
			break;
		value = varint(&p, end);
		if (key >> 3 == 2)
			return value;
	}
	fail(IMAGES "/stats-dump", "there is no time");
}

static long long size_of_images(bool end)
{
	DIR *dir = opendir(IMAGES);
	struct dirent *entry;
	long long sum = 0;
	char path[512];

	if (!dir)
		die(IMAGES);
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), IMAGES "/%s", entry->d_name);
		sum += size_of(path);
		if (end)
			unlink(path);
	}
	closedir(dir);
	return sum;
}

static void measure_criu(void)
{
	char tree[16];
	char *dump[] = { CRIU_DIR "/criu", "dump", "-t", tree, "-D", IMAGES,
			 "--leave-running", "-v1", NULL };
	char *restore[] = { CRIU_DIR "/criu", "restore", "-D", IMAGES, "-d",
			    "-v1", NULL };
	pid_t pid;

	if (mkdir(IMAGES, 0700) && errno != EEXIST)
		die(IMAGES);
	size_of_images(true);
	pid = start_subject("-");
	snprintf(tree, sizeof(tree), "%d", pid);
	setenv("LD_LIBRARY_PATH", CRIU_DIR, 1);
	result("total", "criu", run(dump, "/dev/null"));
	result("pause", "criu", frozen_us() * 1000.0);
	result("image bytes", "criu", size_of_images(false));
	see_that_it_lives(pid, "the original");
	end_subject(pid);
	result("restart", "criu", run(restore, "/dev/null"));
	see_that_it_lives(pid, "restored by CRIU");
	end_subject(pid);
	size_of_images(true);
}

int main(int argc, char **argv)
{
	if (argc != 6 || (strcmp(argv[1], "module") && strcmp(argv[1], "criu"))) {
		fputs("usage: checkpoint module|criu MIB PAGES THREADS PROCESSES\n", stderr);
		return EXIT_FAILURE;
	}
	shape = argv + 2;
	if (mkdir(DIR_SAID, 0700) && errno != EEXIST)
		die(DIR_SAID);
	unlink(SAID);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!strcmp(argv[1], "module"))
		measure_module();
	else
		measure_criu();
	return EXIT_SUCCESS;
}
