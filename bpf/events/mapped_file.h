/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The file that is mapped at an address of the current process.
 *
 * The ELF interpreter is found so: the kernel maps it at an exec and keeps no reference to it. */
#pragma once
#include "lib/task.h"

#ifdef VMA_LIST /* until Linux v6.1, 763ecb035029 ("mm: remove the vma linked list") */
#define VMAS_MAX 64

static __always_inline struct vm_area_struct *find_vma(struct mm_struct *mm, u64 address)
{
	struct vm_area_struct *vma = READ(mm, mmap);
	for (int i = 0; i < VMAS_MAX && vma; i++) {
		if (READ(vma, vm_end) > address)
			return READ(vma, vm_start) <= address ? vma : NULL;
		vma = READ(vma, vm_next);
	}
	return NULL;
}
#else
/* A maple tree (linux/maple_tree.h). Bits 3 to 6 of the address of a node are its type; a range
 * node has 15 pivots and 16 slots, one that tracks gaps has 9 and 10. */
#define MAPLE_DEPTH 3 /* a new image has two levels at most */
#define MAPLE_NODE_MASK 255UL
#define MAPLE_LEAF_64 1
#define MAPLE_ARANGE_64 3
#define MAPLE_PIVOTS 15
#define MAPLE_GAP_PIVOTS 9

struct maple_words {
	u64 word[2 + 2 * MAPLE_PIVOTS]; /* parent, pivots, slots */
};
BPF_PERCPU_ARRAY(maple_scratch, struct maple_words, 1); /* it would take half of the stack */

static __always_inline u64 maple_slot(u64 node, u32 pivots, u64 address)
{
	u32 zero = 0, slot = pivots;
	struct maple_words *words = maple_scratch.lookup(&zero);
	if (!words)
		return 0;
	read_kernel(words, sizeof(*words), (void *)(node & ~MAPLE_NODE_MASK));
	/* Backwards, so that the first pivot that is not below the address remains. */
#pragma unroll
	for (int i = MAPLE_PIVOTS - 1; i >= 0; i--) {
		u64 pivot = words->word[1 + i];
		/* Unused pivots are 0. */
		if (i < pivots && (pivot >= address || (i && !pivot)))
			slot = i;
	}
	u64 next = 0;
	void *at = (void *)((node & ~MAPLE_NODE_MASK) + 8 * (1 + pivots + slot));
	read_kernel(&next, sizeof(next), at);
	return next;
}

static __always_inline struct vm_area_struct *find_vma(struct mm_struct *mm, u64 address)
{
	u64 node = (u64)READ(mm, mm_mt_ma_root);
#pragma unroll
	for (int i = 0; i < MAPLE_DEPTH; i++) {
		u32 type = node >> 3 & 15;
		u32 pivots = type == MAPLE_ARANGE_64 ? MAPLE_GAP_PIVOTS : MAPLE_PIVOTS;
		node = maple_slot(node, pivots, address);
		if (type == MAPLE_LEAF_64)
			return (struct vm_area_struct *)node;
	}
	return NULL;
}
#endif

static __always_inline struct file *mapped_file(struct mm_struct *mm, u64 address)
{
	struct vm_area_struct *vma = find_vma(mm, address);
	return vma ? READ(vma, vm_file) : NULL;
}

#define AT_BASE 7     /* address of the ELF interpreter, linux/auxvec.h */
#define AUXV_PAIRS 12 /* that are read; it is among the first ten */

/* The interpreter of the executed file; NULL for a static one. */
static __always_inline struct file *elf_interpreter(struct mm_struct *mm)
{
	u64 pair[2];
#pragma unroll
	for (int i = 0; i < AUXV_PAIRS; i++) {
		if (read_kernel(pair, sizeof(pair), (u64 *)mm->saved_auxv + 2 * i) < 0 || !pair[0])
			return NULL;
		if (pair[0] == AT_BASE)
			return pair[1] ? mapped_file(mm, pair[1]) : NULL;
	}
	return NULL;
}
