/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of a task in the initial pid namespace, and changes of namespaces and cgroups. Files are
 * opened by `open` and closed by `close_range`, because plans have openat and close as steps. */
#pragma once
#include <asm/stat.h>

#include "system.h"

struct ids {
	u32 pid;
	u32 tid;
};

static inline u32 number_at(const char **digit)
{
	u32 number = 0;
	while (**digit >= '0' && **digit <= '9')
		number = 10 * number + *(*digit)++ - '0';
	return number;
}

/* /proc is mounted for the initial pid namespace; the link is "PID/task/TID". */
static inline struct ids initial_ids(void)
{
	char text[40] = "";
	const char *digit = text;
	struct ids ids = {};
	if (call3(__NR_readlink, (s64) "/proc/thread-self", (s64)text, sizeof(text) - 1) < 0)
		broken(BROKEN_PLAN);
	ids.pid = number_at(&digit);
	digit += sizeof("/task/") - 1;
	ids.tid = number_at(&digit);
	return ids;
}

/* Return the inode number, or a negative errno. */
static inline s64 inode_of(const char *path)
{
	struct stat stat;
	s64 error = call3(__NR_stat, (s64)path, (s64)&stat, 0);
	return error ? error : (s64)stat.st_ino;
}

static inline s64 new_uts(const char *name)
{
	s64 error = call1(__NR_unshare, CLONE_NEWUTS);
	u32 length = 0;
	while (name[length])
		length++;
	return error ? error : call3(__NR_sethostname, (s64)name, length, 0);
}

static inline s64 new_mntns(void)
{
	s64 error = call1(__NR_unshare, CLONE_NEWNS);
	return error ? error : inode_of("/proc/thread-self/ns/mnt");
}

/* setns() needs a task that does not share its fs_struct. */
static inline s64 join_mntns(const char *path)
{
	s64 error = call1(__NR_unshare, CLONE_FS);
	s64 file = call3(__NR_open, (s64)path, 0, 0);
	if (error || file < 0)
		return error ? error : file;
	error = call3(__NR_setns, file, CLONE_NEWNS, 0);
	call3(__NR_close_range, file, file, 0);
	return error ? error : inode_of("/proc/thread-self/ns/mnt");
}

static inline s64 join_cgroup(const char *path)
{
	s64 file = call3(__NR_open, (s64)path, 1, 0);
	if (file < 0)
		return file;
	s64 written = call3(__NR_write, file, (s64) "0", 1);
	call3(__NR_close_range, file, file, 0);
	return written;
}
