/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Records of an image about open files that are no files: event counters and
 * timers, sockets, terminals.  The id of each is that of the open file that it
 * belongs to, unless said otherwise.
 */
#ifndef _UAPI_CONTAINER_IMAGE_SPECIAL_H
#define _UAPI_CONTAINER_IMAGE_SPECIAL_H

#include <container/image.h>

/* Kinds of open files, beside those of image_file.h. */
#define CONTAINER_IMAGE_FILE_EVENTFD	64
#define CONTAINER_IMAGE_FILE_TIMERFD	65
#define CONTAINER_IMAGE_FILE_SIGNALFD	66
#define CONTAINER_IMAGE_FILE_EPOLL	67
#define CONTAINER_IMAGE_FILE_INOTIFY	68
#define CONTAINER_IMAGE_FILE_PIDFD	69
#define CONTAINER_IMAGE_FILE_UNIX	70
#define CONTAINER_IMAGE_FILE_INET	71
#define CONTAINER_IMAGE_FILE_PTM	72	/* the master's side of a pty */
#define CONTAINER_IMAGE_FILE_TTY	73	/* any other terminal */

#define CONTAINER_IMAGE_EVENTFD		CONTAINER_IMAGE_TYPE('E', 'V', 'F', 'D')
#define CONTAINER_IMAGE_TIMERFD		CONTAINER_IMAGE_TYPE('T', 'M', 'F', 'D')
#define CONTAINER_IMAGE_SIGNALFD	CONTAINER_IMAGE_TYPE('S', 'G', 'F', 'D')
/* There may be several of an id, one after the other. */
#define CONTAINER_IMAGE_EPOLL		CONTAINER_IMAGE_TYPE('E', 'P', 'O', 'L')
#define CONTAINER_IMAGE_INOTIFY		CONTAINER_IMAGE_TYPE('I', 'N', 'O', 'T')
/* One for each watch. */
#define CONTAINER_IMAGE_WATCH		CONTAINER_IMAGE_TYPE('I', 'N', 'W', 'T')
/* One for each event that has not been read, the oldest first. */
#define CONTAINER_IMAGE_WATCH_EVENT	CONTAINER_IMAGE_TYPE('I', 'N', 'E', 'V')
#define CONTAINER_IMAGE_PIDFD		CONTAINER_IMAGE_TYPE('P', 'I', 'D', 'F')

/**
 * struct container_image_eventfd - payload of CONTAINER_IMAGE_EVENTFD
 * @count: what a read would give, or
 * @flags: with CONTAINER_IMAGE_EVENTFD_SEMAPHORE, how often it would give 1
 */
struct container_image_eventfd {
	__u64 count;
	__u32 flags;
	__u32 reserved;
};

#define CONTAINER_IMAGE_EVENTFD_SEMAPHORE	1

/**
 * struct container_image_timerfd - payload of CONTAINER_IMAGE_TIMERFD
 * @clock: CLOCK_...
 * @flags: those of timerfd_settime(2), and CONTAINER_IMAGE_TIMERFD_ARMED and
 *	   CONTAINER_IMAGE_TIMERFD_CANCELED
 * @ticks: how often it has expired and nobody has read that
 * @value: what is left until it expires, in ns; of one that was set to a point
 *	   of time of a clock that follows the world's (CLOCK_REALTIME and
 *	   CLOCK_REALTIME_ALARM): that point of time
 * @interval: of a periodic one, in ns; else 0
 */
struct container_image_timerfd {
	__u32 clock;
	__u32 flags;
	__u64 ticks;
	__s64 value;
	__u64 interval;
};

#define CONTAINER_IMAGE_TIMERFD_ARMED		0x10000
#define CONTAINER_IMAGE_TIMERFD_CANCELED	0x20000	/* the clock was set */

/**
 * struct container_image_signalfd - payload of CONTAINER_IMAGE_SIGNALFD
 * @mask: signals that it takes; signal 1 is the lowest bit
 */
struct container_image_signalfd {
	__u64 mask;
};

/**
 * struct container_image_epoll - payload of CONTAINER_IMAGE_EPOLL
 * @targets: how many follow, each a struct container_image_epoll_target
 */
