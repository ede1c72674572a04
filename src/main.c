// SPDX-License-Identifier: GPL-2.0
/*
 * container.ko: containers for processes that are running already.
 *
 *	echo NAME > /proc/container
 *
 * Documentation/architecture.md is the way in.
 */
#include <linux/module.h>

#include "checkpoint/oom.h"
#include "container/container.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "pidspace/address.h"
#include "pidspace/move.h"
#include "pidspace/space.h"
#include "pidspace/views.h"
#include "procfs/procfs.h"
#include "procfs/taskfile.h"
#include "resource/resource.h"

static int __init ct_init(void)
{
	int err;

	err = ct_symbols_init();
	if (err)
		return err;
	err = ct_views_init();
	if (err)
		return err;
	err = ct_address_init();
	if (err)
		return err;
	ct_refuse_init();
	err = ct_move_init();
	if (err)
		return err;
	err = ct_taskfile_init();
	if (err)
		return err;
	err = ct_pidspace_init();
	if (err)
		return err;
	err = ct_containers_init(&ct_entry_ops, &ct_group_ops);
	if (err)
		goto err_pidspace;
	err = ct_hooks_init();
	if (err)
		goto err_hooks;
	err = ct_oom_init();
	if (err)
		goto err_hooks;
	err = ct_procfs_init();
	if (err)
		goto err_procfs;
	err = ct_resource_init();
	if (err)
		goto err_procfs;
	return 0;

err_procfs:
	ct_procfs_remove();
	ct_oom_exit();
err_hooks:
	ct_hooks_exit();
	ct_procfs_exit();
	ct_containers_exit();
err_pidspace:
	ct_pidspace_exit();
	return err;
}

/*
 * The module cannot be unloaded while there are containers, or hierarchies of
 * resource containers: each holds a reference.  First no new ones, then no more
 * of our code running, then what dead ones have left.
 */
static void __exit ct_exit(void)
{
	ct_resource_remove();
	ct_procfs_remove();
	ct_oom_exit();
	ct_hooks_exit();
	ct_resource_exit();
	ct_procfs_exit();
	ct_containers_exit();
	ct_pidspace_exit();
}

module_init(ct_init);
module_exit(ct_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Containers for processes that are running already");
MODULE_VERSION("0.1.0");
