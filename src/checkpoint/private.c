// SPDX-License-Identifier: GPL-2.0
/* The structures of private.h and tty.h, for a look at load whether they are so. */
#include "checkpoint/private.h"
#include "checkpoint/tty.h"
#include "hook/btf.h"
#include "hook/symbols.h"

const struct ct_member ct_members_special[] = {
	CT_MEMBER(eventfd_ctx, wqh),
	CT_MEMBER(eventfd_ctx, count),
	CT_MEMBER(eventfd_ctx, flags),
	CT_MEMBER(timerfd_ctx, t),
	CT_MEMBER(timerfd_ctx, tintv),
	CT_MEMBER(timerfd_ctx, moffs),
	CT_MEMBER(timerfd_ctx, wqh),
	CT_MEMBER(timerfd_ctx, ticks),
	CT_MEMBER(timerfd_ctx, clockid),
	CT_MEMBER(timerfd_ctx, expired),
	CT_MEMBER(timerfd_ctx, settime_flags),
	CT_MEMBER(timerfd_ctx, might_cancel),
	CT_MEMBER(signalfd_ctx, sigmask),
	CT_MEMBER(eventpoll, mtx),
	CT_MEMBER(eventpoll, rdllist),
	CT_MEMBER(eventpoll, rbr),
	CT_MEMBER(epitem, rdllink),
	CT_MEMBER(epitem, ffd),
	CT_MEMBER(epitem, pwqlist),
	CT_MEMBER(epitem, event),
	CT_MEMBER(epoll_filefd, file),
	CT_MEMBER(epoll_filefd, fd),
	CT_MEMBER(eppoll_entry, wait),
	CT_MEMBER(eppoll_entry, whead),
	CT_MEMBER(inotify_event_info, fse),
	CT_MEMBER(inotify_event_info, mask),
	CT_MEMBER(inotify_event_info, wd),
	CT_MEMBER(inotify_event_info, sync_cookie),
	CT_MEMBER(inotify_event_info, name_len),
	CT_MEMBER(inotify_event_info, name),
	CT_MEMBER(inotify_inode_mark, fsn_mark),
	CT_MEMBER(inotify_inode_mark, wd),
	CT_MEMBER(n_tty_data, read_head),
	CT_MEMBER(n_tty_data, commit_head),
	CT_MEMBER(n_tty_data, canon_head),
	CT_MEMBER(n_tty_data, no_room),
	CT_MEMBER(n_tty_data, read_buf),
	CT_MEMBER(n_tty_data, read_flags),
	CT_MEMBER(n_tty_data, read_tail),
	CT_MEMBER(n_tty_data, line_start),
	CT_MEMBER(n_tty_data, lookahead_count),
	CT_MEMBER(n_tty_data, column),
	CT_MEMBER(n_tty_data, canon_column),
	{}
};
