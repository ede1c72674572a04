// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 400 */
/*
 * What cannot be saved is named: in NAME/check, with the process and the place,
 * and by a checkpoint that fails before it has stopped anything.
 */
#include "ct-checkpoint.h"
#include "ct-nest.h"
#include "ct-ring.h"

#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <netinet/in.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/un.h>

#define FIELDS 5

/* PID WHERE WHAT WHY HELP; whether this is the line that was looked for. */
static bool fits(char *line, int pid, const char *where, const char *what)
{
	char *field[FIELDS], *rest;
	int i;

	for (i = 0; i < FIELDS; i++) {
		field[i] = strtok_r(i ? NULL : line, "\t", &rest);
		if (!field[i])
			CT_FAIL("field %d of \"%s\" is missing", i + 1, line);
	}
	if (strtok_r(NULL, "\t", &rest))
		CT_FAIL("\"%s\" has too many fields", line);
	return atoi(field[0]) == pid && !strncmp(field[1], where, strlen(where)) &&
	       (strcasestr(field[2], what) || strcasestr(field[3], what));
}

static int checked(const char *name, char *text, size_t size)
{
	char path[128];

	ct_path(path, sizeof(path), name, "check");
	return ct_read_file(path, text, size);
}

static void is_named(const char *name, int pid, const char *where, const char *what)
{
	char text[8192], copy[8192], *line, *rest;

	CT_CHECK(checked(name, text, sizeof(text)) >= 0);
	strcpy(copy, text);
	for (line = strtok_r(copy, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (fits(line, pid, where, what))
			return;
	CT_FAIL("no '%s' of %d at '%s' in:\n%s", what, pid, where, text);
}

/* A checkpoint fails, and nothing was stopped for it. */
static void is_refused(const char *name)
{
	struct cr_image image;

	CT_EQ(-EOPNOTSUPP, cr_save(name, NULL, &image));
	CT_STREQ("failed", ct_status_text(name, "checkpoint"));
	CT_CHECK(strstr(ct_status_text(name, "checkpoint-error"), "check"));
	CT_STREQ("", ct_status_text(name, "checkpoint-pause-us"));
	cr_image_free(&image);
}

static void blocked(struct cr_row *row, int pid, const char *where,
		    const char *what)
{
	struct cr_guard guard = cr_guard();
	struct cr_life life = cr_start(row);

	is_named(life.name, pid, where, what);
	is_refused(life.name);
	cr_finish(&life);
	cr_guard_end(&guard);
}

/* A subject with the thing, and the test that it is named. */
#define BLOCKED_IN(row, pid, where, what, ...)				\
static struct cr_row row##_row;						\
TEST(row)								\
{									\
	CT_NEED_MODULE();						\
	blocked(&row##_row, pid, where, what);				\
}									\
CR_SUBJECT(row, ##__VA_ARGS__)

#define BLOCKED(row, where, what, ...)					\
	BLOCKED_IN(row, 1, where, what, ##__VA_ARGS__)

/* -- descriptors --------------------------------------------------------------------- */

BLOCKED(io_uring, "fd 3", "io_uring")
{
	struct ct_ring ring;

	CT_EQ(0, ct_ring_start(&ring, 0));
	CT_EQ(3, ring.fd);
	cr_ready();
}

BLOCKED(perf_event, "fd 3", "perf")
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
	};

	CT_EQ(3, syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
	cr_ready();
}

BLOCKED(userfaultfd, "fd 3", "userfaultfd")
{
	CT_EQ(3, syscall(SYS_userfaultfd, O_CLOEXEC));
	cr_ready();
}

BLOCKED(fanotify, "fd 3", "fanotify")
{
	CT_EQ(3, syscall(SYS_fanotify_init, 0, O_RDONLY));
	cr_ready();
}

BLOCKED(packet_socket, "fd 3", "socket")
{
	CT_EQ(3, socket(AF_PACKET, SOCK_RAW, 0));
	cr_ready();
}

/* There is one on every kernel. */
static int open_device(void)
{
	return open("/dev/kmsg", O_WRONLY);
}

/* Nobody could connect to it again. */
BLOCKED(unlinked_unix_socket, "fd 3", "name is gone")
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	strcpy(sun.sun_path, cr_file("s"));
	CT_EQ(3, socket(AF_UNIX, SOCK_STREAM, 0));
	CT_EQ(0, bind(3, (struct sockaddr *)&sun, sizeof(sun)));
	CT_EQ(0, listen(3, 1));
	CT_EQ(4, socket(AF_UNIX, SOCK_STREAM, 0));
	CT_EQ(0, connect(4, (struct sockaddr *)&sun, sizeof(sun)));
	CT_EQ(0, unlink(sun.sun_path));
	cr_ready();
}

/* It stays in its line and in its field, and no terminal obeys it. */
BLOCKED(name_with_controls, "fd 3", "/a\\011b\\033[31m\\012c\\134 ")
{
	const char *dir = cr_file("a\tb\33[31m\nc\\");

	CT_EQ(0, mkdir(dir, 0700));
	CT_EQ(3, open(dir, O_RDONLY));
	CT_EQ(0, rmdir(dir));
	cr_ready();
}

BLOCKED(ip_options, "fd 3", "IP_OPTIONS")
{
	CT_EQ(3, socket(AF_INET, SOCK_DGRAM, 0));
	CT_EQ(0, setsockopt(3, IPPROTO_IP, IP_OPTIONS, "\1\1\1", 4));
	cr_ready();
}

BLOCKED(device, "fd 3", "device")
{
	CT_EQ(3, open_device());
	cr_ready();
}

/* Its signals go to one outside. */
static int give_owned(void)
{
	int fd[2];

	CT_EQ(0, pipe(fd));
	CT_EQ(0, fcntl(fd[0], F_SETOWN, getpid()));
	close(fd[1]);
	return fd[0];
}

BLOCKED(lease, "fd 3", "lease")
{
	CT_EQ(3, open(cr_file("a"), O_RDONLY | O_CREAT, 0600));
	CT_EQ(0, fcntl(3, F_SETLEASE, F_RDLCK));
	cr_ready();
	CT_EQ(F_RDLCK, fcntl(3, F_GETLEASE));
}

BLOCKED(dnotify, "fd 3", "dnotify")
{
	CT_EQ(3, open(cr_dir, O_RDONLY | O_DIRECTORY));
	CT_EQ(0, fcntl(3, F_NOTIFY, DN_CREATE));
	cr_ready();
}

/* What is in it has another name, which nothing leads to. */
BLOCKED(another_name, "fd 3", "has another")
{
	CT_EQ(3, open(cr_file("a"), O_RDWR | O_CREAT, 0600));
	CT_EQ(0, link(cr_file("a"), cr_file("b")));
	CT_EQ(0, unlink(cr_file("a")));
	cr_ready();
}

BLOCKED(removed_directory, "fd 3", "removed")
{
	CT_EQ(0, mkdir(cr_file("d"), 0700));
	CT_EQ(3, open(cr_file("d"), O_RDONLY | O_DIRECTORY));
	CT_EQ(0, rmdir(cr_file("d")));
	cr_ready();
}

BLOCKED(much_in_a_memfd, "fd 3", "256 MiB")
{
	CT_EQ(3, syscall(SYS_memfd_create, "large", 0));
	CT_EQ(0, fallocate(3, 0, 0, 257 << 20));
	cr_ready();
}

BLOCKED(signals_to_outside, "fd 3", "F_SETOWN", .give = give_owned)
{
	cr_ready();
}

/* Several, of which none is left out; and in another process. */
static void has_two(void *arg)
{
	(void)arg;
	CT_EQ(3, open_device());
	CT_EQ(4, open_device());
	cr_await();
}

CR_SUBJECT(several)
{
	pid_t child = cr_child(has_two, NULL);

	CT_EQ(3, open_device());
	CT_UNTIL(!access("/proc/2/fd/4", F_OK));
	cr_ready();
	CT_EQ(0, ct_reap(child));
}

TEST(all_are_named)
{
	struct cr_guard guard;
	struct cr_life life;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&several_row);
	is_named(life.name, 1, "fd 3", "device");
	is_named(life.name, 2, "fd 3", "device");
	is_named(life.name, 2, "fd 4", "device");
	is_refused(life.name);
	cr_finish(&life);
	cr_guard_end(&guard);
}

/* -- the outside --------------------------------------------------------------------- */

static int other_end;

static int give_pipe_to_write(void)
{
	int fd[2];

	CT_EQ(0, pipe(fd));
	other_end = fd[0];
	return fd[1];
}

BLOCKED(pipe_to_outside, "fd 3", "pipe", .give = give_pipe_to_write)
{
	CT_EQ(1, write(3, "x", 1));
	cr_ready();
	CT_EQ(1, write(3, "y", 1));
}

static int give_pipe_to_read(void)
{
	int fd[2];

	CT_EQ(0, pipe(fd));
	other_end = fd[1];
	return fd[0];
}

BLOCKED(pipe_from_outside, "fd 3", "pipe", .give = give_pipe_to_read)
{
	cr_ready();
}

static int give_socket(void)
{
	int fd[2];

	CT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	other_end = fd[0];
	return fd[1];
}

BLOCKED(socket_to_outside, "other end of fd 3", "socket", .give = give_socket)
{
	cr_ready();
}

/* Memory that somebody outside has, too; the file is not even open any more. */
static int give_memory(void)
{
	int fd = syscall(SYS_memfd_create, "shared with the outside", 0);

	CT_CHECK(fd >= 0);
	CT_EQ(0, ftruncate(fd, 65536));
	CT_CHECK(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) !=
		 MAP_FAILED);
	return fd;
}

BLOCKED(memory_shared_with_outside, "", "shared", .give = give_memory)
{
	CT_CHECK(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0) !=
		 MAP_FAILED);
	close(3);
	cr_ready();
}