struct container_image_epoll {
	__u32 targets;
	__u32 reserved;
};

/**
 * struct container_image_epoll_target - what an epoll instance watches
 * @file: id of the open file
 * @fd: number by which it was added
 * @events: EPOLLIN and so on; of a one-shot target that has fired only EPOLLET,
 *	    EPOLLONESHOT and the like
 * @flags: CONTAINER_IMAGE_EPOLL_READY
 * @data: given back with its events
 * @owner: of a signalfd: the process whose signals are watched; else 0
 */
struct container_image_epoll_target {
	__u32 file;
	__u32 fd;
	__u32 events;
	__u32 flags;
	__u64 data;
	__u32 owner;
	__u32 reserved;
};

#define CONTAINER_IMAGE_EPOLL_READY	1	/* has events that are not told yet */

/**
 * struct container_image_inotify - payload of CONTAINER_IMAGE_INOTIFY
 * @next: number that the next watch gets
 */
struct container_image_inotify {
	__u32 next;
	__u32 reserved;
};

/**
 * struct container_image_watch - payload of CONTAINER_IMAGE_WATCH
 * @wd: its number
 * @mask: IN_... of events, with IN_EXCL_UNLINK and IN_ONESHOT
 *
 * The path of what is watched follows.
 */
struct container_image_watch {
	__u32 wd;
	__u32 mask;
};

/**
 * struct container_image_watch_event - payload of CONTAINER_IMAGE_WATCH_EVENT
 * @wd: of the watch, which may be gone; 0xffffffff: events have been lost
 * @mask: what happened
 * @cookie: of a pair that belongs together
 *
 * The name follows; there may be none.
 */
struct container_image_watch_event {
	__u32 wd;
	__u32 mask;
	__u32 cookie;
	__u32 reserved;
};

/**
 * struct container_image_pidfd - payload of CONTAINER_IMAGE_PIDFD
 * @nr: number of the process, or thread
 * @flags: CONTAINER_IMAGE_PIDFD_THREAD
 */
struct container_image_pidfd {
	__u32 nr;
	__u32 flags;
};

#define CONTAINER_IMAGE_PIDFD_THREAD	1

/* Options of a socket. */
#define CONTAINER_IMAGE_SOCKOPTS	CONTAINER_IMAGE_TYPE('S', 'O', 'P', 'T')
/* A unix socket. */
#define CONTAINER_IMAGE_UNIX		CONTAINER_IMAGE_TYPE('U', 'N', 'I', 'X')
/* One for each connection that waits for accept(2), the oldest first. */
#define CONTAINER_IMAGE_UNIX_PENDING	CONTAINER_IMAGE_TYPE('U', 'P', 'N', 'D')
/* One for each message that has not been received, the oldest first. */
#define CONTAINER_IMAGE_UNIX_MESSAGE	CONTAINER_IMAGE_TYPE('U', 'M', 'S', 'G')

/**
 * struct container_image_sockopts - payload of CONTAINER_IMAGE_SOCKOPTS
 * @options: how many follow, each a struct container_image_sockopt
 */
struct container_image_sockopts {
	__u32 options;
	__u32 reserved;
};

#define CONTAINER_IMAGE_OPTION_SIZE	16

/**
 * struct container_image_sockopt - an option
 * @level: SOL_SOCKET and so on
 * @name: SO_...
 * @size: of the value
 * @value: as getsockopt(2) gives it
 */
struct container_image_sockopt {
	__u32 level;
	__u32 name;
	__u32 size;
	__u32 reserved;
	__u8 value[CONTAINER_IMAGE_OPTION_SIZE];
};

/**
 * struct container_image_unix - payload of CONTAINER_IMAGE_UNIX
 * @type: SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET
 * @state: CONTAINER_IMAGE_UNIX_CLOSED and so on
 * @flags: CONTAINER_IMAGE_UNIX_BOUND and so on
 * @shutdown: 1: nothing more is received, 2: nothing more is sent
 * @peer: id of the file of the socket at the other end; 0: none
 * @backlog: how many connections may wait
 * @error: SO_ERROR
 * @name: bytes of its name
 * @path: bytes of the path that its name stands for, with the 0 at its end
 * @mode: permissions of what is there
 * @uid: owner of that
 * @gid: and its group
 * @peer_nr: SO_PEERCRED: number of the process, 0: one outside or gone
 * @peer_uid: its user
 * @peer_gid: its group
 * @peer_name: bytes of the name of a socket at the other end that has gone
 *
 * The name follows, then the path, then the other's name.
 */
