// SPDX-License-Identifier: GPL-2.0
/*
 * What system calls cost, in a machine whose clock counts instructions.
 *
 *	bench check			is it such a machine?
 *	bench measure [CASE]		prints a line "CASE<tab>INSTRUCTIONS" each
 *	bench count			prints how many processes are in /proc
 *	bench group KIND SIZE COMMAND...
 *	bench adopt			moving a process of many threads
 *	bench crowd NUMBER		that many containers of one process each
 *	bench memory			bytes that the kernel's own things take
 *
 * "group" runs COMMAND among SIZE processes, of which itself is one, COMMAND
 * one and the others sleep; all end with it.  KIND is where they are: "host",
 * "pidns" (a pid namespace with its own /proc), or "container" (entered by
 * writing to /proc/container); "pidns:N" and "container:N" are N deep.  COMMAND "-" is one more sleeper: the group says
 * "ready" and lives until the process that was called is killed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOP	1000000
#define PAGE	4096
#define FAULT_PAGES	100
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Without libc's wrappers: they and their errno are not what is measured. */
static inline long call(long number, long a, long b, long c)
{
	long ret;

	asm volatile("syscall" : "=a" (ret)
		     : "a" (number), "D" (a), "S" (b), "d" (c)
		     : "rcx", "r11", "memory");
	return ret;
}

static long self;
static char buffer[65536];

static void do_getpid(void)
{
	call(SYS_getpid, 0, 0, 0);
}

static void do_getppid(void)
{
	call(SYS_getppid, 0, 0, 0);
}

static void do_getpgid(void)
{
	call(SYS_getpgid, 0, 0, 0);
}

static void do_getsid(void)
{
	call(SYS_getsid, 0, 0, 0);
}

static void do_kill(void)
{
	if (call(SYS_kill, self, 0, 0))
		die("kill(self, 0)");
}

static void reap(pid_t pid)
{
	if (pid < 0)
		die("fork");
	if (waitpid(pid, NULL, 0) != pid)
		die("waitpid");
}

static void do_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	reap(pid);
}

static void do_vfork(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	reap(pid);
}

static void *thread(void *arg)
{
	return arg;
}

static void do_thread(void)
{
	pthread_t t;

	errno = pthread_create(&t, NULL, thread, NULL);
	if (!errno)
		errno = pthread_join(t, NULL);
	if (errno)
		die("thread");
}

/* The first write to a page; after the last one they are all given back. */
static void do_fault(void)
{
	static char *memory, *at;

	if (!memory) {
		memory = mmap(NULL, FAULT_PAGES * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			die("mmap");
		at = memory;
	}
	*(volatile char *)at = 1;
	at += PAGE;
	if (at < memory + FAULT_PAGES * PAGE)
		return;
	if (madvise(memory, FAULT_PAGES * PAGE, MADV_DONTNEED))
		die("madvise");
	at = memory;
}

static void do_stat(void)
{
	long fd = call(SYS_open, (long)"/proc/self/stat", O_RDONLY, 0);

	if (fd < 0 || call(SYS_read, fd, (long)buffer, sizeof(buffer)) <= 0)
		die("/proc/self/stat");
	call(SYS_close, fd, 0, 0);
}

static void do_readdir(void)
{
	long fd = call(SYS_open, (long)"/proc", O_RDONLY | O_DIRECTORY, 0);
	long got;

	if (fd < 0)
		die("/proc");
	do {
		got = call(SYS_getdents64, fd, (long)buffer, sizeof(buffer));
	} while (got > 0);
	if (got)
		die("reading /proc");
	call(SYS_close, fd, 0, 0);
}

static int make_socket(int family, int type, int protocol)
{
	int sock = socket(family, type | SOCK_CLOEXEC, protocol);

	if (sock < 0)
		die("socket");
	return sock;
}

/* A question about the machine's own device, and the answer. */
static void do_netlink(void)
{
	static struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} request = {
		.head = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.info = { .ifi_index = 1 },
	};
	static int sock = -1;

	if (sock < 0)
		sock = make_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	if (send(sock, &request, sizeof(request), 0) != sizeof(request) ||
	    recv(sock, buffer, sizeof(buffer), 0) <= (ssize_t)sizeof(request))
		die("netlink");
}

