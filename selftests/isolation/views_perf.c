// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The numbers in perf's records are of the view of whoever opened the event:
 * outside global ones, also of tasks inside; inside one's own, and none of
 * tasks outside.
 */
#include "ct.h"
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

#define DATA_PAGES	16
#define FAULTS		20

/* Of someone outside, for the bodies. */
static pid_t victim_pid;

/* -- an event and its records -------------------------------------------------------- */

struct event {
	int fd;
	struct perf_event_mmap_page *page;
};

/* All begin like this; in a sample there is nothing else. */
struct record {
	struct perf_event_header header;
	uint32_t pid, tid;
};

struct fork_record {
	struct perf_event_header header;
	uint32_t pid, ppid, tid, ptid;
};

static struct event open_event(uint64_t config, pid_t pid, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE,
		.config = config, .sample_period = 1,
		.sample_type = PERF_SAMPLE_TID, .disabled = 1,
		.task = 1, .comm = 1, .mmap = 1,
	};
	struct event event;

	event.fd = syscall(SYS_perf_event_open, &attr, pid, cpu, -1,
			   PERF_FLAG_FD_CLOEXEC);
	CT_CHECK(event.fd >= 0);
	event.page = mmap(NULL, (DATA_PAGES + 1) * getpagesize(),
			  PROT_READ | PROT_WRITE, MAP_SHARED, event.fd, 0);
	CT_CHECK(event.page != MAP_FAILED);
	CT_EQ(0, ioctl(event.fd, PERF_EVENT_IOC_ENABLE, 0));
	return event;
}

static void close_event(struct event *event)
{
	munmap(event->page, (DATA_PAGES + 1) * getpagesize());
	close(event->fd);
}

/* Takes a record out; it is valid until the next. */
static const struct record *next_record(struct event *event)
{
	static char copy[4096];
	size_t size = DATA_PAGES * getpagesize(), i;
	char *data = (char *)event->page + getpagesize();
	uint64_t tail = event->page->data_tail;
	struct record *record = (void *)copy;

	if (tail == __atomic_load_n(&event->page->data_head, __ATOMIC_ACQUIRE))
		return NULL;
	for (i = 0; i < sizeof(record->header); i++)
		copy[i] = data[(tail + i) % size];
	CT_CHECK(record->header.size <= sizeof(copy));
	for (; i < record->header.size; i++)
		copy[i] = data[(tail + i) % size];
	__atomic_store_n(&event->page->data_tail, tail + record->header.size,
			 __ATOMIC_RELEASE);
	return record;
}

/* -- somebody to look at ---------------------------------------------------------------- */

/* One page after the other. */
static void touch_pages(void)
{
	size_t size = (size_t)FAULTS * getpagesize(), at;
	char *area = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CT_CHECK(area != MAP_FAILED);
	/* Fails where there are no huge pages in the first place. */
	madvise(area, size, MADV_NOHUGEPAGE);
	for (at = 0; at < size; at += getpagesize())
		area[at] = 1;
	munmap(area, size);
}

/* Does one of each; gives the number of its child. */
static pid_t act(void)
{
	void *code;

	touch_pages();
	CT_EQ(0, prctl(PR_SET_NAME, "renamed"));
	code = mmap(NULL, getpagesize(), PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(code != MAP_FAILED);
	munmap(code, getpagesize());
	return ct_unused_pid();
}

static void act_when_told(int fd, void *arg)
{
	cpu_set_t set;

	(void)arg;
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	ct_send(fd, 0);
	while (ct_recv(fd))
		ct_send(fd, act());
}

/* Each kind of record has come, and is of this task. */
static void check_records(struct event *event, pid_t pid, pid_t child)
{
	int samples = 0, renamed = 0, mapped = 0, forked = 0;
	const struct record *record;
	const struct fork_record *pair;

	while ((record = next_record(event))) {
		switch (record->header.type) {
		case PERF_RECORD_FORK:
			pair = (void *)record;
			CT_EQ(pid, pair->ppid);
			CT_EQ(pid, pair->ptid);
			CT_EQ(pair->pid, pair->tid);
			CT_CHECK(!child || pair->pid == (uint32_t)child);
			forked++;
			continue;
		case PERF_RECORD_SAMPLE:
			samples++;
			break;
		case PERF_RECORD_COMM:
			renamed++;
			break;
		case PERF_RECORD_MMAP:
			mapped++;
			break;
		default:
			continue;
		}
		CT_EQ(pid, record->pid);
		CT_EQ(pid, record->tid);
	}
	CT_CHECK(samples >= FAULTS);
	CT_CHECK(renamed && mapped);
	CT_EQ(1, forked);
}

/* -- from outside -------------------------------------------------------------------------- */

TEST_F(wall, a_task_inside_seen_from_outside)
{
	struct ct_child box;
	struct event event;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, act_when_told, NULL);
	ct_recv(box.fd);
	event = open_event(PERF_COUNT_SW_PAGE_FAULTS, box.pid, -1);
	ct_send(box.fd, 1);
	/* What it calls its child is another matter. */
	EXPECT_EQ(2, ct_recv(box.fd));
	check_records(&event, box.pid, 0);
	close_event(&event);
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
}

