/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Files and sockets of the current task by descriptor. */
#pragma once
#include "lib/kernel.h"

/* NULL if the descriptor is not open. */
static __always_inline struct file *open_file(s32 fd)
{
	struct task_struct *task = current_task();
	struct fdtable *table = READ(READ(task, files), fdt);
	struct file *file = NULL;
	if ((u32)fd < READ(table, max_fds))
		read_kernel(&file, sizeof(file), (struct file **)READ(table, fd) + fd);
	return file;
}

/* NULL if the file is no socket, or the file of a bound Unix socket. */
static __always_inline struct socket *open_socket(struct file *file)
{
	if ((READ(READ(file, f_inode), i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return (struct socket *)READ(file, private_data);
}