/* One byte, and who sends it. */
static void do_credentials(void)
{
	static int pair[2] = { -1, -1 };
	static const int on = 1;
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	if (pair[0] < 0 &&
	    (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) ||
	     setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on))))
		die("socketpair");
	if (send(pair[0], &byte, 1, 0) != 1 || recvmsg(pair[1], &msg, 0) != 1 ||
	    control.head.cmsg_type != SCM_CREDENTIALS)
		die("credentials");
}

/* A packet to the machine itself. */
static void do_packet(void)
{
	static struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = 1,
	};
	static const struct ethhdr packet = { .h_proto = 0xb588 };
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	static int from = -1, at;

	if (from < 0) {
		from = make_socket(AF_PACKET, SOCK_RAW, 0);
		at = make_socket(AF_PACKET, SOCK_RAW, packet.h_proto);
		to.sll_protocol = packet.h_proto;
		if (ioctl(from, SIOCSIFFLAGS, &up) ||
		    bind(at, (struct sockaddr *)&to, sizeof(to)))
			die("packet socket");
		to.sll_protocol = 0;
	}
	if (sendto(from, &packet, sizeof(packet), 0, (struct sockaddr *)&to,
		   sizeof(to)) != sizeof(packet) ||
	    recv(at, buffer, sizeof(buffer), 0) != sizeof(packet))
		die("packet");
}

static void do_socket(void)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	int sock = make_socket(AF_INET, SOCK_DGRAM, 0);

	if (getsockname(sock, (struct sockaddr *)&name, &len))
		die("getsockname");
	close(sock);
}

static void do_open(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("/dev/null");
	close(fd);
}

static void do_ioctl(void)
{
	static int fd[2] = { -1, -1 }, waiting;

	if (fd[0] < 0 && pipe2(fd, O_CLOEXEC))
		die("pipe");
	if (call(SYS_ioctl, fd[0], FIONREAD, (long)&waiting))
		die("ioctl");
}

/* A process makes a container of itself and ends; or a namespace of its child. */
static void make_and_end(const char *kind)
{
	char name[32];
	int fd, len;
	pid_t pid;

	if (!strcmp(kind, "pidns"))
		pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	else
		pid = fork();
	if (!pid) {
		if (!strcmp(kind, "container")) {
			len = snprintf(name, sizeof(name), "cycle%d", getpid());
			fd = open("/proc/container", O_WRONLY);
			if (write(fd, name, len) != len)
				_exit(1);
		}
		_exit(0);
	}
	reap(pid);
}

static void do_cycle_plain(void)
{
	make_and_end("host");
}

static void do_cycle_container(void)
{
	make_and_end("container");
}

static void do_cycle_pidns(void)
{
	make_and_end("pidns");
}

/*
 * Most batches of what leaves nothing for later are free of the timer's tick.
 * Ending a process leaves work for RCU callbacks and fills the allocators'
 * caches: there, the first batches differ from the others.
 */
#define MAX_BATCHES	300

static const struct bench {
	const char *name;
	void (*op)(void);
	int ops;
	int warm_up;
	int batches;
	bool only_by_name;	/* not part of "measure" without a name */
} benches[] = {
	{ "getpid",			do_getpid,	2000,	2,	25, false },
	{ "getppid",			do_getppid,	2000,	2,	25, false },
	{ "getpgid",			do_getpgid,	2000,	2,	25, false },
	{ "getsid",			do_getsid,	2000,	2,	25, false },
	{ "kill(self, 0)",		do_kill,	2000,	2,	25, false },
	{ "fork+exit+wait",		do_fork,	100,	20,	100, false },
	{ "vfork+exit+wait",		do_vfork,	100,	40,	300, false },
	{ "pthread create+join",	do_thread,	100,	40,	300, false },
	{ "page fault",			do_fault,	FAULT_PAGES, 20, 100, false },
	{ "/proc/self/stat",		do_stat,	100,	2,	25, false },
	{ "readdir /proc",		do_readdir,	1,	3,	15, false },
	{ "netlink request+answer",	do_netlink,	100,	2,	25, false },
	{ "SCM_CREDENTIALS",		do_credentials,	100,	2,	25, false },
	{ "packet send+receive",	do_packet,	100,	2,	25, false },
	{ "socket+name+close",		do_socket,	100,	5,	25, false },
	{ "open+close",			do_open,	100,	5,	25, false },
	{ "ioctl(FIONREAD)",		do_ioctl,	2000,	2,	25, false },
	{ "cycle plain",		do_cycle_plain,	10,	5,	25, true },
	{ "cycle container",		do_cycle_container, 10,	5,	25, true },
	{ "cycle pidns",		do_cycle_pidns,	10,	5,	25, true },
};

