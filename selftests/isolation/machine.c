// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * What belongs to the machine as a whole, used from inside: the kernel's knobs,
 * its news of all processes, and the program that it runs for a core dump.
 */
#include "ct.h"
#include <linux/audit.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/resource.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

/* Of someone outside. */
static pid_t victim_pid;

/* -- the kernel's knobs --------------------------------------------------------------- */

#define LAST_PID "/proc/sys/kernel/ns_last_pid"
#define CAD_PID "/proc/sys/kernel/cad_pid"

static void turn_knobs(int fd, void *arg)
{
	char text[32];
	pid_t pid;

	(void)arg;
	snprintf(text, sizeof(text), "%d", ct_pid_max() - 100);
	CT_EQ(0, ct_write_file(LAST_PID, text));
	CT_EQ(atoi(text) + 1, ct_unused_pid());
	/* Whoever gets Ctrl-Alt-Del is not to be seen. */
	CT_EQ(0, ct_read_number(CAD_PID));
	snprintf(text, sizeof(text), "%d", victim_pid);
	CT_EQ(-ESRCH, ct_write_file(CAD_PID, text));

	pid = fork();
	if (!pid) {
		ct_become_user();
		CT_EQ(-EPERM, ct_write_file(LAST_PID, "300"));
		CT_EQ(-EACCES, ct_write_file(CAD_PID, "1"));
		_exit(0);
	}
	CT_EQ(0, ct_reap(pid));
	/* As in a pid namespace this is the whole machine's. */
	CT_EQ(0, ct_write_file(CAD_PID, "1"));
	CT_EQ(1, ct_read_number(CAD_PID));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(wall, knobs)
{
	struct ct_child victim, box;
	long long last;

	CT_NEED_BOX(variant);
	victim = ct_spawn(CT_PLAIN, ct_idle, NULL);
	victim_pid = victim.pid;
	last = ct_read_number(LAST_PID);
	box = ct_spawn(variant->box, turn_knobs, NULL);
	ct_recv(box.fd);
	/* The machine's next number has not been moved there. */
	EXPECT_GT(last + 1000, ct_read_number(LAST_PID));
	EXPECT_EQ(box.pid, ct_read_number(CAD_PID));
	EXPECT_EQ(0, ct_write_file(CAD_PID, "1"));
	EXPECT_EQ(1, ct_read_number(CAD_PID));
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&victim));
}

/* -- those who listen to the whole machine -------------------------------------------------- */

struct netlink_message {
	struct nlmsghdr head;
	char data[256];
};

static int open_netlink(int protocol, unsigned int groups)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = groups,
	};
	int sock = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, protocol);

	if (sock >= 0 && bind(sock, (struct sockaddr *)&address,
			      sizeof(address))) {
		close(sock);
		return -1;
	}
	return sock;
}

