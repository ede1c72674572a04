// SPDX-License-Identifier: GPL-2.0
/* What the records about open files that are no files look like. */
#include <container/image_special.h>

#include "image/fields.h"

static const struct ct_field eventfd_fields[] = {
	CT_FIELD(struct container_image_eventfd, count, DEC),
	CT_FIELD(struct container_image_eventfd, flags, HEX),
	{}
};

static const struct ct_field timerfd_fields[] = {
	CT_FIELD(struct container_image_timerfd, clock, DEC),
	CT_FIELD(struct container_image_timerfd, flags, HEX),
	CT_FIELD(struct container_image_timerfd, ticks, DEC),
	CT_FIELD(struct container_image_timerfd, value, SIGNED),
	CT_FIELD(struct container_image_timerfd, interval, DEC),
	{}
};

static const struct ct_field signalfd_fields[] = {
	CT_FIELD(struct container_image_signalfd, mask, HEX),
	{}
};

static const struct ct_field epoll_fields[] = {
	CT_FIELD(struct container_image_epoll, targets, DEC),
	{}
};

static const struct ct_field epoll_target_fields[] = {
	CT_FIELD(struct container_image_epoll_target, file, DEC),
	CT_FIELD(struct container_image_epoll_target, fd, DEC),
	CT_FIELD(struct container_image_epoll_target, events, HEX),
	CT_FIELD(struct container_image_epoll_target, flags, HEX),
	CT_FIELD(struct container_image_epoll_target, data, HEX),
	CT_FIELD(struct container_image_epoll_target, owner, DEC),
	{}
};

static const struct ct_field inotify_fields[] = {
	CT_FIELD(struct container_image_inotify, next, DEC),
	{}
};

static const struct ct_field watch_fields[] = {
	CT_FIELD(struct container_image_watch, wd, DEC),
	CT_FIELD(struct container_image_watch, mask, HEX),
	{}
};

static const struct ct_field watch_event_fields[] = {
	CT_FIELD(struct container_image_watch_event, wd, DEC),
	CT_FIELD(struct container_image_watch_event, mask, HEX),
	CT_FIELD(struct container_image_watch_event, cookie, DEC),
	{}
};

static const struct ct_field pidfd_fields[] = {
	CT_FIELD(struct container_image_pidfd, nr, DEC),
	CT_FIELD(struct container_image_pidfd, flags, HEX),
	{}
};

static const struct ct_field sockopts_fields[] = {
	CT_FIELD(struct container_image_sockopts, options, DEC),
	{}
};

static const struct ct_field sockopt_fields[] = {
	CT_FIELD(struct container_image_sockopt, level, DEC),
	CT_FIELD(struct container_image_sockopt, name, DEC),
	CT_FIELD(struct container_image_sockopt, size, DEC),
	CT_FIELD(struct container_image_sockopt, value, BYTES),
	{}
};

static const struct ct_field unix_fields[] = {
	CT_FIELD(struct container_image_unix, type, DEC),
	CT_FIELD(struct container_image_unix, state, DEC),
	CT_FIELD(struct container_image_unix, flags, HEX),
	CT_FIELD(struct container_image_unix, shutdown, DEC),
	CT_FIELD(struct container_image_unix, peer, DEC),
	CT_FIELD(struct container_image_unix, backlog, DEC),
	CT_FIELD(struct container_image_unix, error, DEC),
	CT_FIELD(struct container_image_unix, name, DEC),
	CT_FIELD(struct container_image_unix, path, DEC),
	CT_FIELD(struct container_image_unix, mode, HEX),
	CT_FIELD(struct container_image_unix, uid, DEC),
	CT_FIELD(struct container_image_unix, gid, DEC),
	CT_FIELD(struct container_image_unix, peer_nr, DEC),
	CT_FIELD(struct container_image_unix, peer_uid, DEC),
	CT_FIELD(struct container_image_unix, peer_gid, DEC),
	CT_FIELD(struct container_image_unix, peer_name, DEC),
	{}
};

static const struct ct_field unix_pending_fields[] = {
	CT_FIELD(struct container_image_unix_pending, client, DEC),
	CT_FIELD(struct container_image_unix_pending, shutdown, DEC),
	CT_FIELD(struct container_image_unix_pending, error, DEC),
	CT_FIELD(struct container_image_unix_pending, nr, DEC),
	CT_FIELD(struct container_image_unix_pending, uid, DEC),
	CT_FIELD(struct container_image_unix_pending, gid, DEC),
	{}
};

static const struct ct_field unix_message_fields[] = {
	CT_FIELD(struct container_image_unix_message, pending, DEC),
	CT_FIELD(struct container_image_unix_message, flags, HEX),
	CT_FIELD(struct container_image_unix_message, nr, DEC),
	CT_FIELD(struct container_image_unix_message, uid, DEC),
	CT_FIELD(struct container_image_unix_message, gid, DEC),
	CT_FIELD(struct container_image_unix_message, files, DEC),
	CT_FIELD(struct container_image_unix_message, name, DEC),
	CT_FIELD(struct container_image_unix_message, size, DEC),
	{}
};

