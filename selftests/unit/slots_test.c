// SPDX-License-Identifier: GPL-2.0
/* The forward table: what a slot says, when its page goes, and races. */
#include <check.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <pthread.h>
#include <stdlib.h>
#include "pidspace/slots.h"

int shim_alloc_countdown = -1;
struct rcu_head *shim_rcu_pending;

/* Nothing looks into these; they only have to differ. */
static char ns_a, ns_b, pid_a, pid_b;

static unsigned int run_rcu(void)
{
	unsigned int n = 0;

	while (shim_rcu_pending) {
		struct rcu_head *head = shim_rcu_pending;

		shim_rcu_pending = head->next;
		head->func(head);
		n++;
	}
	return n;
}

/* As records, too, only their addresses matter. */
static char num_1, num_2, num_3, num_4;

static struct ct_number *record(pid_t nr)
{
	char *const all[] = { &num_1, &num_2, &num_3, &num_4 };

	return (struct ct_number *)all[(nr - 1) % 4];
}

static void take(pid_t gnr, void *ns, void *pid, pid_t nr)
{
	struct ct_slot slot = {
		.ns = ns, .pid = pid, .nr = nr, .num = record(nr),
	};

	ck_assert_int_eq(ct_slot_reserve(gnr, GFP_KERNEL), 0);
	ct_slot_set(gnr, &slot);
}

START_TEST(test_empty)
{
	ck_assert_ptr_null(ct_slot_of(0));
	ck_assert_ptr_null(ct_slot_of(PID_MAX_LIMIT - 1));
	ck_assert_ptr_null(ct_slot_num(1, (struct pid *)&pid_a));
	ck_assert_uint_eq(ct_slots_pages(), 0);
}
END_TEST

START_TEST(test_set_and_read)
{
	pid_t gnr = _i ? PID_MAX_LIMIT - 1 : 1;
	struct ct_slot deeper = {
		.ns = (void *)&ns_b, .pid = (void *)&pid_a, .num = record(4),
		.nr = 4,
	};

	take(gnr, &ns_a, &pid_a, 7);
	ck_assert_ptr_eq(ct_slot_num(gnr, (struct pid *)&pid_a), record(7));
	ck_assert_ptr_eq(ct_slot_of(gnr)->ns, &ns_a);
	ck_assert_ptr_eq(ct_slot_of(gnr)->pid, &pid_a);
	ck_assert_int_eq(ct_slot_of(gnr)->nr, 7);

	/* Another struct pid that once had the number is not taken for it. */
	ck_assert_ptr_null(ct_slot_num(gnr, (struct pid *)&pid_b));
	/* The neighbour is free. */
	ck_assert_ptr_null(ct_slot_of(gnr ^ 1)->ns);

	ct_slot_change(gnr, &deeper);
	ck_assert_ptr_eq(ct_slot_num(gnr, (struct pid *)&pid_a), record(4));
	ck_assert_ptr_eq(ct_slot_of(gnr)->ns, &ns_b);
	ck_assert_int_eq(ct_slot_of(gnr)->nr, 4);

	ct_slot_clear(gnr);
	ck_assert_ptr_null(ct_slot_num(gnr, (struct pid *)&pid_a));
	ct_slots_trim();
	ck_assert_uint_eq(run_rcu(), 1);
}
END_TEST