struct container_image_unix {
	__u32 type;
	__u32 state;
	__u32 flags;
	__u32 shutdown;
	__u32 peer;
	__u32 backlog;
	__u32 error;
	__u32 name;
	__u32 path;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 peer_nr;
	__u32 peer_uid;
	__u32 peer_gid;
	__u32 peer_name;
};

#define CONTAINER_IMAGE_UNIX_CLOSED	0
#define CONTAINER_IMAGE_UNIX_CONNECTED	1
#define CONTAINER_IMAGE_UNIX_LISTENING	2

#define CONTAINER_IMAGE_UNIX_BOUND	1	/* the name leads to it */
#define CONTAINER_IMAGE_UNIX_PEER_GONE	2	/* the other end is closed */
#define CONTAINER_IMAGE_UNIX_WAITING	4	/* the other end waits for accept(2) */
#define CONTAINER_IMAGE_UNIX_PEERCRED	8	/* has them */

/**
 * struct container_image_unix_pending - payload of CONTAINER_IMAGE_UNIX_PENDING
 * @client: id of the file of the socket that has connected; 0: it is closed
 * @shutdown: as of a socket
 * @error: as of a socket
 * @nr: process that has connected, 0: one outside or gone
 * @uid: its user
 * @gid: its group
 *
 * The id is that of the socket that listens.
 */
struct container_image_unix_pending {
	__u32 client;
	__u32 shutdown;
	__u32 error;
	__u32 nr;
	__u32 uid;
	__u32 gid;
};

/**
 * struct container_image_unix_message - payload of CONTAINER_IMAGE_UNIX_MESSAGE
 * @pending: 0: in the socket itself; else in which of the connections that wait
 * @flags: CONTAINER_IMAGE_UNIX_CREDS
 * @nr: process that sent it
 * @uid: its user
 * @gid: its group
 * @files: how many open files come with it
 * @name: bytes of the name of the socket that sent it
 * @size: bytes of data
 *
 * Ids of the files follow, 4 bytes each, then the name, then the data.
 */
struct container_image_unix_message {
	__u32 pending;
	__u32 flags;
	__u32 nr;
	__u32 uid;
	__u32 gid;
	__u32 files;
	__u32 name;
	__u32 size;
};

#define CONTAINER_IMAGE_UNIX_CREDS	1

/* A TCP or UDP socket. */
#define CONTAINER_IMAGE_INET		CONTAINER_IMAGE_TYPE('I', 'N', 'E', 'T')

#define CONTAINER_IMAGE_INET_ADDRESS	28

/**
 * struct container_image_inet - payload of CONTAINER_IMAGE_INET
 * @family: AF_INET or AF_INET6
 * @type: SOCK_STREAM or SOCK_DGRAM
 * @flags: CONTAINER_IMAGE_INET_BOUND and so on
 * @shutdown: 1: nothing more is received, 2: nothing more is sent
 * @backlog: how many connections may wait
 * @reserved: 0
 * @address: struct sockaddr_in or sockaddr_in6: its own
 * @peer: of UDP: whom it is connected with
 */
struct container_image_inet {
	__u32 family;
	__u32 type;
	__u32 flags;
	__u32 shutdown;
	__u32 backlog;
	__u32 reserved;
	__u8 address[CONTAINER_IMAGE_INET_ADDRESS];
	__u8 peer[CONTAINER_IMAGE_INET_ADDRESS];
};

#define CONTAINER_IMAGE_INET_BOUND	1
#define CONTAINER_IMAGE_INET_LISTENING	2
#define CONTAINER_IMAGE_INET_CONNECTED	4

