/* SPDX-License-Identifier: GPL-2.0 */
/* Terminals: what saving and restoring them have in common. */
#ifndef CT_CHECKPOINT_TTY_H
#define CT_CHECKPOINT_TTY_H

#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/tty.h>

#ifndef N_TTY_BUF_SIZE
#define N_TTY_BUF_SIZE	4096
#endif

/* Both halves of the numbers that ptys have. */
#ifndef UNIX98_PTY_MAJOR_COUNT
#define UNIX98_PTY_MAJOR_COUNT	8
#endif

struct tty_struct *ct_tty_of(const struct file *file);

/* Private to drivers/tty/n_tty.c; as 6.1 and 6.12 have it. */
struct n_tty_data {
	size_t read_head;
	size_t commit_head;
	size_t canon_head;
	size_t echo_head;
	size_t echo_commit;
	size_t echo_mark;
	DECLARE_BITMAP(char_map, 256);
	unsigned long overrun_time;
	int num_overrun;
	bool no_room;
	unsigned char lnext:1, erasing:1, raw:1, real_raw:1, icanon:1;
	unsigned char push:1;
	u8 read_buf[N_TTY_BUF_SIZE];
	DECLARE_BITMAP(read_flags, N_TTY_BUF_SIZE);
	u8 echo_buf[N_TTY_BUF_SIZE];
	size_t read_tail;
	size_t line_start;
	size_t lookahead_count;
	unsigned int column;
	unsigned int canon_column;
	size_t echo_tail;
	struct mutex atomic_read_lock;	/* its own */
	struct mutex output_lock;	/* its own */
};

#endif