static int give_eventfd(void)
{
	int fd = syscall(SYS_eventfd2, 0, 0);

	other_end = dup(fd);
	return fd;
}

BLOCKED(eventfd_shared_with_outside, "fd 3", "outside", .give = give_eventfd)
{
	cr_ready();
}

/* -- memory ---------------------------------------------------------------------------- */

static struct cr_row device_memory_row;

TEST(device_memory)
{
	CT_NEED_MODULE();
	if (access("/dev/mem", R_OK))
		SKIP(return, "no device with memory to map");
	blocked(&device_memory_row, 1, "address", "device");
}

CR_SUBJECT(device_memory)
{
	int fd = open("/dev/mem", O_RDONLY);
	void *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0xf0000);

	CT_CHECK(at != MAP_FAILED);
	close(fd);
	cr_ready();
}

static int waits_with_memory(void *arg)
{
	(void)arg;
	while (!cr_told())
		usleep(1000);
	return 0;
}

BLOCKED(memory_of_two, "-", "memory shared by processes")
{
	char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	CT_CHECK(stack != MAP_FAILED);
	child = clone(waits_with_memory, stack + 65536, CLONE_VM | SIGCHLD, NULL);
	CT_CHECK(child > 0);
	cr_ready();
	CT_EQ(0, ct_reap(child));
}

