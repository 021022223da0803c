/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Facts of an event that the matcher compares with the filters.
 *
 * The tracer reads them from the current task, the decision program of the tests from its input.
 * Only the fields of the kinds of filter in use (USE_*) are filled and read. */
#pragma once
#include "generated/abi.h"

struct facts {
	u32 pid; /* tgid, initial pid namespace */
	u32 tid;
	u32 uid;		 /* real uid, initial user namespace */
	u32 started_after_trace; /* of the process */
	u64 mntns;		 /* inode numbers */
	u64 pidns;
	u64 comm[NAME_WORDS]; /* NUL padded */
	u64 uts[NAME_WORDS];
	/* Masks of scopes: */
	u64 binary_accepts;    /* that accept the executed file */
	u64 tree_accepts;      /* whose tree filters accept the process and its ancestors */
	u64 followed;	       /* that follow the process (rule 13) */
	u64 container_accepts; /* that accept the container, or its absence */
};
