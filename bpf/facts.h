/* What the matcher judges an event by.
 *
 * The tracer fills it from the current task, the decision program from its input; only the
 * fields of the kinds in use (USE_*, see matcher.h) are read. */
#pragma once

#define COMM_SIZE 16

struct facts {
	u32 pid; /* thread group id, initial namespace */
	u32 tid;
	u32 uid; /* real uid, initial user namespace */
	char comm[COMM_SIZE]; /* NUL padded */
	u64 process; /* scopes that accept what changes only at fork and exec */
};
