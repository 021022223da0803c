/* The files of a run: the plan that is carried out, and the journal of what was done.
 *
 * Both are mapped into memory. vmtests/workload/layout.py has the same structures. */
#pragma once

typedef unsigned int u32;
typedef int s32;
typedef unsigned long u64;
typedef long s64;

#define ARGUMENTS 5
#define GATES 64

enum kind {
	STARTED = 1, /* an image begins to run: no step of a plan, a record only */
	CALL,        /* a[0]: number, a[1..]: arguments; the text replaces argument `text_at` */
	SET_COMM,    /* text */
	SET_UID,     /* a[0]: real uid */
	FORK,        /* a[0]: block of the child, a[1]: flags of clone; its ids are `struct born` */
	THREAD,      /* a[0]: block of the thread; as FORK */
	EXEC,        /* text: path, a[0]: block that goes on in the new image */
	WAIT,        /* for all children */
	REAP,        /* become the parent of orphans among the descendants */
	GATE,        /* a[0]: wait until this gate is open */
	OPEN,        /* a[0]: open this gate */
	SETTLE,      /* wait until no other thread of the process will do anything any more */
	PARK,        /* stay without doing anything until the process ends */
	EXIT,        /* a[0]: code; the thread only */
	EXIT_GROUP,  /* a[0]: code */
	DIE,         /* a[0]: signal */
	SET_UTS,     /* be in a new uts namespace; text: its host name */
	NEW_MNTNS,   /* be in a new mount namespace; its inode number is the result */
	JOIN_MNTNS,  /* text: path of a mount namespace to be in; result as above */
	NEW_CGROUP,  /* text: path of a directory to make, if it is not there */
	JOIN_CGROUP, /* text: path of the `cgroup.procs` to move the process to */
};

struct step {
	u32 kind;
	s32 text_at;
	s64 text; /* offset in the texts, -1 for none */
	s64 a[ARGUMENTS];
};

struct block {
	u32 first;
	u32 count;
};

struct plan {
	u32 steps; /* where they begin in the file */
	u32 texts;
	struct block blocks[];
};

/* What a new task puts into the record of its birth, in the place of the step's arguments. */
struct born {
	s64 block;
	s64 id; /* in the initial pid namespace */
	s64 inner_id;
	s64 pidns; /* inode number */
};

struct record {
	u32 kind;
	u32 done; /* the step has come to its end, with the result */
	u32 pid;  /* ids in the initial pid namespace */
	u32 tid;
	s64 result;
	s64 text;
	union {
		s64 a[ARGUMENTS];
		struct born born;
	};
};

struct journal {
	u32 used;
	u32 capacity;
	u32 gates[GATES];
	struct record records[];
};
