/* SPDX-License-Identifier: GPL-2.0 */
/* Taking the module out of the kernel, and back in. */
#ifndef CT_MODULE_H
#define CT_MODULE_H

#include "ct.h"

#define CT_MODULE	"/lib/modules/container.ko"
#define CT_UNLOAD_MS	60000

static inline bool ct_module_removable(void)
{
	return ct_module_loaded() && !access(CT_MODULE, R_OK);
}

/* How long it took in ms; it has to succeed, as there are no containers. */
static inline long long ct_module_unload(void)
{
	long long start = ct_now_ms();

	while (syscall(SYS_delete_module, "container", O_NONBLOCK)) {
		CT_EQ(EWOULDBLOCK, errno);
		if (ct_now_ms() > start + CT_UNLOAD_MS)
			CT_FAIL("the module is in use for ever");
		usleep(20000);
	}
	return ct_now_ms() - start;
}

static inline void ct_module_load(void)
{
	int fd = open(CT_MODULE, O_RDONLY | O_CLOEXEC);

	CT_CHECK(fd >= 0);
	CT_EQ(0, syscall(SYS_finit_module, fd, "", 0));
	close(fd);
}

#endif
