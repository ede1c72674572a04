// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Containers are made and end in every way, several at a time and some of the
 * same name, while others read about them.
 */
#include "ct.h"
#include <dirent.h>
#include <linux/reboot.h>
#include "kselftest_harness.h"

#define CHURN_MS	4000
/*
 * Arming the hooks, for the first container, has to wait for all processors, which
 * the readers keep busy: that alone takes 2 to 3 s in an emulated machine. The
 * harness stops a test after 30 s.
 */
#define CHURN_LIMIT_MS	20000
#define CHURNERS	3

struct shared {
	bool stop;
	long rounds, won, lost, reads;
};

static struct shared *shared;

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

static void count(long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void make_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(shared != MAP_FAILED);
}

/* -- every way to end ------------------------------------------------------------------ */

enum end {
	BY_EXIT, BY_SIGKILL, BY_KILL_FILE, BY_REBOOT, BY_FAULT, BY_THREADS,
	ENDS,
};

static void *exit_thread(void *arg)
{
	syscall(SYS_exit, 0);
	return NULL;
}

static void live(int fd, void *arg)
{
	enum end end = *(enum end *)arg;
	pthread_t thread;
	int i;

	for (i = 0; i < 2; i++)
		if (fork() == 0)
			for (;;)
				pause();
	CT_EQ(0, pthread_create(&thread, NULL, exit_thread, NULL));
	ct_send(fd, 0);
	switch (end) {
	case BY_EXIT:
		return;
	case BY_REBOOT:
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			LINUX_REBOOT_CMD_POWER_OFF, NULL);
		break;
	case BY_FAULT:
		*(volatile int *)NULL = 0;
		break;
	case BY_THREADS:
		/* The last thread of process 1 may be any. */
		prctl(PR_SET_PDEATHSIG, 0);
		CT_EQ(0, pthread_create(&thread, NULL, exit_thread, NULL));
		syscall(SYS_exit, 0);
		break;
	default:
		break;
	}
	for (;;)
		pause();
}

static const int status_of[ENDS] = {
	[BY_EXIT] = 0, [BY_SIGKILL] = 128 + SIGKILL,
	[BY_KILL_FILE] = 128 + SIGKILL, [BY_REBOOT] = 128 + SIGINT,
	[BY_FAULT] = 128 + SIGSEGV, [BY_THREADS] = 0,
};

static void churn(int fd, void *arg)
{
	struct ct_child box;
	enum end end = 0;

	while (!stopped()) {
		box = ct_spawn(CT_CONTAINER, live, &end);
		ct_recv(box.fd);
		if (end == BY_SIGKILL)
			CT_EQ(0, kill(box.pid, SIGKILL));
		else if (end == BY_KILL_FILE)
			CT_EQ(0, ct_kill_container(box.name, "KILL"));
		CT_EQ(status_of[end], ct_finish(&box));
		CT_EQ(-1, ct_task_count(box.name));
		end = (end + 1) % ENDS;
		count(&shared->rounds);
	}
}

/* -- readers ---------------------------------------------------------------------------- */

static void read_names(char *text, size_t size)
{
	static const char * const files[] = { "tasks", "status" };
	struct dirent *entry;
	char path[512];
	size_t i;
	DIR *dir;

	dir = opendir(CT_FILE "/");
	CT_CHECK(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		for (i = 0; i < 2; i++) {
			snprintf(path, sizeof(path), CT_FILE "/%s/%s",
				 entry->d_name, files[i]);
			ct_read_file(path, text, size);
		}
	}
	closedir(dir);
}

static void read_on(int fd, void *arg)
{
	static char text[65536];

	while (!stopped()) {
		CT_CHECK(ct_read_file(CT_FILE, text, sizeof(text)) > 0);
		CT_CHECK(!strncmp(text, "NAME ", 5));
		read_names(text, sizeof(text));
		CT_CHECK(ct_read_file("/proc/loadavg", text, sizeof(text)) > 0);
		count(&shared->reads);
	}
}

static bool any_left(void)
{
	static char text[65536];

	CT_CHECK(ct_read_file(CT_FILE, text, sizeof(text)) > 0);
	return strstr(text, "\ntest-") || strstr(text, "\nthe-same ");
}

/* Until there were about as many as all churners need for every way to end. */
static void let_them_churn(void)
{
	int ms = CHURN_MS;

	usleep(CHURN_MS * 1000);
	while (__atomic_load_n(&shared->rounds, __ATOMIC_RELAXED) <=
	       ENDS * CHURNERS && ms < CHURN_LIMIT_MS) {
		usleep(100 * 1000);
		ms += 100;
	}
}

TEST(made_and_ended)
{
	struct ct_child child[CHURNERS + 2];
	int i;

	CT_NEED_MODULE();
	make_shared();
	for (i = 0; i < CHURNERS + 2; i++)
		child[i] = ct_spawn(CT_PLAIN, i < CHURNERS ? churn : read_on,
				    NULL);
	let_them_churn();
	shared->stop = true;
	for (i = 0; i < CHURNERS + 2; i++)
		EXPECT_EQ(0, ct_finish(&child[i]));
	EXPECT_FALSE(any_left());
	TH_LOG("%ld containers, %ld reads", shared->rounds, shared->reads);
	EXPECT_LT(ENDS, shared->rounds);
	EXPECT_LT(0, shared->reads);
}

/* -- one name for all -------------------------------------------------------------------- */

static void want_the_name(int fd, void *arg)
{
	int status;
	pid_t pid;

	while (!stopped()) {
		pid = fork();
		CT_CHECK(pid >= 0);
		if (!pid) {
			switch (ct_enter("the-same")) {
			case 0:
				_exit(getpid() == 1 ? 1 : 3);
			case -EEXIST:
				_exit(getpid() == 1 ? 3 : 2);
			default:
				_exit(3);
			}
		}
		CT_EQ(pid, waitpid(pid, &status, 0));
		CT_CHECK(WIFEXITED(status));
		switch (WEXITSTATUS(status)) {
		case 1:
			count(&shared->won);
			break;
		case 2:
			count(&shared->lost);
			break;
		default:
			CT_FAIL("entering failed");
		}
	}
}

TEST(of_one_name)
{
	struct ct_child child[CHURNERS];
	int i;

	CT_NEED_MODULE();
	make_shared();
	for (i = 0; i < CHURNERS; i++)
		child[i] = ct_spawn(CT_PLAIN, want_the_name, NULL);
	usleep(CHURN_MS * 1000 / 2);
	shared->stop = true;
	for (i = 0; i < CHURNERS; i++)
		EXPECT_EQ(0, ct_finish(&child[i]));
	EXPECT_FALSE(any_left());
	TH_LOG("%ld had the name, %ld had not", shared->won, shared->lost);
	EXPECT_LT(0, shared->won);
}

TEST_HARNESS_MAIN
