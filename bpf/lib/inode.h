/* What a file is, whatever its name. */
#pragma once
#include "lib/task.h"

#define NS_PER_SEC 1000000000ULL
#define S_IFMT 0170000
#define S_IFREG 0100000

/* Since 6.13 the highest bit of the nanoseconds says that somebody has asked for the time, as
 * stat() does (I_CTIME_QUERIED, 4e40eff0b573). */
#define CTIME_NSEC 0x7fffffffULL

static __always_inline u64 ctime_of(struct inode *inode)
{
	return READ(inode, ctime_sec) * NS_PER_SEC + (READ(inode, ctime_nsec) & CTIME_NSEC);
}

static __always_inline u32 device_of(struct inode *inode)
{
	return READ(READ(inode, i_sb), s_dev);
}
