// SPDX-License-Identifier: GPL-2.0
/* The controllers that come with the module. */
#include <linux/kernel.h>

#include <container/subsys.h>

#include "resource/controllers.h"
#include "resource/memory.h"
#include "resource/meter.h"

static struct container_subsys * const controllers[] = {
	&ct_numtasks,
	&ct_cpuacct,
	&ct_freezer,
	&ct_pidspace,
	&ct_memory,
	&ct_cpuset,
};

/**
 * ct_controllers_init - make the module's own controllers known
 *
 * They are forgotten with the module.
 *
 * Context: may sleep; takes container_lock(); at load.
 * Return: 0, or an error of container_register_subsys(), ct_meter_init() or
 * ct_cpuset_init().
 */
int ct_controllers_init(void)
{
	unsigned int i;
	int err = ct_meter_init() ?: ct_cpuset_init();

	for (i = 0; i < ARRAY_SIZE(controllers) && !err; i++) {
		if (controllers[i] == &ct_memory && !ct_memcg_possible())
			continue;
		err = container_register_subsys(controllers[i]);
	}
	return err;
}

/**
 * ct_controllers_exit - nothing of the module's own controllers runs any more
 *
 * Context: may sleep; at unload, when there is no hierarchy.
 */
void ct_controllers_exit(void)
{
	ct_numtasks_exit();
	ct_freezer_exit();
	ct_cpuset_exit();
}