/* All that runs on a processor: a member's number, and the one it has inside. */
TEST_F(wall, a_processor_seen_from_outside)
{
	const struct record *record;
	struct ct_child box;
	struct event event;
	int samples = 0;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, act_when_told, NULL);
	ct_recv(box.fd);
	event = open_event(PERF_COUNT_SW_PAGE_FAULTS, -1, 0);
	ct_send(box.fd, 1);
	ct_recv(box.fd);
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
	while ((record = next_record(&event))) {
		if (record->header.type != PERF_RECORD_SAMPLE)
			continue;
		samples += record->pid == (uint32_t)box.pid &&
			   record->tid == (uint32_t)box.pid;
	}
	EXPECT_LE(FAULTS, samples);
	close_event(&event);
}

/* -- from inside ----------------------------------------------------------------------------- */

static void look_at_own(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, act_when_told, NULL);
	struct event event;
	pid_t grandchild;

	(void)fd;
	(void)arg;
	ct_recv(child.fd);
	event = open_event(PERF_COUNT_SW_PAGE_FAULTS, child.pid, -1);
	ct_send(child.fd, 1);
	grandchild = ct_recv(child.fd);
	CT_EQ(3, grandchild);
	check_records(&event, child.pid, grandchild);
	close_event(&event);
	ct_send(child.fd, 0);
	CT_EQ(0, ct_finish(&child));
}

TEST_F(wall, own_tasks_seen_from_inside)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, look_at_own, NULL);
	EXPECT_EQ(0, ct_finish(&box));
}

static bool is_ours(uint32_t nr, pid_t child)
{
	/* A task outside is 0; one that is gone already, -1. */
	return nr == 1 || nr == (uint32_t)child || nr == 0 ||
	       nr == (uint32_t)-1;
}

/* A processor that tasks of both sides run on. */
static void look_at_processor(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, act_when_told, NULL);
	int ours = 0, others = 0;
	const struct record *record;
	struct event event;

	(void)arg;
	ct_recv(child.fd);
	event = open_event(PERF_COUNT_SW_PAGE_FAULTS, -1, 0);
	ct_send(fd, 0);
	ct_recv(fd);
	ct_send(child.fd, 1);
	ct_recv(child.fd);
	while ((record = next_record(&event))) {
		/* Those of forks name children, which are gone. */
		if (record->header.type == PERF_RECORD_FORK ||
		    record->header.type == PERF_RECORD_EXIT)
			continue;
		CT_CHECK((pid_t)record->pid != victim_pid &&
			 (pid_t)record->tid != victim_pid);
		if (record->header.type == PERF_RECORD_SAMPLE) {
			ours += record->pid == (uint32_t)child.pid;
			others += record->pid == 0;
		} else {
			CT_CHECK(is_ours(record->pid, child.pid));
		}
	}
	CT_CHECK(ours >= FAULTS && others >= FAULTS);
	close_event(&event);
	ct_send(child.fd, 0);
	CT_EQ(0, ct_finish(&child));
}

TEST_F(wall, a_processor_seen_from_inside)
{
	struct ct_child victim, box;

	CT_NEED_BOX(variant);
	victim = ct_spawn(CT_PLAIN, act_when_told, NULL);
	ct_recv(victim.fd);
	victim_pid = victim.pid;
	box = ct_spawn(variant->box, look_at_processor, NULL);
	ct_recv(box.fd);
	ct_send(victim.fd, 1);
	ct_recv(victim.fd);
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
	ct_send(victim.fd, 0);
	EXPECT_EQ(0, ct_finish(&victim));
}

TEST_HARNESS_MAIN