START_TEST(test_page_lifetime)
{
	struct ct_slot *slot;

	/* Two numbers of one page and one of the next. */
	take(CT_SLOTS_PER_PAGE, &ns_a, &pid_a, 1);
	take(2 * CT_SLOTS_PER_PAGE - 1, &ns_a, &pid_b, 2);
	take(2 * CT_SLOTS_PER_PAGE, &ns_b, &pid_a, 3);
	ck_assert_uint_eq(ct_slots_pages(), 2);
	ck_assert_ptr_null(ct_slot_of(CT_SLOTS_PER_PAGE - 1));

	ct_slot_clear(CT_SLOTS_PER_PAGE);
	ck_assert_uint_eq(ct_slots_pages(), 2);
	ck_assert_uint_eq(run_rcu(), 0);

	slot = ct_slot_of(2 * CT_SLOTS_PER_PAGE - 1);
	ct_slot_clear(2 * CT_SLOTS_PER_PAGE - 1);
	/* An empty page is kept, and used again... */
	ck_assert_ptr_eq(ct_slot_of(2 * CT_SLOTS_PER_PAGE - 1), slot);
	ct_slot_clear(2 * CT_SLOTS_PER_PAGE);
	take(CT_SLOTS_PER_PAGE, &ns_a, &pid_a, 4);
	ck_assert_uint_eq(ct_slots_pages(), 2);
	ct_slot_clear(CT_SLOTS_PER_PAGE);
	ck_assert_uint_eq(run_rcu(), 0);

	/* ...until they are not wanted any more. */
	ct_slots_trim();
	ck_assert_ptr_null(ct_slot_of(2 * CT_SLOTS_PER_PAGE - 1));
	/* Who has found one before may still look at it. */
	ck_assert_ptr_null(READ_ONCE(slot->ns));
	ck_assert_uint_eq(run_rcu(), 2);
	ck_assert_uint_eq(ct_slots_pages(), 0);
	ct_slots_trim();
	ck_assert_uint_eq(run_rcu(), 0);
}
END_TEST

/* Numbers that wander through the whole range leave few pages behind. */
START_TEST(test_many_pages)
{
	unsigned int most = 0, freed = 0;
	pid_t gnr;

	for (gnr = 1; gnr < PID_MAX_LIMIT; gnr += CT_SLOTS_PER_PAGE / 2) {
		take(gnr, &ns_a, &pid_a, 1);
		if (ct_slots_pages() > most)
			most = ct_slots_pages();
		ct_slot_clear(gnr);
		freed += run_rcu();
	}
	ck_assert_uint_le(most, 150);
	ct_slots_trim();
	freed += run_rcu();
	ck_assert_uint_eq(freed, CT_SLOT_PAGES);
	ck_assert_uint_eq(ct_slots_pages(), 0);
}
END_TEST

START_TEST(test_reserve)
{
	ck_assert_int_eq(ct_slot_reserve(5, GFP_KERNEL), 0);
	ck_assert_ptr_null(ct_slot_of(5)->ns);
	ct_slot_unreserve(5);
	ct_slots_trim();
	ck_assert_ptr_null(ct_slot_of(5));
	ck_assert_uint_eq(run_rcu(), 1);

	shim_alloc_countdown = 0;
	ck_assert_int_eq(ct_slot_reserve(5, GFP_KERNEL), -ENOMEM);
	shim_alloc_countdown = -1;
	ck_assert_uint_eq(ct_slots_pages(), 0);
	ck_assert_ptr_null(ct_slot_of(5));
}
END_TEST

/*
 * A number that changes hands between two struct pids, each with a namespace
 * and number of its own, while another thread asks for one of them.
 */
static volatile bool stop;
static unsigned long hits, wrong;

static void *reader(void *unused)
{
	struct ct_number *num;

	while (!stop) {
		num = ct_slot_num(9, (struct pid *)&pid_a);
		if (!num)
			continue;
		hits++;
		if (num != record(1))
			wrong++;
	}
	return NULL;
}

START_TEST(test_reuse_race)
{
	pthread_t thread;
	int i;

	/* Keeps the page. */
	take(10, &ns_a, &pid_b, 3);
	ck_assert_int_eq(pthread_create(&thread, NULL, reader, NULL), 0);
	for (i = 0; i < 400000 || (!hits && i < 200000000); i++) {
		bool a = i & 1;

		take(9, a ? &ns_a : &ns_b, a ? &pid_a : &pid_b, a ? 1 : 2);
		ct_slot_clear(9);
	}
	stop = true;
	pthread_join(thread, NULL);
	ct_slot_clear(10);
	ct_slots_trim();
	run_rcu();
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_gt(hits, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slots");
	TCase *t = tcase_create("slots");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_empty);
	tcase_add_loop_test(t, test_set_and_read, 0, 2);
	tcase_add_test(t, test_page_lifetime);
	tcase_add_test(t, test_many_pages);
	tcase_add_test(t, test_reserve);
	tcase_add_test(t, test_reuse_race);
	suite_add_tcase(s, t);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
