/* What is known of a process for as long as it lives: set at exec, inherited at fork. */
#pragma once
#include "matcher.h"
#include "path.h"
#include "records.h"

struct process {
	u64 accept;   /* scopes whose filters on exec facts hold */
	u64 began;    /* when, as start_boottime; 0 for those that were there before us */
	u64 starting; /* our COMMAND before its exec: still our own code, not shown */
};

#if defined(USE_BINARY) || defined(COMMAND_ONLY)
#define TRACK_PROCESSES
BPF_HASH(processes, u32, struct process, PROCESSES);
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

/* A new process is what its parent is; a new thread (same process id) changes nothing. */
static __always_inline void inherit_process(struct task_struct *parent, struct task_struct *child)
{
#ifdef TRACK_PROCESSES
	u32 parent_pid = READ(parent, tgid), child_pid = READ(child, tgid);
	struct process *known = processes.lookup(&parent_pid);
	if (!known || child_pid == parent_pid)
		return;
	struct process inherited = *known;
	inherited.began = READ(child, start_boottime);
	if (processes.update(&child_pid, &inherited) < 0)
		count(UNTRACKED);
#endif
}

/* A task is no more. Its process ends with the leader, the last of its tasks to go: at the exit
 * of a task others of the process may still have theirs to report. The id may be another's
 * already (this comes after a grace period); and a leader that was replaced by an exec of
 * another thread is none any more. */
static __always_inline void forget_process(struct task_struct *task)
{
#ifdef TRACK_PROCESSES
	u32 pid = READ(task, tgid);
	struct process *known = processes.lookup(&pid);
	if (!known || READ(task, group_leader) != task)
		return;
	if (!known->began || known->began == READ(task, start_boottime))
		processes.delete(&pid);
#endif
}

#ifdef USE_BINARY
/* Judge the program that a process begins to run, by the path that was just built. */
static __always_inline u64 accept_program(const struct path_buffer *path)
{
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
		read_kernel(binary->path, length, &path->text[start]);
	return accept_binary(binary);
}
#endif

/* A process has begun to run a program: what fork handed down counts no more. */
static __always_inline void renew_process(u32 pid, const struct path_buffer *path)
{
#ifdef TRACK_PROCESSES
	struct process now = {.accept = ~0ULL};
	struct process *known = processes.lookup(&pid);
	if (known)
		now.began = known->began;
#ifdef USE_BINARY
	now.accept = accept_program(path);
#endif
	if (processes.update(&pid, &now) < 0)
		count(UNTRACKED);
#endif
}
