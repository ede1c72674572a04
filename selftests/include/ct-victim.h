/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tasks outside of a container, of several kinds, whom nobody inside may
 * touch: what the kernel says of them is written down and compared at the end.
 * To be included after ct-calls.h, whose ct_word they have, too.
 */
#ifndef CT_VICTIM_H
#define CT_VICTIM_H

#define CT_VICTIMS	12
#define CT_STORY_MAX	16384

struct ct_victim {
	const char *kind;
	pid_t pid;		/* of the process; */
	pid_t tid;		/* of the task, which may be a thread of it */
	struct ct_child child;	/* whom to release, if any */
	bool alive;		/* has a memory to look into */
	char story[CT_STORY_MAX];
};

struct ct_victims {
	struct ct_victim victim[CT_VICTIMS];
	int nr;
};

/* -- what they do, which is nothing --------------------------------------------- */

static void ct_be_victim(int fd, void *arg)
{
	(void)arg;
	/* One that comes stays to be seen. */
	ct_block(SIGUSR1);
	ct_send(fd, ct_gettid());
	ct_wait_hangup(fd);
}

static void ct_be_user_victim(int fd, void *arg)
{
	ct_become_user();
	ct_be_victim(fd, arg);
}

static void ct_be_leader_victim(int fd, void *arg)
{
	CT_CHECK(setsid() > 0);
	ct_be_victim(fd, arg);
}

static void ct_be_group_victim(int fd, void *arg)
{
	CT_EQ(0, setpgid(0, 0));
	ct_be_victim(fd, arg);
}

static void ct_be_threaded_victim(int fd, void *arg)
{
	struct ct_thread thread;

	(void)arg;
	ct_block(SIGUSR1);
	ct_thread_start(&thread);
	ct_send(fd, thread.tid);
	ct_wait_hangup(fd);
	ct_thread_end(&thread);
}

/* The one who speaks is the child of whoever reaps orphans. */
static void ct_be_orphan_victim(int fd, void *arg)
{
	pid_t parent = getpid();

	if (fork())
		_exit(0);
	prctl(PR_SET_PDEATHSIG, 0);
	CT_UNTIL(getppid() != parent);
	ct_be_victim(fd, arg);
}

static void ct_be_init_victim(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_be_victim, NULL);

	ct_recv(child.fd);
	ct_be_victim(fd, arg);
	ct_finish(&child);
}

static void ct_be_stopped_victim(int fd, void *arg)
{
	(void)arg;
	ct_block(SIGUSR1);
	ct_send(fd, ct_gettid());
	raise(SIGSTOP);
	ct_wait_hangup(fd);
}

static void ct_be_zombie_victim(int fd, void *arg)
{
	(void)arg;
	ct_send(fd, ct_gettid());
}

/* -- what is said of them ---------------------------------------------------------- */

/* What changes by itself. */
static bool ct_volatile_line(const char *line)
{
	static const char * const key[] = {
		"Vm", "Rss", "voluntary_ctxt", "nonvoluntary_ctxt", "Hugetlb",
	};
	size_t i;

	for (i = 0; i < sizeof(key) / sizeof(*key); i++)
		if (!strncmp(line, key[i], strlen(key[i])))
			return true;
	return false;
}

static void __attribute__((format(printf, 2, 3)))
ct_tell(struct ct_victim *victim, const char *format, ...)
{
	size_t len = strlen(victim->story);
	va_list ap;

	va_start(ap, format);
	len += vsnprintf(victim->story + len, CT_STORY_MAX - len, format, ap);
	va_end(ap);
	CT_CHECK(len < CT_STORY_MAX);
}

static void ct_tell_file(struct ct_victim *victim, const char *name)
{
	char path[64], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", victim->pid,
		 victim->tid, name);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!ct_volatile_line(line))
			ct_tell(victim, "%s: %s", name, line);
	if (file)
		fclose(file);
}

/* Nice value and the like, process group, session, terminal. */
static void ct_tell_stat(struct ct_victim *victim)
{
	static const int fields[] = { 4, 5, 6, 7, 8, 18, 19, 20, 38, 40, 41 };
	char path[64];
	size_t i;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", victim->pid,
		 victim->tid);
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		ct_tell(victim, "field %d of stat: %lld\n", fields[i],
			ct_stat_field(path, fields[i]));
}

