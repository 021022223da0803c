/* The path of a file, built from its directory entries up to the root of its mounts.
 *
 * bpf_d_path() serves tracing programs only, which not every kernel lets us load. */
#pragma once
#include "task.h"

#define PATH_MAX 4096 /* with the NUL, linux/limits.h */
#define PATH_DEPTH 40 /* names and mounts that are climbed at the most */
#define NAME_MAX 255

/* A path is built from its end: it is text[start] to text[PATH_MAX - 2], and a NUL.
 *
 * What the climb carries on lies here and not in registers, so that to the verifier each of its
 * steps begins in the same state: otherwise it would follow every mix of names and mounts. */
struct path_buffer {
	struct dentry *entry;
	struct mount *mount;
	u64 start; /* 0 if the path is too deep or too long */
	char text[PATH_MAX + NAME_MAX + 1];
};
BPF_PERCPU_ARRAY(path_buffers, struct path_buffer, 1);

/* Put "/name" in front of what is there; return whether it fitted. */
static __always_inline bool prepend_name(struct path_buffer *path, struct dentry *entry)
{
	u64 length = within(entry->d_name_len, NAME_MAX);
	u64 start = within(path->start - length - 1, 2 * PATH_MAX - 1);
	if (start >= PATH_MAX)
		return false;
	path->start = start;
	read_kernel(&path->text[start + 1], length, entry->d_name_name);
	path->text[start] = '/';
	return true;
}

/* Climb one name or one mount; return whether there is more to climb. */
static __always_inline bool climb(struct path_buffer *path)
{
	struct dentry entry;
	struct mount mount;
	read_kernel(&mount, sizeof(mount), *(struct mount *volatile *)&path->mount);
	if (path->entry == *(struct dentry **)mount.mnt) { /* the root of this mount */
		bool top = path->mount == mount.mnt_parent;
		path->entry = mount.mnt_mountpoint;
		path->mount = mount.mnt_parent;
		return !top;
	}
	read_kernel(&entry, sizeof(entry), path->entry);
	if (!prepend_name(path, &entry)) {
		path->start = 0;
		return false;
	}
	if (path->entry == entry.d_parent) { /* of no directory: a memfd, or a pipe without a name */
		path->start++;
		return false;
	}
	path->entry = entry.d_parent;
	return true;
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
	u32 left = PATH_DEPTH;
	do {
		if (!climb(path))
			return;
		left--;
		asm volatile("" : "+r"(left));
	} while (left);
	path->start = 0;
}

/* Build the path of a file. */
static __always_inline void build_path(struct path_buffer *path, struct file *file)
{
	build_path_at(path, READ(file, f_path_dentry), READ(file, f_path_mnt));
}

/* Climb one name; return whether there is more to climb. */
static __always_inline bool climb_name(struct path_buffer *path)
{
	struct dentry entry;
	read_kernel(&entry, sizeof(entry), *(struct dentry *volatile *)&path->entry);
	if (path->entry == entry.d_parent) /* the root of the file system */
		return false;
	if (!prepend_name(path, &entry)) {
		path->start = 0;
		return false;
	}
	path->entry = entry.d_parent;
	return true;
}

/* Build the path of a directory entry within its file system, wherever that is mounted. */
static __always_inline void build_entry_path(struct path_buffer *path, struct dentry *entry)
{
	path->entry = entry;
	path->start = PATH_MAX - 1;
	u32 left = PATH_DEPTH;
	do {
		if (!climb_name(path))
			return;
		left--;
		asm volatile("" : "+r"(left)); /* see build_path_at() */
	} while (left);
	path->start = 0;
}
