// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl hierarchy mount.
 */
#include "compiler.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "containerctl.h"
#include "hierarchies.h"
#include "hierarchy.h"

/**
 * struct wanted - what is to be mounted
 * @names: subsystems, commas between them; or "all"
 * @dir: where
 * @agent: release_agent=, or NULL
 * @noprefix: the option
 */
struct wanted {
	const char *names;
	const char *dir;
	const char *agent;
	bool noprefix;
};

static bool is_all(const char *names)
{
	return !strcmp(names, "all");
}

/* Of those in "a,b" is the hierarchy made, neither more nor less. */
static bool same_names(const char *names, const char *others)
{
	size_t n;
	int i;

	for (i = 0; i < 2; i++) {
		const char *p = i ? others : names;

		for (; *p; p += n + (p[n] == ',')) {
			n = strcspn(p, ",");
			if (!names_have(i ? names : others, p, n))
				return false;
		}
	}
	return true;
}

/*
 * Not everything that stands among the options of a mount is a subsystem: "ro" is
 * not.  So they are looked up before.
 */
static bool names_are_known(const char *names, const struct hierarchies *all,
			    struct fault *why)
{
	char known[256] = "";
	size_t i, n, len = 0;

	for (i = 0; i < all->nr; i++)
		if (all->list[i].names[0] && len < sizeof(known))
			len += snprintf(known + len, sizeof(known) - len, "%s%s",
					len ? "," : "", all->list[i].names);
	if (is_all(names))
		return true;
	for (;; names += n + 1) {
		n = strcspn(names, ",");
		if (!n) {
			fault_set(why, "an empty name among the subsystems: they are given as SUBSYS,SUBSYS");
			return false;
		}
		if (!hierarchies_find(all, names, n)) {
			fault_set(why, "there is no subsystem '%.*s'; there are: %s", (int)n, names,
				  known[0] ? known : "none");
			return false;
		}
		if (!names[n])
			return true;
	}
}

/* The kernel says the same of both: it is there already, and it is another one. */
static void explain_same(struct fault *why, const char *dir, const struct hierarchy *h)
{
	char *real = realpath(dir, NULL);
	size_t i;

	for (i = 0; real && i < h->nr_mounts; i++)
		if (!strcmp(h->mounts[i].dir, real))
			break;
	if (real && i < h->nr_mounts)
		fault_set(why, "hierarchy %u is mounted on '%s' already", h->number, dir);
	else
		fault_set(why, "hierarchy %u is there already, and whether its files have prefixes (--noprefix) cannot be changed",
			  h->number);
	free(real);
}

static void explain_busy(struct fault *why, const char *names, const char *dir,
			 const struct hierarchies *all)
{
	const struct hierarchy *h;
	const char *p;
	size_t i, n;

	for (i = 0; i < all->nr && is_all(names); i++) {
		if (!all->list[i].number)
			continue;
		fault_set(why, "not all subsystems are free: hierarchy %u has %s",
			  all->list[i].number, names_or_none(&all->list[i]));
		return;
	}
	for (p = names; *p; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		h = hierarchies_find(all, p, n);
		if (!h || !h->number)
			continue;
		if (same_names(names, h->names))
			explain_same(why, dir, h);
		else
			fault_set(why, "'%.*s' is in hierarchy %u, with the subsystems %s: it can be mounted with exactly these",
				  (int)n, p, h->number, h->names);
		return;
	}
	fault_set(why, "'%s' is in use", dir);
}

static void explain_missing(struct fault *why, const char *names, const char *dir)
{
	struct stat st;

	if (stat(dir, &st) && errno == ENOENT)
		fault_set(why, "there is no directory '%s'", dir);
	else
		fault_set(why, "one of the subsystems %s has just gone", names);
}

static void explain_no_space(struct fault *why, const struct hierarchies *all)
{
	size_t i, nr = 0;

	for (i = 0; i < all->nr; i++)
		nr += !!all->list[i].number;
	fault_set(why, "there are %zu hierarchies, and there is no room for another one (or for another mount: see fs.mount-max)",
		  nr);
}

/**
 * mount_explain() - why a hierarchy could not be mounted
 * @why: filled in
 * @names: its subsystems, commas between them
 * @dir: where
 * @all: which there are
 * @err: errno of mount(2)
 */
