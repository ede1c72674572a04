// SPDX-License-Identifier: GPL-2.0
/*
 * CRC32C (Castagnoli), as iSCSI, btrfs and ext4 have it: bits reflected, all of
 * them inverted before and after.  The kernel's own sits in a module that insmod
 * would not load along with ours.
 *
 * A checkpoint is as fast as this.  The instruction takes three cycles, but the
 * processor can work at three of them at a time; so long pieces are cut into
 * three lanes, whose results are put together afterwards.  That needs "what would
 * the CRC be after so many zeros more", which is linear: the XOR of what it would
 * be for each bit.
 */
#include "image/codec.h"
#include "image/env.h"

/* Bytes of a lane: three of them are what fits into a page. 17 times 80. */
#define LANE	1360

/* Entries i of a table of a linear function that is @b0 for 1, @b1 for 2, ... */
#define LINEAR4(i, b0, b1, b2, b3)					\
	(((i) & 1 ? (b0) : 0) ^ ((i) & 2 ? (b1) : 0) ^			\
	 ((i) & 4 ? (b2) : 0) ^ ((i) & 8 ? (b3) : 0))

#define TABLE16(x, b0, b1, b2, b3) {					\
	(x) ^ LINEAR4(0, b0, b1, b2, b3), (x) ^ LINEAR4(1, b0, b1, b2, b3), \
	(x) ^ LINEAR4(2, b0, b1, b2, b3), (x) ^ LINEAR4(3, b0, b1, b2, b3), \
	(x) ^ LINEAR4(4, b0, b1, b2, b3), (x) ^ LINEAR4(5, b0, b1, b2, b3), \
	(x) ^ LINEAR4(6, b0, b1, b2, b3), (x) ^ LINEAR4(7, b0, b1, b2, b3), \
	(x) ^ LINEAR4(8, b0, b1, b2, b3), (x) ^ LINEAR4(9, b0, b1, b2, b3), \
	(x) ^ LINEAR4(10, b0, b1, b2, b3), (x) ^ LINEAR4(11, b0, b1, b2, b3), \
	(x) ^ LINEAR4(12, b0, b1, b2, b3), (x) ^ LINEAR4(13, b0, b1, b2, b3), \
	(x) ^ LINEAR4(14, b0, b1, b2, b3), (x) ^ LINEAR4(15, b0, b1, b2, b3), \
}

#define ROW16(i, b0, b1, b2, b3, b4, b5, b6, b7)			\
	TABLE16(LINEAR4(i, b4, b5, b6, b7), b0, b1, b2, b3)

#define TABLE256(...) {							\
	ROW16(0, __VA_ARGS__), ROW16(1, __VA_ARGS__),			\
	ROW16(2, __VA_ARGS__), ROW16(3, __VA_ARGS__),			\
	ROW16(4, __VA_ARGS__), ROW16(5, __VA_ARGS__),			\
	ROW16(6, __VA_ARGS__), ROW16(7, __VA_ARGS__),			\
	ROW16(8, __VA_ARGS__), ROW16(9, __VA_ARGS__),			\
	ROW16(10, __VA_ARGS__), ROW16(11, __VA_ARGS__),			\
	ROW16(12, __VA_ARGS__), ROW16(13, __VA_ARGS__),			\
	ROW16(14, __VA_ARGS__), ROW16(15, __VA_ARGS__),			\
}

/* [k][byte / 16][byte % 16]: the CRC of the byte and of k zeros behind it. */
static const __u32 bytes[8][16][16] = {
	TABLE256(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf,
		 0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78),
	TABLE256(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8,
		 0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9),
	TABLE256(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5,
		 0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743),
	TABLE256(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6,
		 0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f),
	TABLE256(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91,
		 0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c),
	TABLE256(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f,
		 0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6),
	TABLE256(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53,
		 0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4),
	TABLE256(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da,
		 0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664),
};

