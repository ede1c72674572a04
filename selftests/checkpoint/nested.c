// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * A restart below another container: from outside by a path, and from inside of it,
 * whose writer gets a container in its own one.
 */
#include "ct-checkpoint.h"
#include "ct-nest.h"

/* -- somebody with a tree, who looks whether its numbers are the same ------------------- */

static void waits(void *arg)
{
	pid_t *pid = arg;

	*pid = getpid();
	cr_settled();
	cr_await();
	CT_EQ(*pid, getpid());
	CT_EQ(1, getppid());
	CT_EQ(1, getsid(0));
}

CR_SUBJECT(tree)
{
	pid_t first = 0, second = 0, pid[2];

	cr_gathering();
	pid[0] = cr_child(waits, &first);
	pid[1] = cr_child(waits, &second);
	cr_gather(2);
	cr_ready();
	CT_EQ(1, getpid());
	/* Nobody who is outside has a number here. */
	CT_EQ(0, getppid());
	CT_EQ(pid[0], waitpid(pid[0], NULL, 0));
	CT_EQ(pid[1], waitpid(pid[1], NULL, 0));
}

/* A path; all fit into where a name fits. */
static void path_to(char path[CT_NAME_MAX + 1], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	CT_CHECK(vsnprintf(path, CT_NAME_MAX + 1, fmt, ap) <= CT_NAME_MAX);
	va_end(ap);
}

/* -- what all tests have --------------------------------------------------------------- */

FIXTURE(image) {
	struct cr_guard guard;
	struct cr_life life;
	struct cr_image image;
	struct ct_child outer;
	char path[CT_NAME_MAX + 1];
};

FIXTURE_SETUP(image)
{
	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	self->guard = cr_guard();
	self->life = cr_start(&tree_row);
	self->image = cr_take(&self->life);
	cr_end(&self->life);
	self->outer = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	path_to(self->path, "%s/inner", self->outer.name);
}

FIXTURE_TEARDOWN(image)
{
	if (!self->guard.pid)
		return;
	ct_finish(&self->outer);
	CT_UNTIL(ct_task_count(self->outer.name) == -1);
	cr_image_free(&self->image);
	cr_guard_end(&self->guard);
}

static void fails(const struct cr_image *image, const char *name, int err,
		  const char *part)
{
	char why[512];

	CT_EQ(err, cr_restart(image, name, why, sizeof(why)));
	if (!strstr(why, part))
		CT_FAIL("no \"%s\" in: %s", part, why);
}

/* Process 1 has a number on each level. */
static void finish_inside(struct cr_life *life, const char *outer, const char *path)
{
	path_to(life->name, "%s", path);
	life->pid = cr_first(path);
	CT_CHECK(life->pid > 0);
	CT_CHECK(ct_inside(outer, life->pid) > 1);
	CT_EQ(1, ct_inside(path, life->pid));
	CT_EQ(3, ct_task_count(path));
	CT_EQ(4, ct_task_count(outer));
	CT_STREQ(outer, ct_status_text(path, "parent"));
	cr_finish(life);
}

/* -- from outside --------------------------------------------------------------------- */

TEST_F(image, by_path)
{
	char why[512];
	int ret = cr_restart(&self->image, self->path, why, sizeof(why));

	if (ret)
		CT_FAIL("%s: %s", strerror(-ret), why);
	finish_inside(&self->life, self->outer.name, self->path);
}

/* As often as one likes: saved and brought back there, and elsewhere. */
TEST_F(image, again_and_elsewhere)
{
	char deep[CT_NAME_MAX + 1], why[512], name[CT_NAME_MAX + 1];
	struct cr_image image;

	ct_unique_name(name);
	CT_EQ(0, cr_restart(&self->image, self->path, why, sizeof(why)));
	path_to(self->life.name, "%s", self->path);
	self->life.pid = cr_first(self->path);
	image = cr_take(&self->life);
	/* Two levels further in, beside the original. */
	path_to(deep, "%s/deep", self->path);
	CT_EQ(0, cr_restart(&image, deep, why, sizeof(why)));
	CT_EQ(6, ct_task_count(self->path));
	CT_EQ(3, ct_task_count(deep));
	/* Who has a container inside cannot be saved as it is. */
	CT_EQ(-EOPNOTSUPP, cr_save(self->path, NULL, &self->image));
	CT_EQ(0, ct_kill_container(deep, "KILL"));
	CT_EQ(128 + SIGKILL, ct_reap(-1));
	CT_UNTIL(ct_task_count(deep) == -1);
	cr_end(&self->life);
	/* And where there is nobody around. */
	CT_EQ(0, cr_restart(&image, name, why, sizeof(why)));
	path_to(self->life.name, "%s", name);
	self->life.pid = cr_first(name);
	CT_STREQ("/", ct_status_text(name, "parent"));
	cr_finish(&self->life);
	cr_image_free(&image);
}

