/* SPDX-License-Identifier: GPL-2.0 */
/* Shim: static_assert() comes with the C library. */
#ifndef SHIM_LINUX_BUILD_BUG_H
#define SHIM_LINUX_BUILD_BUG_H

#include <assert.h>

#endif
