// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * The numbers in the name of a core dump, and in the dump.
 *
 * %p and %i are what the dying task knew itself by; %P and %I are for a
 * collector on the host.
 */
#include "ct.h"
#include <dirent.h>
#include <elf.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include "kselftest_harness.h"

#define PATTERN_FILE "/proc/sys/kernel/core_pattern"

struct core {
	int p, P, i, I;
	char path[512];
};

FIXTURE(core) {
	char dir[64], old[256];
};

FIXTURE_SETUP(core)
{
	char pattern[128];

	strcpy(self->dir, "/tmp/ct-core-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_LT(0, ct_read_file(PATTERN_FILE, self->old, sizeof(self->old)));
	snprintf(pattern, sizeof(pattern), "%s/core.%%p.%%P.%%i.%%I",
		 self->dir);
	ASSERT_EQ(0, ct_write_file(PATTERN_FILE, pattern));
}

FIXTURE_TEARDOWN(core)
{
	EXPECT_EQ(0, ct_write_file(PATTERN_FILE, self->old));
	EXPECT_EQ(0, rmdir(self->dir));
}

static void *crash(void *arg)
{
	if (arg)
		ct_send(*(int *)arg, ct_gettid());
	syscall(SYS_tgkill, getpid(), ct_gettid(), SIGSEGV);
	return NULL;
}

static void die(int fd, void *arg)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	pthread_t thread;

	CT_EQ(0, setrlimit(RLIMIT_CORE, &limit));
	if (arg) {
		CT_EQ(0, pthread_create(&thread, NULL, crash, &fd));
		pause();
	}
	crash(NULL);
}

/* The one dump that is there. */
static void find_core(const char *path, struct core *core)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int found = 0;

	CT_CHECK(dir);
	while ((entry = readdir(dir))) {
		if (sscanf(entry->d_name, "core.%d.%d.%d.%d", &core->p,
			   &core->P, &core->i, &core->I) != 4)
			continue;
		snprintf(core->path, sizeof(core->path), "%s/%s", path,
			 entry->d_name);
		found++;
	}
	closedir(dir);
	CT_EQ(1, found);
}

/* Hands each note of the dump to the caller's function. */
static void read_notes(const char *path, void *arg,
		       void (*note)(void *arg, int type, void *data))
{
	static char buf[1 << 20];
	Elf64_Ehdr *head = (void *)buf;
	Elf64_Phdr *part;
	Elf64_Nhdr *at;
	char *end;
	int i;

	CT_CHECK(ct_read_file(path, buf, sizeof(buf)) > (int)sizeof(*head));
	for (i = 0; i < head->e_phnum; i++) {
		part = (void *)(buf + head->e_phoff + i * sizeof(*part));
		if (part->p_type != PT_NOTE)
			continue;
		at = (void *)(buf + part->p_offset);
		end = (char *)at + part->p_filesz;
		while ((char *)at < end) {
			char *data = (char *)(at + 1) +
				     ((at->n_namesz + 3) & ~3);

			note(arg, at->n_type, data);
			at = (void *)(data + ((at->n_descsz + 3) & ~3));
		}
	}
}

struct notes {
	int threads;
	struct elf_prstatus first;
	struct elf_prpsinfo info;
	pid_t second;
};

static void collect(void *arg, int type, void *data)
{
	struct elf_prstatus *status = data;
	struct notes *notes = arg;

	if (type == NT_PRPSINFO)
		memcpy(&notes->info, data, sizeof(notes->info));
	if (type != NT_PRSTATUS)
		return;
	if (notes->threads++)
		notes->second = status->pr_pid;
	else
		notes->first = *status;
}

TEST_F(core, of_a_process)
{
	struct ct_child child = ct_spawn(CT_PLAIN, die, NULL);
	struct notes notes = { 0 };
	struct core core;

	EXPECT_EQ(128 + SIGSEGV, ct_finish(&child));
	find_core(self->dir, &core);
	EXPECT_EQ(child.pid, core.p);
	EXPECT_EQ(child.pid, core.i);
	EXPECT_EQ(core.P, core.I);
	EXPECT_EQ(!ct_isolated(), child.pid == core.P);

	read_notes(core.path, &notes, collect);
	EXPECT_EQ(1, notes.threads);
	EXPECT_EQ(child.pid, notes.first.pr_pid);
	EXPECT_EQ(getpid(), notes.first.pr_ppid);
	EXPECT_EQ(getpgrp(), notes.first.pr_pgrp);
	EXPECT_EQ(getsid(0), notes.first.pr_sid);
	EXPECT_EQ(child.pid, notes.info.pr_pid);
	EXPECT_EQ(getpid(), notes.info.pr_ppid);
	EXPECT_EQ(0, unlink(core.path));
}

TEST_F(core, by_a_thread)
{
	struct ct_child child = ct_spawn(CT_PLAIN, die, self);
	pid_t tid = ct_recv(child.fd);
	struct notes notes = { 0 };
	struct core core;

	EXPECT_EQ(128 + SIGSEGV, ct_finish(&child));
	find_core(self->dir, &core);
	EXPECT_EQ(child.pid, core.p);
	EXPECT_EQ(tid, core.i);
	EXPECT_NE(core.P, core.I);

	read_notes(core.path, &notes, collect);
	EXPECT_EQ(2, notes.threads);
	/* The thread that crashed comes first. */
	EXPECT_EQ(tid, notes.first.pr_pid);
	EXPECT_EQ(child.pid, notes.second);
	EXPECT_EQ(child.pid, notes.info.pr_pid);
	EXPECT_EQ(0, unlink(core.path));
}

TEST_HARNESS_MAIN