TEST_F(image, errors)
{
	char path[CT_NAME_MAX + 1], why[512];

	fails(&self->image, "no-such-one/x", -ENOENT,
	      "there is no container 'no-such-one'");
	path_to(path, "%s/none/x", self->outer.name);
	fails(&self->image, path, -ENOENT, "/none'");
	path_to(path, "%s/../x", self->outer.name);
	fails(&self->image, path, -EINVAL, "no name");
	path_to(path, "%s/", self->outer.name);
	fails(&self->image, path, -EINVAL, "no name");
	path_to(path, "/%s", self->outer.name);
	fails(&self->image, path, -EINVAL, "no name");
	/* The names of files are none for those inside. */
	path_to(path, "%s/kill", self->outer.name);
	fails(&self->image, path, -EINVAL, "'kill' is the name of a file");
	CT_EQ(0, cr_restart(&self->image, self->path, why, sizeof(why)));
	fails(&self->image, self->path, -EEXIST, "'inner'");
	CT_EQ(3, ct_task_count(self->path));
	CT_EQ(0, ct_kill_container(self->path, "KILL"));
	CT_EQ(128 + SIGKILL, ct_reap(-1));
	CT_UNTIL(ct_task_count(self->path) == -1);
	CT_EQ(1, ct_task_count(self->outer.name));
}

/* One inside the other: all go with the one around them. */
TEST_F(image, deep)
{
	char path[128], why[512];
	int i;

	strcpy(path, self->path);
	for (i = 2; i < 8; i++, strcat(path, "/x"))
		CT_EQ(0, cr_restart(&self->image, path, why, sizeof(why)));
	CT_EQ(19, ct_task_count(self->outer.name));
	CT_EQ(0, ct_kill_container(self->path, "KILL"));
	for (i = 2; i < 8; i++)
		CT_EQ(128 + SIGKILL, ct_reap(-1));
	CT_UNTIL(ct_task_count(self->path) == -1);
}

/* The one around ends while its guest is being made: with it goes the guest. */
TEST_F(image, ends_meanwhile)
{
	int fd = open(CR_RESTART, O_RDWR | O_CLOEXEC);
	size_t half = self->image.size - 8;
	char line[200];

	CT_CHECK(fd >= 0);
	snprintf(line, sizeof(line), "options name=%s\n", self->path);
	CT_EQ(0, cr_write_all(fd, line, strlen(line)));
	CT_EQ(0, cr_write_all(fd, self->image.data, half));
	CT_EQ(3, ct_task_count(self->path));
	CT_EQ(0, ct_kill_container(self->outer.name, "KILL"));
	/* Its process 1 is our child. */
	CT_UNTIL(waitpid(-1, NULL, WNOHANG) >= 0 &&
		 ct_task_count(self->path) <= 0);
	/* Whatever the end of the image does, nobody comes of it. */
	if (write(fd, self->image.data + half, 8) < 0)
		CT_EQ(EINTR, errno);
	CT_CHECK(ct_task_count(self->path) <= 0);
	close(fd);
	/* And before it is begun. */
	fd = open(CR_RESTART, O_RDWR | O_CLOEXEC);
	CT_UNTIL(waitpid(-1, NULL, WNOHANG) >= 0 &&
		 ct_task_count(self->outer.name) == -1);
	CT_ERRNO(ENOENT, write(fd, line, strlen(line)));
	close(fd);
	self->outer = ct_spawn(CT_CONTAINER, ct_idle, NULL);
}

