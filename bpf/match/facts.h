/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the matcher judges an event by.
 *
 * The tracer fills it from the current task, the decision program from its input; only the
 * fields of the kinds in use (USE_*, see matcher.h) are filled and read. */
#pragma once
#include "generated/abi.h"

struct facts {
	u32 pid; /* thread group id, initial namespace */
	u32 tid;
	u32 uid;   /* real uid, initial user namespace */
	u32 started_after_trace; /* whether the process began after tracing did */
	u64 mntns; /* inode numbers */
	u64 pidns;
	u64 comm[NAME_WORDS]; /* NUL padded */
	u64 uts[NAME_WORDS];
	u64 binary; /* scopes that accept the program file, */
	u64 descent; /* the processes that this one descends from, */
	u64 followed; /* and those that follow it (rule 13) */
	u64 container; /* scopes that accept the container, or that there is none */
};