BLOCKED(system_v_memory, "address", "System V")
{
	int id = shmget(IPC_PRIVATE, 4096, 0600);
	void *at;

	CT_CHECK(id >= 0);
	at = shmat(id, NULL, 0);
	CT_CHECK(at != (void *)-1);
	CT_EQ(0, shmctl(id, IPC_RMID, NULL));
	cr_ready();
}

BLOCKED(asynchronous_io, "address", "asynchronous")
{
	unsigned long context = 0;

	CT_EQ(0, syscall(SYS_io_setup, 4, &context));
	cr_ready();
}

/* -- processes --------------------------------------------------------------------------- */

/* Traced from outside: the test goes on in between. */
CR_SUBJECT(plain)
{
	cr_ready();
}

TEST(traced_from_outside)
{
	struct cr_guard guard;
	struct cr_life life;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&plain_row);
	CT_EQ(0, ptrace(PTRACE_SEIZE, life.pid, 0, 0));
	is_named(life.name, 1, "", "traced");
	is_refused(life.name);
	CT_EQ(0, ptrace(PTRACE_INTERRUPT, life.pid, 0, 0));
	CT_EQ(life.pid, waitpid(life.pid, NULL, 0));
	is_refused(life.name);
	CT_EQ(0, ptrace(PTRACE_DETACH, life.pid, 0, 0));
	cr_finish(&life);
	cr_guard_end(&guard);
}

