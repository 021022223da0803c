/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The path of a file, built from its directory entries up to the root of its mounts.
 *
 * bpf_d_path() serves tracing programs only, which not every kernel lets us load. */
#pragma once
#include "lib/task.h"

#define PATH_MAX 4096 /* with the NUL, linux/limits.h */
#define PATH_DEPTH 40 /* names and mounts that are climbed at the most */
#define NAME_MAX 255

/* A path is built from its end: it is text[start] to text[PATH_MAX - 2], and a NUL.
 *
 * What the climb carries on lies here and not in registers, and a step has one way through it:
 * so to the verifier each begins in the same state, and none is gone through twice. */
struct path_buffer {
	struct dentry *entry;
	struct mount *mount;
	struct dentry at_entry; /* copies of both */
	struct mount at_mount;
	u64 start; /* 0 if the path is too deep or too long */
	char text[PATH_MAX + NAME_MAX + 1];
};
BPF_PERCPU_ARRAY(path_buffers, struct path_buffer, 1);

/* All bits if two pointers are the same, else none; without a branch. */
static __always_inline u64 same(const void *a, const void *b)
{
	u64 differ = (u64)a ^ (u64)b;
	differ |= -differ; /* the highest bit: whether there is any */
	asm volatile("" : "+r"(differ)); /* or the compiler makes a branch of it */
	return (differ >> 63) - 1;
}

/* Put "/name" in front of what is there, or nothing if `none` has all bits; return whether it
 * fitted. */
static __always_inline bool prepend_name(struct path_buffer *path, u64 none)
{
	u64 length = within(path->at_entry.d_name_len & ~none, NAME_MAX);
	u64 start = within(path->start - length - 1 - none, 2 * PATH_MAX - 1);
	if (start >= PATH_MAX)
		return false;
	path->start = start;
	read_kernel(&path->text[start + 1], length, path->at_entry.d_name_name);
	path->text[start] = '/';
	return true;
}

/* Go on at an entry of a mount; return whether that is another than before. */
static __always_inline bool move_to(struct path_buffer *path, u64 entry, u64 mount)
{
	u64 moved = entry ^ (u64)path->entry | mount ^ (u64)path->mount;
	asm volatile("" : "+r"(moved)); /* one test, not two */
	path->entry = (struct dentry *)entry;
	path->mount = (struct mount *)mount;
	return moved;
}

/* Climb one name or one mount; return whether there is more to climb. The root of all mounts is
 * mounted on itself; an entry of no directory (a memfd, or a pipe without a name) is in itself. */
static __always_inline bool climb(struct path_buffer *path)
{
	struct dentry *entry = &path->at_entry;
	struct mount *mount = &path->at_mount;
	read_kernel(mount, sizeof(*mount), *(struct mount *volatile *)&path->mount);
	read_kernel(entry, sizeof(*entry), path->entry);
	u64 over = same(path->entry, *(struct dentry **)mount->mnt); /* the root of this mount */
	if (!prepend_name(path, over)) {
		path->start = 0;
		return false;
	}
	if (move_to(path, over & (u64)mount->mnt_mountpoint | ~over & (u64)entry->d_parent,
		    over & (u64)mount->mnt_parent | ~over & (u64)path->mount))
		return true;
	path->start += 1 + over;
	return false;
}

/* Build the path of a directory entry below a mount; path->start is 0 where it could not be. */
static __always_inline void build_path_at(struct path_buffer *path, struct dentry *entry, void *mnt)
{
	path->entry = entry;
	path->mount = (struct mount *)((char *)mnt - offsetof(struct mount, mnt));
	path->start = PATH_MAX - 1;
	/* Nothing may stand between the test at the end of the loop and its beginning: up to 6.2
	 * kernels refuse to fall into a beginning other than from a test (check_cfg). Hence the count
	 * that the compiler cannot see through, and the volatile read in climb(). */
	u64 left = PATH_DEPTH;
	do {
		if (!climb(path))
			goto built;
		left--;
		asm volatile("" : "+r"(left));
	} while (left);
	path->start = 0;
built:
	path->text[PATH_MAX - 1] = '\0'; /* where the first step may have put a slash */
}

/* Build the path of a file. */
static __always_inline void build_path(struct path_buffer *path, struct file *file)
{
	build_path_at(path, READ(file, f_path_dentry), READ(file, f_path_mnt));
}

/* Climb one name; return whether there is more to climb. */
static __always_inline bool climb_name(struct path_buffer *path)
{
	struct dentry *entry = &path->at_entry;
	read_kernel(entry, sizeof(*entry), *(struct dentry *volatile *)&path->entry);
	if (path->entry == entry->d_parent) /* the root of the file system */
		return false;
	if (!prepend_name(path, 0)) {
		path->start = 0;
		return false;
	}
	path->entry = entry->d_parent;
	return true;
}

/* Build the path of a directory entry within its file system, wherever that is mounted. */
static __always_inline void build_entry_path(struct path_buffer *path, struct dentry *entry)
{
	path->entry = entry;
	path->start = PATH_MAX - 1;
	u64 left = PATH_DEPTH;
	do {
		if (!climb_name(path))
			return;
		left--;
		asm volatile("" : "+r"(left)); /* see build_path_at() */
	} while (left);
	path->start = 0;
}
