// SPDX-License-Identifier: GPL-2.0
/* kernels: stock */
/* modules: snd_dummy snd_seq snd_virmidi vgem */
/*
 * Owners of what sound cards and graphics have, where the driver is one that
 * needs no hardware. One who is outside is nobody inside; who is inside has
 * another number outside.
 */
#include "ct.h"
#include <sound/asequencer.h>
#include <sound/asound.h>
#include <sys/ioctl.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

/* The number of a card; drivers give them in turn. */
static int card_of(const char *id)
{
	char path[64], name[64];
	int card;

	for (card = 0; card < 8; card++) {
		snprintf(path, sizeof(path), "/proc/asound/card%d/id", card);
		if (ct_read_file(path, name, sizeof(name)) <= 0)
			continue;
		name[strcspn(name, "\n")] = 0;
		if (!strcmp(name, id))
			return card;
	}
	CT_FAIL("there is no sound card %s", id);
}

static int open_device(const char *format, int card)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), format, card);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		CT_FAIL("%s: %s", path, strerror(errno));
	return fd;
}

/* The numbers behind a word in a file: the sum, and how often it is there. */
static long long owners_in(const char *path, const char *word, int *count)
{
	long long sum = 0;
	char line[256], *at;
	FILE *file = fopen(path, "re");

	*count = 0;
	CT_CHECK(file);
	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, word))
			continue;
		at = strchr(line, ':');
		CT_CHECK(at);
		sum += strtoll(at + 1, NULL, 10);
		++*count;
	}
	fclose(file);
	return sum;
}

/* -- controls ------------------------------------------------------------------------ */

/* The first and the second control of a card. */
static struct snd_ctl_elem_id control_id(int fd, unsigned int nr)
{
	struct snd_ctl_elem_id ids[2];
	struct snd_ctl_elem_list list = { .space = 2, .pids = ids };

	CT_EQ(0, ioctl(fd, SNDRV_CTL_IOCTL_ELEM_LIST, &list));
	CT_EQ(2, list.used);
	return ids[nr];
}

static int lock_control(unsigned int nr)
{
	int fd = open_device("/dev/snd/controlC%d", card_of("Dummy"));
	struct snd_ctl_elem_id id = control_id(fd, nr);

	CT_EQ(0, ioctl(fd, SNDRV_CTL_IOCTL_ELEM_LOCK, &id));
	return fd;
}

static long long owner_of_control(unsigned int nr)
{
	int fd = open_device("/dev/snd/controlC%d", card_of("Dummy"));
	struct snd_ctl_elem_info info = { .id = control_id(fd, nr) };

	CT_EQ(0, ioctl(fd, SNDRV_CTL_IOCTL_ELEM_INFO, &info));
	CT_CHECK(info.access & SNDRV_CTL_ELEM_ACCESS_LOCK);
	close(fd);
	return info.owner;
}

static void look_at_controls(int fd, void *arg)
{
	int mine = lock_control(1);

	(void)arg;
	CT_EQ(getpid(), owner_of_control(1));
	CT_EQ(0, owner_of_control(0));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	close(mine);
}

TEST_F(wall, owners_of_controls)
{
	struct ct_child child;
	int fd;

	CT_NEED_BOX(variant);
	fd = lock_control(0);
	child = ct_spawn(variant->box, look_at_controls, NULL);
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(getpid(), owner_of_control(0));
	EXPECT_EQ(child.pid, owner_of_control(1));
	EXPECT_EQ(0, ct_finish(&child));
	close(fd);
}

/* -- streams, and MIDI ------------------------------------------------------------------ */

static long long owner_of_stream(int nr)
{
	long long owner;
	char path[64];
	int count;

	snprintf(path, sizeof(path), "/proc/asound/card%d/pcm0p/sub%d/status",
		 card_of("Dummy"), nr);
	owner = owners_in(path, "owner_pid", &count);
	CT_EQ(1, count);
	return owner;
}

static long long owners_of_midi(int *count)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/asound/card%d/midi0",
		 card_of("VirMIDI"));
	return owners_in(path, "Owner PID", count);
}

static void look_at_streams(int fd, void *arg)
{
	int pcm = open_device("/dev/snd/pcmC%dD0p", card_of("Dummy"));

	(void)arg;
	CT_EQ(0, owner_of_stream(0));
	CT_EQ(getpid(), owner_of_stream(1));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	close(pcm);
}