void mount_explain(struct fault *why, const char *names, const char *dir,
		   const struct hierarchies *all, int err)
{
	switch (err) {
	case EBUSY:
		explain_busy(why, names, dir, all);
		break;
	case ENOENT:
		explain_missing(why, names, dir);
		break;
	case ENOSPC:
		explain_no_space(why, all);
		break;
	case ENOTDIR:
		fault_set(why, "'%s' is not a directory", dir);
		break;
	case EEXIST:
		fault_set(why, "without prefixes two of the subsystems %s would have files of the same name",
			  names);
		break;
	case EPERM:
	case EACCES:
		fault_set(why, "not allowed to mount a hierarchy on '%s': this takes root (CAP_SYS_ADMIN)",
			  dir);
		break;
	case ENODEV:
		fault_set(why, "the container module is not loaded: load it with 'modprobe container' or 'insmod container.ko'");
		break;
	case EINVAL:
		fault_set(why, "the module does not take these options for a hierarchy with %s",
			  names);
		break;
	default:
		fault_set(why, "cannot mount a hierarchy on '%s': %s", dir, strerror(err));
	}
}

/* Of one that is there it would be overlooked. */
static bool agent_is_new(const struct wanted *w, const struct hierarchies *all,
			 struct fault *why)
{
	size_t i;

	for (i = 0; w->agent && i < all->nr; i++) {
		if (!all->list[i].number || !same_names(w->names, all->list[i].names))
			continue;
		fault_set(why, "hierarchy %u is there already: its release agent is what is written to its file release_agent",
			  all->list[i].number);
		return false;
	}
	return true;
}

/* A comma would begin another option. */
static bool agent_is_valid(const char *agent, struct fault *why)
{
	if (!agent || (agent[0] == '/' && !strchr(agent, ',')))
		return true;
	fault_set(why, "a release agent is given by a path that begins with '/' and has no comma in it, not '%s'",
		  agent);
	return false;
}

static int mount_wanted(const struct wanted *w, const struct hierarchies *all,
			struct fault *why)
{
	char *options;
	int ret;

	if (!names_are_known(w->names, all, why) || !agent_is_valid(w->agent, why) ||
	    !agent_is_new(w, all, why))
		return -1;
	if (asprintf(&options, "%s%s%s%s", w->names, w->noprefix ? ",noprefix" : "",
		     w->agent ? ",release_agent=" : "", w->agent ? w->agent : "") < 0) {
		fault_set(why, "no memory");
		return -1;
	}
	ret = mount("container", w->dir, "container", MS_NOSUID | MS_NODEV | MS_NOEXEC, options);
	if (ret)
		mount_explain(why, w->names, w->dir, all, errno);
	free(options);
	return ret;
}

static int mount_now(const struct wanted *w)
{
	struct hierarchies all;
	struct fault why;
	int ret;

	ret = hierarchies_read(&all, &why);
	if (!ret)
		ret = mount_wanted(w, &all, &why);
	hierarchies_free(&all);
	if (!ret)
		return 0;
	complain("%s", why.text);
	return EXIT_SELF;
}

int hierarchy_mount(int argc, char **argv)
{
	static const struct option options[] = {
		{ "noprefix", no_argument, NULL, 'n' },
		{ "release-agent", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct wanted w = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "nr:h", options, NULL)) >= 0) {
		switch (c) {
		case 'n':
			w.noprefix = true;
			break;
		case 'r':
			w.agent = optarg;
			break;
		case 'h':
			command_help(&cmd_hierarchy, stdout);
			return finish_output();
		default:
			return bad_option(&cmd_hierarchy);
		}
	}
	if (optind >= argc)
		return usage_error(&cmd_hierarchy, "mount: which subsystems?");
	if (optind + 1 >= argc)
		return usage_error(&cmd_hierarchy, "mount: on which directory?");
	if (optind + 2 < argc)
		return usage_error(&cmd_hierarchy,
				   "'%s' is too much: subsystems have commas between them, and there is one directory",
				   argv[optind + 2]);
	w.names = argv[optind];
	w.dir = argv[optind + 1];
	return mount_now(&w);
}
