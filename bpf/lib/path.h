/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The path of a file, built from its directory entry up to the root of the mount namespace.
 *
 * bpf_d_path() is for tracing programs only, which not every kernel can load. */
#pragma once
#include "lib/task.h"

#define PATH_MAX 4096 /* with the NUL, linux/limits.h */
#define PATH_DEPTH 40 /* names and mounts in a path at most */
#define NAME_MAX 255

/* A path is built from its end: it is text[start] to text[PATH_MAX - 2], then a NUL.
 *
 * The state of the walk is in the map rather than in registers, and a step has one path through it:
 * the verifier sees the same state at the start of each step, and follows none twice. */
struct path_buffer {
	struct dentry *entry;
	struct mount *mount;
	struct dentry at_entry; /* copies of both */
	struct mount at_mount;
	u64 start; /* 0 if the path is too deep or too long */
	char text[PATH_MAX + NAME_MAX + 1];
};
BPF_PERCPU_ARRAY(path_buffers, struct path_buffer, 1);

/* All ones if two pointers are equal, else 0; without a branch. */
static __always_inline u64 equal_mask(const void *a, const void *b)
{
	u64 differ = (u64)a ^ (u64)b;
	differ |= -differ;		 /* the highest bit: whether any differs */
	asm volatile("" : "+r"(differ)); /* the compiler would use a branch */
	return (differ >> 63) - 1;
}

/* Prepend "/name", or nothing if `skip` is all ones; return whether it fits. */
static __always_inline bool prepend_name(struct path_buffer *path, u64 skip)
{
	u64 length = within(path->at_entry.d_name_len & ~skip, NAME_MAX);
	u64 start = within(path->start - length - 1 - skip, 2 * PATH_MAX - 1);
	if (start >= PATH_MAX)
		return false;
	path->start = start;
	read_kernel(&path->text[start + 1], length, path->at_entry.d_name_name);
	path->text[start] = '/';
	return true;
}

/* Continue at an entry of a mount; return whether it differs from the current one. */
static __always_inline bool move_to(struct path_buffer *path, u64 entry, u64 mount)
{
	u64 moved = entry ^ (u64)path->entry | mount ^ (u64)path->mount;
	asm volatile("" : "+r"(moved)); /* one test, not two */
	path->entry = (struct dentry *)entry;
	path->mount = (struct mount *)mount;
	return moved;
}

/* Go up one name or one mount; return whether there is more. The root mount is mounted on itself;
 * an entry without a directory (a memfd, a pipe) is its own parent. */
static __always_inline bool climb(struct path_buffer *path)
{
	struct dentry *entry = &path->at_entry;
	struct mount *mount = &path->at_mount;
	read_kernel(mount, sizeof(*mount), *(struct mount *volatile *)&path->mount);
	read_kernel(entry, sizeof(*entry), path->entry);
	u64 at_root =
		equal_mask(path->entry, *(struct dentry **)mount->mnt); /* the root of this mount */
	if (!prepend_name(path, at_root)) {
		path->start = 0;
		return false;
	}
	if (move_to(path, at_root & (u64)mount->mnt_mountpoint | ~at_root & (u64)entry->d_parent,
		    at_root & (u64)mount->mnt_parent | ~at_root & (u64)path->mount))
		return true;
	path->start += 1 + at_root;
	return false;
}

/* Build the path of a directory entry in a mount; path->start is 0 on failure. */
static __always_inline void build_path_at(struct path_buffer *path, struct dentry *entry, void *mnt)
{
	path->entry = entry;
	path->mount = (struct mount *)((char *)mnt - offsetof(struct mount, mnt));
	path->start = PATH_MAX - 1;
	/* No instruction may be between the test at the end of the loop and its start: up to v6.2
	 * the verifier rejects a fall-through into a loop (check_cfg()). Hence the counter that the
	 * compiler cannot analyse, and the volatile read in climb(). */
	u64 left = PATH_DEPTH;
	do {
		if (!climb(path))
			goto built;
		left--;
		asm volatile("" : "+r"(left));
	} while (left);
	path->start = 0;
built:
	path->text[PATH_MAX - 1] = '\0'; /* the first step may have written a slash here */
}

/* Build the path of a file. */
static __always_inline void build_path(struct path_buffer *path, struct file *file)
{
	build_path_at(path, READ(file, f_path_dentry), READ(file, f_path_mnt));
}

/* Go up one name; return whether there is more. */
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

/* Build the path of a directory entry in its file system, wherever that is mounted. */
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
