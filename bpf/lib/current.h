/* The current task, and the fields of what hangs on it.
 *
 * Where the verifier knows the type behind a pointer (since 5.11, 3ca1032ab7ab) FIELD() is a
 * plain load, which gives 0 where nothing is mapped. Before it is a call of a helper, and so it is
 * for pointers of other origin (READ): each takes as long as a table of the matcher. */
#pragma once
#include "match/facts.h"
#include "lib/memory.h"

#ifdef TYPED_TASK
static struct task_struct *(*current_task)(void) = (void *)158; /* BPF_FUNC_get_current_task_btf */
#define FIELD(pointer, field) ((pointer)->field)
#define FIELD_WORD(pointer, field, at) (((u64 *)(pointer)->field)[at])
#else
static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}
#define FIELD(pointer, field) READ(pointer, field)
#define FIELD_WORD(pointer, field, at)                                                              \
	({                                                                                         \
		u64 _word = 0;                                                                     \
		read_kernel(&_word, sizeof(_word), (pointer)->field + 8 * (at));                   \
		_word;                                                                             \
	})
#endif

/* Of eight characters, the ones before the first NUL; zeros from there on (little endian, and
 * Hacker's Delight, 6-1). */
static __always_inline u64 before_nul(u64 word)
{
	u64 nul = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
	return word & (((nul & -nul) >> 7) - 1);
}

/* Copy 15 characters of a name at the most, without what an older one left behind its NUL. */
static __always_inline void copy_name(u64 *to, u64 first, u64 second)
{
	u64 kept = before_nul(first);
	to[0] = kept;
	to[1] = kept >> 56 ? before_nul(second) & ~0ULL >> 8 : 0;
}