/* A terminal; the id is its own, which the files refer to as their object. */
#define CONTAINER_IMAGE_PTY		CONTAINER_IMAGE_TYPE('P', 'T', 'Y', ' ')
/* What its line discipline has. The same id. */
#define CONTAINER_IMAGE_PTY_INPUT	CONTAINER_IMAGE_TYPE('P', 'T', 'Y', 'I')
/* What is on its way to one of its sides, the oldest first. The same id. */
#define CONTAINER_IMAGE_PTY_DATA	CONTAINER_IMAGE_TYPE('P', 'T', 'Y', 'D')
/* One for each process whose controlling terminal it is. The same id. */
#define CONTAINER_IMAGE_PTY_USER	CONTAINER_IMAGE_TYPE('P', 'T', 'Y', 'U')

#define CONTAINER_IMAGE_PTY_CC		19

/**
 * struct container_image_pty - payload of CONTAINER_IMAGE_PTY
 * @index: the number in its name
 * @flags: CONTAINER_IMAGE_PTY_FOREIGN and so on
 * @session: whose controlling terminal it is; 0: of none, or of one outside
 * @pgrp: process group in the foreground
 * @rows: of its window
 * @columns: of its window
 * @xpixels: of its window
 * @ypixels: of its window
 * @iflag: as in struct termios2
 * @oflag: as in struct termios2
 * @cflag: as in struct termios2
 * @lflag: as in struct termios2
 * @line: line discipline, as in struct termios2
 * @cc: as in struct termios2
 * @ispeed: as in struct termios2
 * @ospeed: as in struct termios2
 * @packet: what has happened that a master in packet mode has not been told
 * @reserved: 0
 */
struct container_image_pty {
	__u32 index;
	__u32 flags;
	__u32 session;
	__u32 pgrp;
	__u16 rows;
	__u16 columns;
	__u16 xpixels;
	__u16 ypixels;
	__u32 iflag;
	__u32 oflag;
	__u32 cflag;
	__u32 lflag;
	__u8 line;
	__u8 cc[CONTAINER_IMAGE_PTY_CC];
	__u32 ispeed;
	__u32 ospeed;
	__u32 packet;
	__u32 reserved[2];
};

#define CONTAINER_IMAGE_PTY_FOREIGN	1	/* the master is outside */
#define CONTAINER_IMAGE_PTY_LOCKED	2	/* grant it, then unlockpt(3) */
#define CONTAINER_IMAGE_PTY_UNUSED	4	/* was open, and is so no more */
#define CONTAINER_IMAGE_PTY_PACKET	8	/* TIOCPKT */
#define CONTAINER_IMAGE_PTY_HELD	16	/* by TCOOFF */
#define CONTAINER_IMAGE_PTY_STOPPED	32	/* by a character */
#define CONTAINER_IMAGE_PTY_EXCLUSIVE	64	/* TIOCEXCL */

/**
 * struct container_image_pty_input - payload of CONTAINER_IMAGE_PTY_INPUT
 * @size: bytes that have not been read
 * @canon: how many of them belong to lines that are complete
 * @line: where the line begins that is being read
 * @flags: CONTAINER_IMAGE_PTY_LNEXT and so on
 * @column: of the cursor
 * @canon_column: where it was at the beginning of the line
 *
 * The bytes follow, and then as many that are 1 where a line ends, else 0.
 */
struct container_image_pty_input {
	__u32 size;
	__u32 canon;
	__u32 line;
	__u32 flags;
	__u32 column;
	__u32 canon_column;
};

#define CONTAINER_IMAGE_PTY_LNEXT	1	/* the next one is taken as it is */
#define CONTAINER_IMAGE_PTY_ERASING	2	/* in between slashes */
#define CONTAINER_IMAGE_PTY_PUSH	4	/* was not read by lines before */

/**
 * struct container_image_pty_data - payload of CONTAINER_IMAGE_PTY_DATA
 * @to_master: 1: to the master, 0: to the other side
 * @size: how many bytes follow
 */
struct container_image_pty_data {
	__u32 to_master;
	__u32 size;
};

/**
 * struct container_image_pty_user - payload of CONTAINER_IMAGE_PTY_USER
 * @nr: number of the process
 * @reserved: 0
 */
struct container_image_pty_user {
	__u32 nr;
	__u32 reserved;
};

#endif
