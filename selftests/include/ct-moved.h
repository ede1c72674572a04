/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of ct-checkpoint.h that move to another machine: two more modes, which
 * selftests/run cross wants, each on a machine of its own.
 *
 *	save	saved, in the directory that CR_SAVE names, and killed
 *	load	restarted from what is in the directory that CR_LOAD names
 *
 * There, PROGRAM.ROW.image is the image, PROGRAM.ROW.when says when it was made, by
 * the clock of that machine, and PROGRAM.ROW.kept has the files that the subject
 * left in its own directory.  That directory is PROGRAM.ROW, and so below a name
 * that has to be the same on both machines.  A subject that is loaded works with a
 * copy, so that it can be loaded again.
 *
 * To those who wait for some time the other machine's clock, which may be behind
 * this one's, is no different from having been away: that may be negative then.
 *
 * Included by ct-checkpoint.h.
 */
#ifndef CT_MOVED_H
#define CT_MOVED_H

static inline const char *cr_moved_dir(int mode)
{
	return getenv(mode == CR_SAVE ? "CR_SAVE" : "CR_LOAD");
}

static inline bool cr_mode_wanted(int mode)
{
	if (mode & CR_MOVED)
		return cr_moved_dir(mode);
	return !cr_moved_dir(CR_SAVE) && !cr_moved_dir(CR_LOAD);
}

/* The subject's directory, and with a suffix what is beside it. */
static inline const char *cr_moved_path(const char *suffix)
{
	static char path[4][sizeof(cr_dir) + 8];
	static unsigned int next;
	char *text = path[next++ % 4];

	snprintf(text, sizeof(path[0]), "%s%s", cr_dir, suffix);
	return text;
}

static inline void cr_moved_name(const struct cr_row *row, int mode)
{
	int len = snprintf(cr_dir, sizeof(cr_dir), "%s/%s.%s", cr_moved_dir(mode),
			   program_invocation_short_name, row->name);

	CT_CHECK(len < (int)sizeof(cr_dir));
}

/* Also those of a first try, which failed. */
static inline void cr_moved_remove(const char *path)
{
	nftw(path, cr_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void cr_moved_write(const struct cr_image *image)
{
	FILE *file = fopen(cr_moved_path(".image"), "we");

	CT_CHECK(file);
	CT_EQ(image->size, fwrite(image->data, 1, image->size, file));
	CT_EQ(0, fclose(file));
	file = fopen(cr_moved_path(".when"), "we");
	CT_CHECK(file);
	fprintf(file, "%lld %lld\n", image->before, image->after);
	CT_EQ(0, fclose(file));
}

static inline void cr_moved_read(struct cr_image *image)
{
	FILE *file = fopen(cr_moved_path(".image"), "re");
	struct stat st;

	if (!file)
		CT_FAIL("%s: %s: nothing has been saved", cr_moved_path(".image"),
			strerror(errno));
	CT_EQ(0, fstat(fileno(file), &st));
	image->size = st.st_size;
	image->data = malloc(image->size);
	CT_CHECK(image->data);
	CT_EQ(image->size, fread(image->data, 1, image->size, file));
	fclose(file);
	file = fopen(cr_moved_path(".when"), "re");
	CT_CHECK(file);
	CT_EQ(2, fscanf(file, "%lld %lld", &image->before, &image->after));
	fclose(file);
}

/* With sockets, and whose the files are. */
static inline void cr_moved_copy(void)
{
	pid_t pid = fork();

	CT_CHECK(pid >= 0);
	if (!pid) {
		execlp("cp", "cp", "-a", cr_moved_path(".kept"), cr_dir, NULL);
		_exit(127);
	}
	CT_EQ(0, ct_reap(pid));
}

static inline void cr_run_save(struct cr_row *row)
{
	struct cr_guard guard;
	struct cr_image image;
	struct cr_life life;

	cr_moved_name(row, CR_SAVE);
	cr_moved_remove(cr_dir);
	cr_moved_remove(cr_moved_path(".kept"));
	CT_EQ(0, mkdir(cr_dir, 0777));
	guard = cr_guard();
	life = cr_start(row);
	image = cr_take(&life);
	cr_end(&life);
	cr_moved_write(&image);
	cr_image_free(&image);
	CT_EQ(0, rename(cr_dir, cr_moved_path(".kept")));
	cr_guard_end(&guard);
}

static inline void cr_run_load(struct cr_row *row)
{
	struct cr_life life = { .row = row };
	struct cr_image image;
	struct cr_guard guard;

	cr_moved_name(row, CR_LOAD);
	cr_moved_read(&image);
	cr_moved_remove(cr_dir);
	cr_moved_copy();
	guard = cr_guard();
	ct_unique_name(life.name);
	life = cr_bring_back(&life, &image, life.name);
	/* There is no original beside it. */
	life.copy = false;
	cr_image_free(&image);
	cr_finish(&life);
	cr_guard_end(&guard);
}

#endif