/* -- from inside -------------------------------------------------------------------------- */

struct inside {
	const struct cr_image *image;
	const struct cr_life *life;
	const char *own;
};

/* In a container: what is made is inside that. */
static void restarts(int fd, void *arg)
{
	struct inside *inside = arg;
	struct cr_life life = *inside->life;
	char path[CT_NAME_MAX + 1], own[CT_NAME_MAX + 2], why[512];
	int ret;

	(void)fd;
	ret = cr_restart(inside->image, "inner", why, sizeof(why));
	if (ret)
		CT_FAIL("%s: %s", strerror(-ret), why);
	/* Its number here, and in itself. */
	ct_read_file(CT_FILE, own, sizeof(own));
	own[strcspn(own, "\n")] = 0;
	path_to(path, "%s/inner", own);
	strcpy(life.name, path);
	life.pid = cr_first(path);
	CT_CHECK(life.pid > 1);
	CT_EQ(life.pid, ct_only_child(getpid()));
	CT_EQ(4, ct_task_count(own));
	cr_finish(&life);
	/* By its own name one means the same. */
	CT_EQ(0, cr_restart(inside->image, path, why, sizeof(why)));
	life.pid = cr_first(path);
	cr_finish(&life);
}

TEST_F(image, by_a_contained_writer)
{
	struct inside inside = { &self->image, &self->life, NULL };
	struct ct_child child = ct_spawn(CT_CONTAINER, restarts, &inside);

	CT_EQ(0, ct_finish(&child));
	CT_UNTIL(ct_task_count(child.name) == -1);
}

static void sees_no_other(int fd, void *arg)
{
	struct inside *inside = arg;
	char path[CT_NAME_MAX + 1];

	(void)fd;
	path_to(path, "%s/x", inside->own);
	fails(inside->image, path, -ENOENT, "there is no container");
}

TEST_F(image, only_below_oneself)
{
	struct inside inside = { &self->image, &self->life, self->outer.name };
	struct ct_child child = ct_spawn(CT_CONTAINER, sees_no_other, &inside);

	CT_EQ(0, ct_finish(&child));
}

/* A place that somebody else has named is only good for who may go there. */
static void writes_to(int fd, void *arg)
{
	const struct cr_image *image = arg;
	int ret = cr_write_all(3, image->data, image->size);

	(void)fd;
	CT_EQ(-EPERM, ret);
}

TEST_F(image, a_file_from_outside)
{
	int fd = open(CR_RESTART, O_RDWR);
	struct ct_child child;
	char line[200];

	CT_CHECK(fd >= 0);
	snprintf(line, sizeof(line), "options name=%s\n", self->path);
	CT_EQ(0, cr_write_all(fd, line, strlen(line)));
	CT_CHECK(dup2(fd, 3) == 3);
	child = ct_spawn(CT_CONTAINER, writes_to, &self->image);
	CT_EQ(0, ct_finish(&child));
	if (fd != 3)
		close(3);
	close(fd);
	CT_EQ(-1, ct_task_count(self->path));
}

static void without_rights(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	CT_EQ(0, unshare(CLONE_NEWUSER));
	CT_ERRNO(EPERM, open(CR_RESTART, O_RDWR));
}

TEST_F(image, rights_inside)
{
	struct ct_child child = ct_spawn(CT_CONTAINER, without_rights, NULL);

	CT_EQ(0, ct_finish(&child));
}

/* A half image in the hands of one inside: it is no file to come back. */
static void holds_image(int fd, void *arg)
{
	int file = open(CR_RESTART, O_RDWR);

	(void)arg;
	CT_CHECK(file >= 0);
	ct_send(fd, file);
	ct_wait_hangup(fd);
}

TEST_F(image, open_file_is_a_blocker)
{
	struct ct_child child = ct_spawn(CT_CONTAINER, holds_image, NULL);
	char path[128], text[4096], where[32];

	snprintf(where, sizeof(where), "\tfd %lld\t", ct_recv(child.fd));
	ct_path(path, sizeof(path), child.name, "check");
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	if (!strstr(text, where))
		CT_FAIL("not named: %s", text);
	CT_EQ(0, ct_finish(&child));
}

CR_MAIN