static const struct ct_field inet_fields[] = {
	CT_FIELD(struct container_image_inet, family, DEC),
	CT_FIELD(struct container_image_inet, type, DEC),
	CT_FIELD(struct container_image_inet, flags, HEX),
	CT_FIELD(struct container_image_inet, shutdown, DEC),
	CT_FIELD(struct container_image_inet, backlog, DEC),
	CT_FIELD(struct container_image_inet, address, BYTES),
	CT_FIELD(struct container_image_inet, peer, BYTES),
	{}
};

static const struct ct_field pty_fields[] = {
	CT_FIELD(struct container_image_pty, index, DEC),
	CT_FIELD(struct container_image_pty, flags, HEX),
	CT_FIELD(struct container_image_pty, session, DEC),
	CT_FIELD(struct container_image_pty, pgrp, DEC),
	CT_FIELD(struct container_image_pty, rows, DEC),
	CT_FIELD(struct container_image_pty, columns, DEC),
	CT_FIELD(struct container_image_pty, xpixels, DEC),
	CT_FIELD(struct container_image_pty, ypixels, DEC),
	CT_FIELD(struct container_image_pty, iflag, HEX),
	CT_FIELD(struct container_image_pty, oflag, HEX),
	CT_FIELD(struct container_image_pty, cflag, HEX),
	CT_FIELD(struct container_image_pty, lflag, HEX),
	CT_FIELD(struct container_image_pty, line, DEC),
	CT_FIELD(struct container_image_pty, cc, BYTES),
	CT_FIELD(struct container_image_pty, ispeed, DEC),
	CT_FIELD(struct container_image_pty, ospeed, DEC),
	CT_FIELD(struct container_image_pty, packet, HEX),
	{}
};

static const struct ct_field pty_input_fields[] = {
	CT_FIELD(struct container_image_pty_input, size, DEC),
	CT_FIELD(struct container_image_pty_input, canon, DEC),
	CT_FIELD(struct container_image_pty_input, line, DEC),
	CT_FIELD(struct container_image_pty_input, flags, HEX),
	CT_FIELD(struct container_image_pty_input, column, DEC),
	CT_FIELD(struct container_image_pty_input, canon_column, DEC),
	{}
};

static const struct ct_field pty_data_fields[] = {
	CT_FIELD(struct container_image_pty_data, to_master, DEC),
	CT_FIELD(struct container_image_pty_data, size, DEC),
	{}
};

static const struct ct_field pty_user_fields[] = {
	CT_FIELD(struct container_image_pty_user, nr, DEC),
	{}
};

const struct ct_record_type ct_records_special[] = {
	{ CONTAINER_IMAGE_EVENTFD, "eventfd", eventfd_fields,
	  sizeof(struct container_image_eventfd) },
	{ CONTAINER_IMAGE_TIMERFD, "timerfd", timerfd_fields,
	  sizeof(struct container_image_timerfd) },
	{ CONTAINER_IMAGE_SIGNALFD, "signalfd", signalfd_fields,
	  sizeof(struct container_image_signalfd) },
	{ CONTAINER_IMAGE_EPOLL, "epoll", epoll_fields,
	  sizeof(struct container_image_epoll),
	  sizeof(struct container_image_epoll_target), epoll_target_fields },
	{ CONTAINER_IMAGE_INOTIFY, "inotify", inotify_fields,
	  sizeof(struct container_image_inotify) },
	{ CONTAINER_IMAGE_WATCH, "inotify-watch", watch_fields,
	  sizeof(struct container_image_watch), 1 },
	{ CONTAINER_IMAGE_WATCH_EVENT, "inotify-event", watch_event_fields,
	  sizeof(struct container_image_watch_event), 1 },
	{ CONTAINER_IMAGE_PIDFD, "pidfd", pidfd_fields,
	  sizeof(struct container_image_pidfd) },
	{ CONTAINER_IMAGE_SOCKOPTS, "socket-options", sockopts_fields,
	  sizeof(struct container_image_sockopts),
	  sizeof(struct container_image_sockopt), sockopt_fields },
	{ CONTAINER_IMAGE_UNIX, "unix", unix_fields,
	  sizeof(struct container_image_unix), 1 },
	{ CONTAINER_IMAGE_UNIX_PENDING, "unix-pending", unix_pending_fields,
	  sizeof(struct container_image_unix_pending) },
	{ CONTAINER_IMAGE_UNIX_MESSAGE, "unix-message", unix_message_fields,
	  sizeof(struct container_image_unix_message), 1 },
	{ CONTAINER_IMAGE_INET, "inet", inet_fields,
	  sizeof(struct container_image_inet) },
	{ CONTAINER_IMAGE_PTY, "pty", pty_fields,
	  sizeof(struct container_image_pty) },
	{ CONTAINER_IMAGE_PTY_INPUT, "pty-input", pty_input_fields,
	  sizeof(struct container_image_pty_input), 1 },
	{ CONTAINER_IMAGE_PTY_DATA, "pty-data", pty_data_fields,
	  sizeof(struct container_image_pty_data), 1 },
	{ CONTAINER_IMAGE_PTY_USER, "pty-user", pty_user_fields,
	  sizeof(struct container_image_pty_user) },
	{}
};
