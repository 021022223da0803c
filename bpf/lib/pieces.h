/* Pieces of data behind the slots of a record, put there one after the other. Behind a text is
 * its NUL, up to the next piece: so filters on it find its end.
 *
 * `end` is how far the data is filled. It lies in the map beside the record rather than in a
 * register, so that the verifier need not tell apart the ways in which it came about. */
#pragma once
#include "lib/path.h"
#include "lib/records.h"

/* Put a text of the kernel without its NUL; return its slot. */
static __always_inline u64 put_text(u64 *end, char *data, const void *from)
{
	u64 at = within(*end, DATA_SIZE - 1);
	if (at != *end)
		return SLOT_CUT;
	long taken = read_kernel_text(data + at, PIECE_SIZE, from);
	if (taken <= 0)
		return SLOT_UNREADABLE;
	*end = at + taken - 1;
	return taken - 1;
}

/* Put a path that was just built; return its slot. */
static __always_inline u64 put_path(u64 *end, char *data, const struct path_buffer *path)
{
	u64 at = within(*end, DATA_SIZE - 1), start = within(path->start, PATH_MAX - 1);
	u64 length = within(PATH_MAX - 1 - start, PATH_MAX - 1);
	if (!start)
		return SLOT_UNREADABLE;
	if (at != *end)
		return SLOT_CUT;
	read_kernel(data + at, length + 1, &path->text[start]);
	*end = at + length;
	return length;
}

/* Put the texts that lie between two addresses of a program, each with its NUL; return their
 * slot. `room` is that of all data, in bytes. */
static __always_inline u64 put_block(u64 *end, char *data, const u64 room, u64 from, u64 to)
{
	u64 at = within(*end, DATA_SIZE - 1);
	u64 size = to - from < BLOCK_SIZE ? to - from : BLOCK_SIZE - 1;
	if (at != *end || at > room - BLOCK_SIZE)
		return SLOT_CUT;
	size = within(size, BLOCK_SIZE - 1);
	if (read_user(data + at, size, (void *)from) < 0)
		return SLOT_UNREADABLE;
	*end = at + size;
	return size | (size < to - from ? SLOT_CUT : 0);
}
