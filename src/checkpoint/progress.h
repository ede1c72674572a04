/* SPDX-License-Identifier: GPL-2.0 */
/* What a container remembers of its checkpoints. */
#ifndef CT_CHECKPOINT_PROGRESS_H
#define CT_CHECKPOINT_PROGRESS_H

#include <linux/types.h>
#include <linux/wait.h>

struct seq_file;

/**
 * struct ct_progress - of the last checkpoint, or of the one under way
 * @busy: there is one under way; taken with xchg()
 * @taken: there has been one
 * @done: it has been read to its end
 * @failed: it has failed since, though it is under way; @error says why
 * @pause: for how long the tasks were held; ns
 * @started: CLOCK_MONOTONIC; ns
 * @duration: from then until the end was read, or the file was closed; ns
 * @bytes: read so far
 * @pages: of memory, read so far
 * @total: bytes that there will be: an estimate until all has been read
 * @checkpoints: how many there have been, those before a restart included
 * @restarts: how often it has been restarted
 * @events: counts the changes of these two since the container was made
 * @notice: where those wait who want to be told
 * @error: why there was no checkpoint, or no image; a sentence of its own, NULL: there
 *	   was
 *
 * Written by the one who has @busy; what others read may be a moment old. @error
 * is under a mutex of save.c.
 */
struct ct_progress {
	bool busy;
	bool taken;
	bool done;
	bool failed;
	u64 pause;
	u64 started;
	u64 duration;
	u64 bytes;
	u64 pages;
	u64 total;
	u64 checkpoints;
	u64 restarts;
	u64 events;
	wait_queue_head_t notice;
	char *error;
};

void ct_progress_show(struct seq_file *m, struct ct_progress *progress);

#endif
