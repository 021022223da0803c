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
	FORK,        /* a[0]: block of the child */
	THREAD,      /* a[0]: block of the thread */
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

struct record {
	u32 kind;
	u32 done; /* the step has come to its end, with the result */
	u32 pid;
	u32 tid;
	s64 result;
	s64 text;
	s64 a[ARGUMENTS];
};

struct journal {
	u32 used;
	u32 capacity;
	u32 gates[GATES];
	struct record records[];
};