static void ct_tell_all(struct ct_victim *victim)
{
	static const char * const files[] = {
		"status", "limits", "oom_score_adj", "cgroup", "maps",
		"comm", "personality", "loginuid",
	};
	long word = 0;
	cpu_set_t cpus;
	size_t i;

	victim->story[0] = 0;
	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		ct_tell_file(victim, files[i]);
	ct_tell_stat(victim);
	ct_tell(victim, "ioprio: %ld\n", syscall(SYS_ioprio_get, 1, victim->tid));
	CPU_ZERO(&cpus);
	ct_tell(victim, "affinity: %d\n",
		sched_getaffinity(victim->tid, sizeof(cpus), &cpus));
	ct_tell(victim, "processors: %d\n", CPU_COUNT(&cpus));
	if (victim->alive) {
		CT_EQ(sizeof(word), ct_vm_copy(victim->pid, false, &word));
		ct_tell(victim, "memory: %ld\n", word);
	}
}

/* -- all of them ---------------------------------------------------------------------- */

static struct ct_victim *ct_victim_new(struct ct_victims *all, const char *kind,
				       pid_t pid, pid_t tid, bool alive)
{
	struct ct_victim *victim = &all->victim[all->nr++];

	CT_CHECK(all->nr <= CT_VICTIMS);
	victim->kind = kind;
	victim->pid = pid;
	victim->tid = tid;
	victim->alive = alive;
	victim->child.fd = -1;
	return victim;
}

/* @by_word: it says its number, as it is not the child itself. */
static struct ct_victim *ct_victim_add(struct ct_victims *all, const char *kind,
				       enum ct_box box, ct_fn fn, bool by_word)
{
	struct ct_child child = ct_spawn(box, fn, NULL);
	pid_t said = ct_recv(child.fd);
	struct ct_victim *victim;

	victim = ct_victim_new(all, kind, child.pid,
			       by_word ? said : child.pid, true);
	victim->child = child;
	return victim;
}

static pid_t ct_only_child(pid_t pid)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	return atoi(text);
}

/*
 * Starts one of each kind, and notes what is said of them.  @box is what those
 * are in who are in another container.
 */
static struct ct_victims *ct_victims_start(enum ct_box box)
{
	struct ct_victims *all = calloc(1, sizeof(*all));
	struct ct_victim *victim;
	int i;

	CT_CHECK(all);
	ct_victim_add(all, "child", CT_PLAIN, ct_be_victim, false);
	ct_victim_add(all, "user's", CT_PLAIN, ct_be_user_victim, false);
	ct_victim_add(all, "leader of a session", CT_PLAIN,
		      ct_be_leader_victim, false);
	ct_victim_add(all, "leader of a group", CT_PLAIN, ct_be_group_victim,
		      false);
	ct_victim_add(all, "thread", CT_PLAIN, ct_be_threaded_victim, true);
	victim = ct_victim_add(all, "orphan", CT_PLAIN, ct_be_orphan_victim,
			       true);
	CT_EQ(0, ct_reap(victim->pid));
	victim->pid = victim->tid;
	victim = ct_victim_add(all, "process 1 of another", box,
			       ct_be_init_victim, false);
	i = ct_only_child(victim->pid);
	ct_victim_new(all, "member of another", i, i, true);
	victim = ct_victim_add(all, "stopped", CT_PLAIN, ct_be_stopped_victim,
			       false);
	CT_UNTIL(ct_state(victim->pid) == 'T');
	victim = ct_victim_add(all, "zombie", CT_PLAIN, ct_be_zombie_victim,
			       false);
	CT_UNTIL(ct_state(victim->pid) == 'Z');
	victim->alive = false;
	ct_victim_new(all, "the kernel's", 2, 2, false);
	ct_victim_new(all, "init of the machine", 1, 1, false);
	for (i = 0; i < all->nr; i++)
		ct_tell_all(&all->victim[i]);
	return all;
}

/* Nothing has happened to them. */
static void ct_victims_check(struct ct_victims *all)
{
	static char before[CT_STORY_MAX];
	char *old, *new, *old_rest, *new_rest;
	int i;

	for (i = 0; i < all->nr; i++) {
		struct ct_victim *victim = &all->victim[i];

		strcpy(before, victim->story);
		ct_tell_all(victim);
		old = strtok_r(before, "\n", &old_rest);
		new = strtok_r(victim->story, "\n", &new_rest);
		while (old && new && !strcmp(old, new)) {
			old = strtok_r(NULL, "\n", &old_rest);
			new = strtok_r(NULL, "\n", &new_rest);
		}
		if (old || new)
			CT_FAIL("%s: \"%s\" is now \"%s\"", victim->kind,
				old ?: "", new ?: "");
	}
}

static void ct_victims_stop(struct ct_victims *all)
{
	int i;

	for (i = 0; i < all->nr; i++) {
		struct ct_victim *victim = &all->victim[i];

		if (victim->child.fd < 0)
			continue;
		kill(victim->pid, SIGCONT);
		ct_release(&victim->child);
		if (victim->child.pid == victim->pid || victim->tid != victim->pid)
			CT_EQ(0, ct_reap(victim->child.pid));
	}
	free(all);
}

#endif
