/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* LSM hooks that are passed directory entries, and that of mounts. */
#pragma once
#include "events/hook_event.h"

#ifdef EVENT_SECURITY_INODE_UNLINK
HOOK(on_security_inode_unlink, EVENT_SECURITY_INODE_UNLINK)

int put_security_inode_unlink(struct pt_regs *ctx)
{
	struct dentry *entry = (struct dentry *)function_argument(ctx, 1);
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	struct inode *inode = READ(entry, d_inode);
	set_string(record, SECURITY_INODE_UNLINK_PATHNAME, put_entry(record, entry));
	record->sent.slots[SECURITY_INODE_UNLINK_INODE] = READ(inode, i_ino);
	record->sent.slots[SECURITY_INODE_UNLINK_DEV] = device_of(inode);
	record->sent.slots[SECURITY_INODE_UNLINK_CTIME] = ctime_of(inode);
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_INODE_RENAME
HOOK(on_security_inode_rename, EVENT_SECURITY_INODE_RENAME)

int put_security_inode_rename(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	set_string(record, SECURITY_INODE_RENAME_OLD_PATH,
		   put_entry(record, (struct dentry *)function_argument(ctx, 1)));
	set_string(record, SECURITY_INODE_RENAME_NEW_PATH,
		   put_entry(record, (struct dentry *)function_argument(ctx, 3)));
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_INODE_MKNOD
HOOK(on_security_inode_mknod, EVENT_SECURITY_INODE_MKNOD)

int put_security_inode_mknod(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	set_string(record, SECURITY_INODE_MKNOD_FILE_NAME,
		   put_entry(record, (struct dentry *)function_argument(ctx, 1)));
	record->sent.slots[SECURITY_INODE_MKNOD_MODE] = function_argument(ctx, 2);
	record->sent.slots[SECURITY_INODE_MKNOD_DEV] = function_argument(ctx, 3);
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_INODE_SYMLINK
HOOK(on_security_inode_symlink, EVENT_SECURITY_INODE_SYMLINK)

int put_security_inode_symlink(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	set_string(record, SECURITY_INODE_SYMLINK_LINKPATH,
		   put_entry(record, (struct dentry *)function_argument(ctx, 1)));
	set_string(record, SECURITY_INODE_SYMLINK_TARGET,
		   put_kernel_string(record, (char *)function_argument(ctx, 2)));
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_SB_MOUNT
HOOK(on_security_sb_mount, EVENT_SECURITY_SB_MOUNT)

int put_security_sb_mount(struct pt_regs *ctx)
{
	struct path *path = (struct path *)function_argument(ctx, 1);
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	set_string(record, SECURITY_SB_MOUNT_DEV_NAME,
		   put_kernel_string(record, (char *)function_argument(ctx, 0)));
	build_path_at(&record->path, READ(path, dentry), READ(path, mnt));
	set_string(record, SECURITY_SB_MOUNT_PATH,
		   put_path(&record->end, record->sent.data, &record->path));
	set_string(record, SECURITY_SB_MOUNT_TYPE,
		   put_kernel_string(record, (char *)function_argument(ctx, 2)));
	record->sent.slots[SECURITY_SB_MOUNT_FLAGS] = function_argument(ctx, 3);
	submit_hook(record);
	return 0;
}
#endif