TEST_F(wall, owners_of_streams)
{
	struct ct_child child;
	int pcm;

	CT_NEED_BOX(variant);
	pcm = open_device("/dev/snd/pcmC%dD0p", card_of("Dummy"));
	EXPECT_EQ(getpid(), owner_of_stream(0));
	child = ct_spawn(variant->box, look_at_streams, NULL);
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(child.pid, owner_of_stream(1));
	EXPECT_EQ(0, ct_finish(&child));
	close(pcm);
}

static void look_at_midi(int fd, void *arg)
{
	int midi, count;

	(void)arg;
	/* For both directions. */
	CT_EQ(0, owners_of_midi(&count));
	CT_EQ(2, count);
	midi = open_device("/dev/snd/midiC%dD0", card_of("VirMIDI"));
	CT_EQ(2 * getpid(), owners_of_midi(&count));
	CT_EQ(4, count);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	close(midi);
}

TEST_F(wall, owners_of_midi)
{
	struct ct_child child;
	int midi, count;

	CT_NEED_BOX(variant);
	midi = open_device("/dev/snd/midiC%dD0", card_of("VirMIDI"));
	EXPECT_EQ(2 * getpid(), owners_of_midi(&count));
	EXPECT_EQ(2, count);
	child = ct_spawn(variant->box, look_at_midi, NULL);
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(2 * (getpid() + child.pid), owners_of_midi(&count));
	EXPECT_EQ(4, count);
	EXPECT_EQ(0, ct_finish(&child));
	close(midi);
}

/* -- clients of the sequencer -------------------------------------------------------------- */

static int open_client(int *client)
{
	int fd = open("/dev/snd/seq", O_RDWR | O_CLOEXEC);

	CT_CHECK(fd >= 0);
	CT_EQ(0, ioctl(fd, SNDRV_SEQ_IOCTL_CLIENT_ID, client));
	return fd;
}

static long long owner_of_client(int fd, int client)
{
	struct snd_seq_client_info info = { .client = client };

	CT_EQ(0, ioctl(fd, SNDRV_SEQ_IOCTL_GET_CLIENT_INFO, &info));
	CT_EQ(USER_CLIENT, info.type);
	return info.pid;
}

static void look_at_clients(int fd, void *arg)
{
	int client, seq = open_client(&client);

	CT_EQ(getpid(), owner_of_client(seq, client));
	CT_EQ(0, owner_of_client(seq, *(int *)arg));
	ct_send(fd, client);
	ct_wait_hangup(fd);
	close(seq);
}

TEST_F(wall, clients_of_the_sequencer)
{
	struct ct_child child;
	int client, seq;

	CT_NEED_BOX(variant);
	seq = open_client(&client);
	EXPECT_EQ(getpid(), owner_of_client(seq, client));
	child = ct_spawn(variant->box, look_at_clients, &client);
	EXPECT_EQ(child.pid, owner_of_client(seq, ct_recv(child.fd)));
	EXPECT_EQ(0, ct_finish(&child));
	close(seq);
}

/* -- graphics --------------------------------------------------------------------------------- */

/* Of <drm/drm.h>, which is libdrm's. */
struct drm_client {
	int idx, auth;
	unsigned long pid, uid, magic, iocs;
};

#define DRM_IOCTL_GET_CLIENT	_IOWR('d', 0x05, struct drm_client)

static long long client_of_graphics(int fd)
{
	struct drm_client client = { .idx = 0 };

	CT_EQ(0, ioctl(fd, DRM_IOCTL_GET_CLIENT, &client));
	return client.pid;
}

static void look_at_graphics(int fd, void *arg)
{
	int card = open_device("/dev/dri/card%d", 0);

	/* Who asks, whoever has opened it. */
	CT_EQ(getpid(), client_of_graphics(card));
	CT_EQ(getpid(), client_of_graphics(*(int *)arg));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	close(card);
}

TEST_F(wall, clients_of_graphics)
{
	struct ct_child child;
	int card;

	CT_NEED_BOX(variant);
	card = open_device("/dev/dri/card%d", 0);
	EXPECT_EQ(getpid(), client_of_graphics(card));
	child = ct_spawn(variant->box, look_at_graphics, &card);
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
	close(card);
}

TEST_HARNESS_MAIN