/* [k][four bits]: the CRC after LANE zeros, had it been those bits at 4k. */
static const __u32 lanes[8][16] = {
	TABLE16(0, 0x79113270, 0xf22264e0, 0xe1a8bf31, 0xc6bd0893),
	TABLE16(0, 0x889667d7, 0x14c0b95f, 0x298172be, 0x5302e57c),
	TABLE16(0, 0xa605caf8, 0x49e7e301, 0x93cfc602, 0x2273faf5),
	TABLE16(0, 0x44e7f5ea, 0x89cfebd4, 0x1673a159, 0x2ce742b2),
	TABLE16(0, 0x59ce8564, 0xb39d0ac8, 0x62d66361, 0xc5acc6c2),
	TABLE16(0, 0x8eb5fb75, 0x1887801b, 0x310f0036, 0x621e006c),
	TABLE16(0, 0xc43c00d8, 0x8d947741, 0x1ec49873, 0x3d8930e6),
	TABLE16(0, 0x7b1261cc, 0xf624c398, 0xe9a5f1c1, 0xd6a79573),
};

/* Always: a call for each word would be dearer than all the rest. */
static __always_inline __u64 word_at(const __u8 *p)
{
	__u64 word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static __always_inline __u32 of_byte(int zeros, __u8 byte)
{
	return bytes[zeros][byte >> 4][byte & 15];
}

static __u32 by_table(__u32 crc, const __u8 *p, size_t size)
{
	for (; size >= 8; p += 8, size -= 8) {
		__u64 x = word_at(p) ^ crc;

		crc = of_byte(7, x) ^ of_byte(6, x >> 8) ^
		      of_byte(5, x >> 16) ^ of_byte(4, x >> 24) ^
		      of_byte(3, x >> 32) ^ of_byte(2, x >> 40) ^
		      of_byte(1, x >> 48) ^ of_byte(0, x >> 56);
	}
	while (size--)
		crc = crc >> 8 ^ of_byte(0, crc ^ *p++);
	return crc;
}

static __u32 after_lane(__u32 crc)
{
	return lanes[0][crc & 15] ^ lanes[1][crc >> 4 & 15] ^
	       lanes[2][crc >> 8 & 15] ^ lanes[3][crc >> 12 & 15] ^
	       lanes[4][crc >> 16 & 15] ^ lanes[5][crc >> 20 & 15] ^
	       lanes[6][crc >> 24 & 15] ^ lanes[7][crc >> 28];
}

/* No vector registers are touched: this is good in the kernel as it is. */
static __always_inline void step(__u64 *crc, __u64 word)
{
	asm("crc32q %1, %0" : "+r" (*crc) : "rm" (word));
}

static __always_inline void three_steps(__u64 *a, __u64 *b, __u64 *c, const __u8 *p)
{
	step(a, word_at(p));
	step(b, word_at(p + LANE));
	step(c, word_at(p + 2 * LANE));
	step(a, word_at(p + 8));
	step(b, word_at(p + LANE + 8));
	step(c, word_at(p + 2 * LANE + 8));
}

static __u32 three_lanes(__u32 start, const __u8 *p)
{
	__u64 a = start, b = 0, c = 0;
	size_t i;

	for (i = 0; i < LANE; i += 5 * 16) {
		three_steps(&a, &b, &c, p + i);
		three_steps(&a, &b, &c, p + i + 16);
		three_steps(&a, &b, &c, p + i + 32);
		three_steps(&a, &b, &c, p + i + 48);
		three_steps(&a, &b, &c, p + i + 64);
	}
	return after_lane(after_lane(a) ^ b) ^ c;
}

static __u32 by_instruction(__u32 crc, const __u8 *p, size_t size)
{
	__u64 wide;

	for (; size >= 3 * LANE; p += 3 * LANE, size -= 3 * LANE)
		crc = three_lanes(crc, p);
	wide = crc;
	for (; size >= 8; p += 8, size -= 8)
		step(&wide, word_at(p));
	crc = wide;
	while (size--)
		asm("crc32b %1, %0" : "+r" (crc) : "rm" (*p++));
	return crc;
}

/**
 * ct_crc32c_by_table - ct_crc32c() on processors without an instruction for it
 */
__u32 ct_crc32c_by_table(__u32 crc, const void *data, size_t size)
{
	return ~by_table(~crc, data, size);
}

/**
 * ct_crc32c - the checksum of an image's records
 * @crc: of what comes before; 0 at the beginning
 * @data: goes on with this
 * @size: of that
 *
 * Return: the checksum of all so far.
 */
__u32 ct_crc32c(__u32 crc, const void *data, size_t size)
{
	if (!ct_cpu_has_crc32c())
		return ct_crc32c_by_table(crc, data, size);
	return ~by_instruction(~crc, data, size);
}