static void idles(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

BLOCKED_IN(traced_inside, 2, "", "traced")
{
	pid_t child = cr_child(idles, NULL);

	CT_EQ(0, ptrace(PTRACE_SEIZE, child, 0, 0));
	cr_ready();
	CT_EQ(0, kill(child, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(child));
}

static void *outlives_first(void *arg)
{
	cr_await();
	_exit(6);
	return arg;
}

static void first_ends(void *arg)
{
	pthread_t thread;

	CT_EQ(0, pthread_create(&thread, NULL, outlives_first, arg));
	syscall(SYS_exit, 0);
}

/* The kernel cannot make a process like that. */
BLOCKED_IN(first_thread_dead, 2, "", "first thread")
{
	pid_t child = cr_child(first_ends, NULL);

	CT_UNTIL(ct_state(child) == 'Z');
	CT_EQ(0, waitpid(child, NULL, WNOHANG));
	cr_ready();
	CT_EQ(6, ct_reap(child));
}

static void in_namespace(int flag)
{
	CT_EQ(0, unshare(flag));
	cr_ready();
}

BLOCKED(ipc_namespace, "", "ipc")
{
	in_namespace(CLONE_NEWIPC);
}

BLOCKED(net_namespace, "", "net")
{
	in_namespace(CLONE_NEWNET);
}

BLOCKED(uts_namespace, "", "uts")
{
	in_namespace(CLONE_NEWUTS);
}

BLOCKED(mount_namespace, "", "mount")
{
	in_namespace(CLONE_NEWNS);
}

BLOCKED(user_namespace, "", "user")
{
	in_namespace(CLONE_NEWUSER);
}

BLOCKED(time_namespace_of_children, "", "time")
{
	in_namespace(0x80 /* CLONE_NEWTIME */);
}

BLOCKED(cgroup_namespace, "", "cgroup")
{
	in_namespace(CLONE_NEWCGROUP);
}

/* A container inside is one of its own. */
static void enters(void *arg)
{
	(void)arg;
	CT_EQ(0, ct_enter("inner"));
	pause();
}

BLOCKED_IN(container_inside, 2, "", "container")
{
	pid_t child = cr_child(enters, NULL);
	char name[CT_NAME_MAX + 1];

	CT_CHECK(ct_read_file(CT_FILE, name, 30) > 0);
	strcpy(strchr(name, '\n'), "/inner");
	CT_UNTIL(ct_task_count(name) == 1);
	cr_ready();
	CT_EQ(0, kill(child, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(child));
}

BLOCKED(semaphore_undo, "", "System V")
{
	struct sembuf add = { .sem_op = 1, .sem_flg = SEM_UNDO };
	int id = semget(IPC_PRIVATE, 1, 0600);

	CT_CHECK(id >= 0);
	CT_EQ(0, semop(id, &add, 1));
	cr_ready();
	CT_EQ(0, semctl(id, 0, IPC_RMID));
}

/* -- and when there is nothing ------------------------------------------------------------ */

TEST(nothing_is_named)
{
	struct cr_guard guard;
	struct cr_life life;
	char text[4096];

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&plain_row);
	CT_EQ(0, checked(life.name, text, sizeof(text)));
	cr_finish(&life);
	cr_guard_end(&guard);
}

/* What is in the way may go. */
CR_SUBJECT(closes)
{
	CT_EQ(3, open_device());
	cr_announce();
	while (access(cr_file("close"), F_OK))
		usleep(1000);
	close(3);
	rename(cr_file("close"), cr_file("closed"));
	cr_await();
}

TEST(can_be_removed)
{
	struct cr_guard guard;
	struct cr_image image;
	struct cr_life life;
	char text[4096];
	int fd;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&closes_row);
	is_refused(life.name);
	fd = open(cr_file("close"), O_CREAT | O_WRONLY, 0600);
	CT_CHECK(fd >= 0);
	close(fd);
	CT_UNTIL(!access(cr_file("closed"), F_OK));
	CT_EQ(0, checked(life.name, text, sizeof(text)));
	image = cr_take(&life);
	cr_image_free(&image);
	CT_STREQ("complete", ct_status_text(life.name, "checkpoint"));
	cr_finish(&life);
	cr_guard_end(&guard);
}

CR_MAIN
