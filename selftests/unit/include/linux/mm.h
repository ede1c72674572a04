/* SPDX-License-Identifier: GPL-2.0 */
/* A shim for building the module's pure logic as an ordinary program. */
#ifndef CT_SHIM_MM_H
#define CT_SHIM_MM_H

#include <linux/slab.h>

#endif
