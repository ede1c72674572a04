/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests of containers in containers. */
#ifndef CT_NEST_H
#define CT_NEST_H

#include <dirent.h>

/* The number of the only child of a process, as the caller sees both; or 0. */
static inline pid_t ct_only_child(pid_t pid)
{
	char path[64], text[256], *end;
	long child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) >= 0);
	child = strtol(text, &end, 10);
	CT_CHECK(end == text || !strcmp(end, " "));
	return child;
}

/* How many processes /proc shows. */
static inline int ct_proc_count(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	CT_CHECK(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
	closedir(dir);
	return count;
}

#define CT_LAST_PID "/proc/sys/kernel/ns_last_pid"

/*
 * The next child gets this number.  What a process was called outside goes on
 * naming it, so if that were a small number those inside would leave it out.
 */
static inline void ct_next_pid(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid - 1);
	CT_EQ(0, ct_write_file(CT_LAST_PID, text));
}

/* Creates a container with options; 0 or -errno. */
static inline int ct_create(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline int ct_create(const char *name, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int len;

	len = snprintf(text, sizeof(text), "%s ", name);
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	va_end(ap);
	return ct_enter(text);
}

/* Writes to a container's tasks; 0 or -errno. */
static inline int ct_adopt(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline int ct_adopt(const char *name, const char *fmt, ...)
{
	char path[256], text[256];
	va_list ap;

	ct_path(path, sizeof(path), name, "tasks");
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return ct_write_file(path, text);
}

/* A value of a container's status; empty without one. */
static inline const char *ct_status_text(const char *name, const char *key)
{
	static char line[256];
	size_t len = strlen(key);
	char path[256];
	FILE *file;

	ct_path(path, sizeof(path), name, "status");
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, len) || line[len] != ':')
			continue;
		fclose(file);
		line[strcspn(line, "\n")] = 0;
		return line + len + 2;
	}
	if (file)
		fclose(file);
	return "";
}

/* ct_spawn() into a container of a given name, with options. */
struct ct_named {
	const char *text;
	ct_fn fn;
	void *arg;
};

static inline void ct_enter_named(int fd, void *arg)
{
	struct ct_named *named = arg;
	int ret = ct_enter(named->text);

	if (ret)
		CT_FAIL("entering %s: %s", named->text, strerror(-ret));
	ct_send(fd, 0);
	named->fn(fd, named->arg);
}

static inline struct ct_child ct_spawn_named(const char *text, ct_fn fn, void *arg)
{
	struct ct_named named = { .text = text, .fn = fn, .arg = arg };
	struct ct_child child = ct_spawn(CT_PLAIN, ct_enter_named, &named);

	snprintf(child.name, sizeof(child.name), "%.*s",
		 (int)strcspn(text, " "), text);
	ct_recv(child.fd);
	return child;
}

/* clone3() with numbers for the child, innermost first; as fork(), or -errno. */
static inline pid_t ct_fork_as(const pid_t *numbers, size_t count)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal;
		uint64_t stack, stack_size, tls, set_tid, set_tid_size;
	} args = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)numbers,
		.set_tid_size = count,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 ? -errno : pid;
}

#endif
