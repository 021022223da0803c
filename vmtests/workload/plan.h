/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a run: the plan, and the journal of its steps.
 *
 * Both are mapped into memory. vmtests/workload/layout.py has the same structures. */
#pragma once

typedef unsigned int u32;
typedef int s32;
typedef unsigned long u64;
typedef long s64;

#define ARGUMENTS 5
#define GATES 64
#define AT_RETURN_SIZE 64

enum kind {
	STARTED = 1, /* start of an image: in the journal, not in a plan */
	CALL,        /* a[0]: number, a[1..]: arguments; the string replaces argument `text_at` */
	SET_COMM,    /* text */
	SET_UID,     /* a[0]: real uid */
	FORK,        /* a[0]: block of the child, a[1]: flags of clone; journal: `struct new_task` */
	THREAD,      /* a[0]: block of the thread; as FORK */
	EXEC,        /* text: path, a[0]: block of the new image */
	WAIT,        /* for all children */
	REAP,        /* become a child subreaper */
	GATE,        /* a[0]: wait until this gate is open */
	OPEN,        /* a[0]: open this gate */
	SETTLE,      /* wait until all other threads of the process have exited or parked */
	PARK,        /* sleep until the process ends */
	EXIT,        /* a[0]: code; the thread only */
	EXIT_GROUP,  /* a[0]: code */
	DIE,         /* a[0]: signal */
	SET_UTS,     /* unshare the uts namespace; text: its host name */
	NEW_MNTNS,   /* unshare the mount namespace; result: its inode number */
	JOIN_MNTNS,  /* text: path of the mount namespace to join; result as above */
	NEW_CGROUP,  /* text: path of the directory to create if missing */
	JOIN_CGROUP, /* text: path of the `cgroup.procs` to move the process to */
	OVERWRITE,   /* as CALL; the result is written over the string: argument `text_at` + 1 */
};

struct step {
	u32 kind;
	s32 text_at;
	s64 text; /* offset in the strings, -1 for none */
	s64 a[ARGUMENTS];
};

struct block {
	u32 first;
	u32 count;
};

struct plan {
	u32 steps; /* offsets in the file */
	u32 strings;
	struct block blocks[];
};

/* Written by a new task into the journal entry of its FORK or THREAD, over the arguments. */
struct new_task {
	s64 block;
	s64 id; /* in the initial pid namespace */
	s64 inner_id;
	s64 pidns; /* inode number */
};

struct journal_entry {
	u32 kind;
	u32 returned; /* with the result */
	u32 pid;      /* ids in the initial pid namespace */
	u32 tid;
	s64 result;
	s64 text;
	union {
		s64 a[ARGUMENTS];
		struct new_task new_task;
	};
	char at_return[AT_RETURN_SIZE]; /* the string that OVERWRITE left, NUL-terminated */
};

struct journal {
	u32 used;
	u32 capacity;
	u32 gates[GATES];
	struct journal_entry entries[];
};
