/* What is known of a process for as long as it lives: set at exec, inherited at fork. */
#pragma once
#include "matcher.h"
#include "path.h"
#include "records.h"

struct process {
	u64 accept;   /* scopes whose filters on exec facts hold */
	u32 starting; /* our COMMAND before its exec: still our own code, not shown */
	u32 unused;
};
BPF_HASH(processes, u32, struct process, PROCESSES);

#if defined(USE_BINARY) || defined(COMMAND_ONLY)
#define TRACK_PROCESSES
#endif

#ifdef USE_BINARY
BPF_PERCPU_ARRAY(binary_scratch, struct binary, 1);
#define ACCEPT_UNKNOWN BINARY_UNASKED
#else
#define ACCEPT_UNKNOWN ~0ULL
#endif

/* Whether events of the process are to be looked at; its own facts are completed if so. */
static __always_inline bool knows_process(struct facts *facts)
{
	facts->process = ACCEPT_UNKNOWN;
#ifdef TRACK_PROCESSES
	struct process *process = processes.lookup(&facts->pid);
	if (process)
		facts->process = process->accept;
#ifdef COMMAND_ONLY
	return process;
#else
	if (!process)
		count(UNKNOWN);
#endif
#endif
	return true;
}

/* The same, without our COMMAND before its exec: it is still our own code then. */
static __always_inline bool read_process(struct facts *facts)
{
#ifdef COMMAND_ONLY
	struct process *process = processes.lookup(&facts->pid);
	if (!process || process->starting)
		return false;
#endif
	return knows_process(facts);
}

/* Judge the program that a process begins to run, by its path. */
static __always_inline u64 accept_program(const struct path_buffer *path)
{
#ifdef USE_BINARY
	u32 zero = 0;
	struct binary *binary = binary_scratch.lookup(&zero);
	if (!binary)
		return BINARY_UNASKED;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	u64 start = within(path->start, PATH_MAX - 1);
	u64 length = within(PATH_MAX - 1 - start, PATH_MAX - 1);
	binary->mntns = READ(READ(READ(task, nsproxy), mnt_ns), ns_inum);
	__builtin_memset(binary->path, 0, sizeof(binary->path));
	if (start && length < sizeof(binary->path))
		bpf_probe_read_kernel(binary->path, length, &path->text[start]);
	return accept_binary(binary);
#else
	return ~0ULL;
#endif
}
