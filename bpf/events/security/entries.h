/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The security hooks that are given directory entries, and that of mounting. */
#pragma once
#include "events/hook_event.h"

#ifdef EVENT_SECURITY_INODE_UNLINK
int on_security_inode_unlink(struct pt_regs *ctx)
{
	begin_hook(ctx, EVENT_SECURITY_INODE_UNLINK);
	return 0;
}

int put_security_inode_unlink(struct pt_regs *ctx)
{
	struct dentry *entry = (struct dentry *)function_argument(ctx, 1);
	struct hook_record *record = begun_hook();
	if (!record)
		return 0;
	struct inode *inode = READ(entry, d_inode);
	set_text(record, 0, put_entry(record, entry));
	record->sent.slots[1] = READ(inode, i_ino);
	record->sent.slots[2] = device_of(inode);
	record->sent.slots[3] = ctime_of(inode);
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_INODE_RENAME
int on_security_inode_rename(struct pt_regs *ctx)
{
	begin_hook(ctx, EVENT_SECURITY_INODE_RENAME);
	return 0;
}

int put_security_inode_rename(struct pt_regs *ctx)
{
	struct hook_record *record = begun_hook();
	if (!record)
		return 0;
	set_text(record, 0, put_entry(record, (struct dentry *)function_argument(ctx, 1)));
	set_text(record, 1, put_entry(record, (struct dentry *)function_argument(ctx, 3)));
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_INODE_MKNOD
int on_security_inode_mknod(struct pt_regs *ctx)
{
	begin_hook(ctx, EVENT_SECURITY_INODE_MKNOD);
	return 0;
}

int put_security_inode_mknod(struct pt_regs *ctx)
{
	struct hook_record *record = begun_hook();
	if (!record)
		return 0;
	set_text(record, 0, put_entry(record, (struct dentry *)function_argument(ctx, 1)));
	record->sent.slots[1] = function_argument(ctx, 2);
	record->sent.slots[2] = function_argument(ctx, 3);
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_INODE_SYMLINK
int on_security_inode_symlink(struct pt_regs *ctx)
{
	begin_hook(ctx, EVENT_SECURITY_INODE_SYMLINK);
	return 0;
}

int put_security_inode_symlink(struct pt_regs *ctx)
{
	struct hook_record *record = begun_hook();
	if (!record)
		return 0;
	set_text(record, 0, put_entry(record, (struct dentry *)function_argument(ctx, 1)));
	set_text(record, 1, put_name(record, (char *)function_argument(ctx, 2)));
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_SB_MOUNT
int on_security_sb_mount(struct pt_regs *ctx)
{
	begin_hook(ctx, EVENT_SECURITY_SB_MOUNT);
	return 0;
}

int put_security_sb_mount(struct pt_regs *ctx)
{
	struct path *place = (struct path *)function_argument(ctx, 1);
	struct hook_record *record = begun_hook();
	if (!record)
		return 0;
	set_text(record, 0, put_name(record, (char *)function_argument(ctx, 0)));
	build_path_at(&record->path, READ(place, dentry), READ(place, mnt));
	set_text(record, 1, put_path(&record->end, record->sent.data, &record->path));
	set_text(record, 2, put_name(record, (char *)function_argument(ctx, 2)));
	record->sent.slots[3] = function_argument(ctx, 3);
	submit_hook(record);
	return 0;
}
#endif
