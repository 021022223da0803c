/* execve and execveat between their entry and their outcome.
 *
 * A failed call returns like any other and is reported there. Of one that succeeds only the
 * entry saw the arguments: its record waits here for the exec to happen. The key is the task:
 * unlike the thread id it stays when a thread that is not the leader executes. */
#pragma once
#include "arguments.h"
#include "processes.h"

#ifdef EXEC_CALLS
BPF_HASH(entered_execs, u64, struct call_record, EXECS_AT_ONCE);

/* Every exec is kept, also one that is not selected or not matched (mask 0): one that is not
 * found at its success is then known to be a 32-bit call, for which there is no entry, or one for
 * which there was no room. Its success counts it as lost; a failure is reported like any other. */
static __always_inline void keep_exec(struct call_record *record)
{
	u64 task = bpf_get_current_task();
	entered_execs.update(&task, record);
}

static __always_inline void forget_exec(void)
{
	u64 task = bpf_get_current_task();
	entered_execs.delete(&task);
}

/* The exec has happened: the call succeeded, whatever is left of it. */
static __always_inline void report_exec(void)
{
	u64 task = bpf_get_current_task();
	struct call_record *record = entered_execs.lookup(&task);
	if (record && !record->selected)
		goto forget;
#ifdef NATIVE_CALLS_ONLY
	if (!record) /* a 32-bit call, or counted when there was no room for it */
		return;
#endif
	count(SEEN);
	if (!record)
		count(LOST);
	else if (!record->sent.header.mask)
		count(FILTERED);
	else
		submit_call(record);
forget:
	forget_exec();
}
#else
static __always_inline void forget_exec(void)
{
}
static __always_inline void report_exec(void)
{
}
#endif