/* The error that asking the audit subsystem for its state gives; 1 if none. */
static int ask_audit(void)
{
	struct netlink_message message = {
		.head = {
			.nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = AUDIT_GET,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
	};
	int sock = open_netlink(NETLINK_AUDIT, 0);

	if (sock < 0)
		return 1;
	CT_CHECK(send(sock, &message, message.head.nlmsg_len, 0) > 0);
	do {
		CT_CHECK(recv(sock, &message, sizeof(message), 0) > 0);
	} while (message.head.nlmsg_type != NLMSG_ERROR);
	close(sock);
	return ((struct nlmsgerr *)message.data)->error;
}

/* Do we get to hear of processes' forks and exits, if we ask for it? */
static bool hear_of_processes(void)
{
	struct {
		struct nlmsghdr head;
		struct cn_msg connector;
		enum proc_cn_mcast_op op;
	} __attribute__((packed)) message = {
		.head = {
			.nlmsg_len = sizeof(message), .nlmsg_type = NLMSG_DONE,
		},
		.connector = {
			.id = { CN_IDX_PROC, CN_VAL_PROC },
			.len = sizeof(message.op),
		},
		.op = PROC_CN_MCAST_LISTEN,
	};
	int sock = open_netlink(NETLINK_CONNECTOR, CN_IDX_PROC);
	struct pollfd wait = { .fd = sock, .events = POLLIN };
	struct netlink_message event;
	bool heard = false;

	if (sock < 0)
		return false;
	CT_EQ(sizeof(message), send(sock, &message, sizeof(message), 0));
	ct_unused_pid();
	/* The first is what became of the request. */
	while (!heard && poll(&wait, 1, 200) > 0) {
		struct cn_msg *told = (void *)event.data;

		CT_CHECK(recv(sock, &event, sizeof(event), 0) > 0);
		heard = ((struct proc_event *)told->data)->what !=
			PROC_EVENT_NONE;
	}
	message.op = PROC_CN_MCAST_IGNORE;
	CT_EQ(sizeof(message), send(sock, &message, sizeof(message), 0));
	close(sock);
	return heard;
}

static void listen_inside(int fd, void *arg)
{
	bool audit = *(bool *)arg;

	(void)fd;
	CT_EQ(audit ? -EPERM : 1, ask_audit());
	CT_CHECK(!hear_of_processes());
}

TEST_F(wall, listening_to_the_machine)
{
	struct ct_child box;
	bool audit, events;

	CT_NEED_BOX(variant);
	/* What this kernel has. */
	audit = ask_audit() == 0;
	events = hear_of_processes();
	box = ct_spawn(variant->box, listen_inside, &audit);
	EXPECT_EQ(0, ct_finish(&box));
	if (!audit || !events)
		SKIP(return, "this kernel has no audit or no process events");
}

/* -- a program that the kernel runs ------------------------------------------------------- */

#define CORE_PATTERN "/proc/sys/kernel/core_pattern"
#define CORE_REPORT "/tmp/ct-core-report"
#define AFTER_FD "by-descriptor"
#define TALK_FD 100

/* Runs a program by its descriptor, as execveat(2) and scripts do. */
static void run_by_descriptor(int fd, void *arg)
{
	int program = open("/proc/self/exe", O_RDONLY), way = *(int *)arg;
	char * const words[] = { "test", CT_EXEC_WORD, AFTER_FD, NULL };
	char path[64];

	CT_EQ(TALK_FD, dup2(fd, TALK_FD));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", program);
	if (way)
		execv(path, words);
	else
		syscall(SYS_execveat, program, "", words, environ,
			AT_EMPTY_PATH);
	CT_FAIL("not run");
}

TEST_F(wall, programs_run_by_descriptor)
{
	struct ct_child box;
	int way;

	CT_NEED_BOX(variant);
	for (way = 0; way < 2; way++) {
		box = ct_spawn(variant->box, run_by_descriptor, &way);
		EXPECT_EQ(1, ct_recv(box.fd));
		EXPECT_EQ(1, ct_recv(box.fd));
		EXPECT_EQ(0, ct_finish(&box));
	}
}

/* It is the host's: it sees the dying process, and all the others. */
static void collect_core(const char *word)
{
	char text[128] = "", path[64];
	const char *global = strchr(word, '-') + 1;
	int fd;

	fd = open(CORE_REPORT ".new", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	snprintf(path, sizeof(path), "/proc/%s/comm", global);
	ct_read_file(CT_FILE, text, sizeof(text));
	dprintf(fd, "%s %d %d\n", word, access(path, F_OK) == 0,
		!strncmp(text, "NAME", 4));
	close(fd);
	rename(CORE_REPORT ".new", CORE_REPORT);
}

static void after_exec(const char *word)
{
	char path[64];

	if (strcmp(word, AFTER_FD)) {
		collect_core(word);
		return;
	}
	ct_send(TALK_FD, getpid());
	ct_send(TALK_FD, readlink("/proc/1/exe", path, sizeof(path)) > 0);
	ct_wait_hangup(TALK_FD);
}

CT_AFTER_EXEC(after_exec)

static void fault(int fd, void *arg)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	(void)fd;
	(void)arg;
	CT_EQ(0, setrlimit(RLIMIT_CORE, &limit));
	*(volatile int *)NULL = 0;
}

TEST_F(wall, collector_of_core_dumps)
{
	char old[256], program[96], pattern[256], text[128], wanted[128];
	struct ct_child box;
	ssize_t len;

	CT_NEED_BOX(variant);
	len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	ASSERT_LT(0, len);
	program[len] = 0;
	unlink(CORE_REPORT);
	ASSERT_LT(0, ct_read_file(CORE_PATTERN, old, sizeof(old)));
	snprintf(pattern, sizeof(pattern), "|%s %s %%p-%%P", program,
		 CT_EXEC_WORD);
	ASSERT_EQ(0, ct_write_file(CORE_PATTERN, pattern));
	box = ct_spawn(variant->box, fault, NULL);
	EXPECT_EQ(128 + SIGSEGV, ct_finish(&box));
	CT_UNTIL(access(CORE_REPORT, F_OK) == 0);
	EXPECT_EQ(0, ct_write_file(CORE_PATTERN, old));
	ASSERT_LT(0, ct_read_file(CORE_REPORT, text, sizeof(text)));
	snprintf(wanted, sizeof(wanted), "1-%d 1 %d\n", box.pid,
		 ct_module_loaded());
	EXPECT_STREQ(wanted, text);
	EXPECT_EQ(0, unlink(CORE_REPORT));
}

TEST_HARNESS_MAIN
