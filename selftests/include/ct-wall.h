/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of the tests across the wall; to be included after the harness.
 * Each runs with a container and, as the oracle, with a pid namespace.
 */
#ifndef CT_WALL_H
#define CT_WALL_H

FIXTURE(wall) {
	int unused;
};

FIXTURE_VARIANT(wall) {
	enum ct_box box;
};

FIXTURE_VARIANT_ADD(wall, container) { .box = CT_CONTAINER };
FIXTURE_VARIANT_ADD(wall, namespace) { .box = CT_NAMESPACE };

FIXTURE_SETUP(wall)
{
}

FIXTURE_TEARDOWN(wall)
{
}

#endif