static int compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

/* The median of several batches. */
static double measure(const struct bench *b)
{
	long long took[MAX_BATCHES], start, end;
	int batch, i;

	for (batch = -b->warm_up; batch < b->batches; batch++) {
		start = now();
		for (i = 0; i < b->ops; i++)
			b->op();
		end = now();
		if (batch >= 0)
			took[batch] = end - start;
	}
	qsort(took, b->batches, sizeof(took[0]), compare);
	return (double)took[b->batches / 2] / b->ops;
}

static int measure_all(const char *only)
{
	size_t i, done = 0;

	self = getpid();
	for (i = 0; i < ARRAY_SIZE(benches); i++) {
		if (only ? strcmp(only, benches[i].name) : benches[i].only_by_name)
			continue;
		printf("%s\t%.2f\n", benches[i].name, measure(&benches[i]));
		done++;
	}
	if (!done) {
		fprintf(stderr, "bench: there is no case '%s'\n", only);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int count(void)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int n = 0;

	if (!dir)
		die("/proc");
	while ((entry = readdir(dir)))
		n += *entry->d_name >= '1' && *entry->d_name <= '9';
	closedir(dir);
	printf("%d\n", n);
	return EXIT_SUCCESS;
}

/* Two instructions a round. */
static void spin(long rounds)
{
	asm volatile("1: dec %0\n\tjnz 1b" : "+r" (rounds) : : "cc");
}

static int check(void)
{
	long long start, took, best = 0;
	int i;

	for (i = 0; i < 20; i++) {
		start = now();
		spin(LOOP);
		took = now() - start;
		if (!best || took < best)
			best = took;
	}
	printf("%d instructions took %lld ns\n", 2 * LOOP, best);
	if (best < 2 * LOOP * 0.999 || best > 2 * LOOP * 1.001) {
		fputs("bench: this machine's clock does not count instructions\n", stderr);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int wait_for(pid_t pid)
{
	int status;

	if (pid < 0)
		die("fork");
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static int run_group(int size, char **command)
{
	pid_t pid;
	int i;

	for (i = 0; i < size - 2; i++)
		start_sleeper();
	if (!strcmp(command[0], "-")) {
		pid = start_sleeper();
		puts("ready");
		fclose(stdout);
		return wait_for(pid);
	}
	pid = fork();
	if (!pid) {
		execvp(command[0], command);
		die(command[0]);
	}
	return wait_for(pid);
}

static void enter_container(void)
{
	char name[32];
	int fd, len;

	len = snprintf(name, sizeof(name), "bench%d\n", getpid());
	fd = open("/proc/container", O_WRONLY);
	if (fd < 0 || write(fd, name, len) != len)
		die("/proc/container");
	close(fd);
	if (getpid() != 1) {
		fputs("bench: not process 1 of the container\n", stderr);
		exit(EXIT_FAILURE);
	}
}

static pid_t enter_namespace(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("unshare");
	pid = fork();
	if (!pid && mount("proc", "/proc", "proc", 0, NULL))
		die("mounting /proc");
	return pid;
}

/* The children of a namespace's process 1 are in the next one. */
static pid_t enter_namespaces(int depth)
{
	pid_t pid = enter_namespace();

	if (pid || depth == 1)
		return pid;
	pid = enter_namespaces(depth - 1);
	if (pid)
		exit(wait_for(pid));
	return 0;
}

static int depth_of(const char *kind)
{
	const char *colon = strchr(kind, ':');

	return colon ? atoi(colon + 1) : 1;
}

/*
 * The group's leader is always a process of its own: in a container it becomes
 * process 1.
 */
static int group(const char *kind, int size, char **command)
{
	int depth = depth_of(kind);
	pid_t pid;

	if (depth > 0 && !strncmp(kind, "pidns", 5)) {
		pid = enter_namespaces(depth);
	} else if (depth > 0 &&
		   (!strncmp(kind, "container", 9) || !strcmp(kind, "host"))) {
		pid = fork();
		while (!pid && *kind == 'c' && depth--)
			enter_container();
	} else {
		fprintf(stderr, "bench: '%s' is not host, pidns or container\n", kind);
		return EXIT_FAILURE;
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return run_group(size, command);
	}
	return wait_for(pid);
}

/* Each a container of its own; they live as long as we do. */
static int make_crowd(int number)
{
	char name[32];
	int fd, len, i, ready[2];
	pid_t pid;

	if (pipe(ready))
		die("pipe");
	for (i = 0; i < number; i++) {
		pid = fork();
		if (pid < 0)
			die("fork");
		if (pid)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		len = snprintf(name, sizeof(name), "crowd%d", i);
		fd = open("/proc/container", O_WRONLY);
		if (fd < 0 || write(fd, name, len) != len)
			die("/proc/container");
		close(fd);
		close(ready[0]);
		if (write(ready[1], "", 1) != 1)
			die("pipe");
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	for (i = 0; i < number; i += len) {
		len = read(ready[0], buffer, sizeof(buffer));
		if (len <= 0)
			die("a container did not begin");
	}
	puts("ready");
	fclose(stdout);
	for (;;)
		pause();
}

static void *sleep_forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

#define ADOPTEES	10
#define THREADS		100

static pid_t start_threads(void)
{
	pthread_attr_t attr;
	pthread_t t;
	int i, ready[2];
	pid_t pid;

	if (pipe(ready))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_attr_init(&attr);
		pthread_attr_setstacksize(&attr, 65536);
		for (i = 0; i < THREADS - 1; i++)
			if (pthread_create(&t, &attr, sleep_forever, NULL))
				die("thread");
		if (write(ready[1], "", 1) != 1)
			die("pipe");
		sleep_forever(NULL);
	}
	close(ready[1]);
	if (read(ready[0], buffer, 1) != 1)
		die("threads");
	close(ready[0]);
	return pid;
}

/* What it takes to move a process of many threads into a container. */
static int measure_adopting(void)
{
	long long took[ADOPTEES], start;
	pid_t box, pids[ADOPTEES];
	char line[32];
	int fd, len, i;

	box = fork();
	if (!box) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = open("/proc/container", O_WRONLY);
		if (write(fd, "adopters", 8) != 8)
			die("/proc/container");
		sleep_forever(NULL);
	}
	do {
		usleep(1000);
		fd = open("/proc/container/adopters/tasks", O_WRONLY);
	} while (fd < 0);
	for (i = 0; i < ADOPTEES; i++)
		pids[i] = start_threads();
	for (i = 0; i < ADOPTEES; i++) {
		len = snprintf(line, sizeof(line), "%d pids=keep", pids[i]);
		start = now();
		if (write(fd, line, len) != len)
			die("adopting");
		took[i] = now() - start;
	}
	qsort(took, ADOPTEES, sizeof(took[0]), compare);
	printf("adopt %d threads\t%lld\n", THREADS, took[ADOPTEES / 2]);
	kill(box, SIGKILL);
	for (i = 0; i < ADOPTEES; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return EXIT_SUCCESS;
}

/* Objects in use; what the allocator has at hand depends on what was before. */
static long long slab_bytes(void)
{
	long long sum = 0, used, size;
	char line[512];
	FILE *file = fopen("/proc/slabinfo", "r");

	if (!file)
		die("/proc/slabinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %lld %*d %lld", &used, &size) == 2)
			sum += used * size;
	fclose(file);
	return sum;
}

static int memory(void)
{
	printf("%lld\n", slab_bytes());
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	int size;

	if (argc == 2 && !strcmp(argv[1], "check"))
		return check();
	if (argc == 2 && !strcmp(argv[1], "count"))
		return count();
	if ((argc == 2 || argc == 3) && !strcmp(argv[1], "measure"))
		return measure_all(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "adopt"))
		return measure_adopting();
	if (argc == 2 && !strcmp(argv[1], "memory"))
		return memory();
	if (argc == 3 && !strcmp(argv[1], "crowd") && atoi(argv[2]) > 0)
		return make_crowd(atoi(argv[2]));
	size = argc > 4 ? atoi(argv[3]) : 0;
	if (size >= 2 && !strcmp(argv[1], "group"))
		return group(argv[2], size, argv + 4);
	fputs("usage: bench check | count | measure [CASE] | adopt | memory | crowd NUMBER\n"
	      "       bench group KIND SIZE COMMAND...\n", stderr);
	return EXIT_FAILURE;
}
