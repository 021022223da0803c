/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Ids, namespaces and host name of a task.
 *
 * The structures of the kernel are generated from the BTF of the running one, with its offsets
 * (tracee_ref/kernel/build/structures.py). */
#pragma once
#include "lib/kernel.h"

#define INITIAL_PID_NAMESPACE 0xEFFFFFFC /* its inode, PROC_PID_INIT_INO in linux/proc_ns.h */
#define PIDTYPE_TGID                                                                               \
	1 /* linux/pid.h, since v4.19, 6883f81aac6f ("pid: Implement PIDTYPE_TGID")                \
	   */
#define PF_USER_WORKER 0x00004000
#define PF_KTHREAD 0x00200000

/* Ids of a process or thread in its own pid namespace. */
struct inner_ids {
	u32 pid;
	u32 tid;
	u32 ppid;
	u32 pidns; /* inode number */
};

static __always_inline struct upid read_upid(struct pid *pid, u32 level)
{
	struct upid upid = {};
	read_kernel(&upid, sizeof(upid), (struct upid *)pid->numbers + level);
	return upid;
}

static __always_inline struct pid *thread_group_pid(struct task_struct *task)
{
	struct signal_struct *signal = READ(task, signal);
	struct pid *pid = NULL;
	read_kernel(&pid, sizeof(pid), (struct pid **)signal->pids + PIDTYPE_TGID);
	return pid;
}

/* A parent outside the pid namespace of the task has the id 0, as for getppid(). */
static __always_inline u32 inner_ppid(struct task_struct *parent, u32 level, void *ns)
{
	struct pid *pid = thread_group_pid(parent);
	if (!pid || READ(pid, level) < level)
		return 0;
	struct upid upid = read_upid(pid, level);
	return upid.ns == ns ? upid.nr : 0;
}

static __always_inline void read_inner_ids(struct task_struct *task, struct inner_ids *ids)
{
	struct pid *thread = READ(task, thread_pid);
	u32 level = READ(thread, level);
	struct upid upid = read_upid(thread, level);
	struct pid *group = thread_group_pid(task);
	ids->tid = upid.nr;
	ids->pid = read_upid(group, level).nr;
	ids->ppid = inner_ppid(READ(task, real_parent), level, upid.ns);
	ids->pidns = READ(upid.ns, ns_inum);
}

/* As read_inner_ids(), faster for a task in the initial pid namespace. */
static __always_inline void read_current_ids(struct task_struct *task, struct inner_ids *ids)
{
	if (FIELD(FIELD(task, thread_pid), level)) {
		read_inner_ids(task, ids);
		return;
	}
	ids->tid = FIELD(task, pid);
	ids->pid = FIELD(task, tgid);
	ids->ppid = FIELD(FIELD(task, real_parent), tgid);
	ids->pidns = INITIAL_PID_NAMESPACE;
}

/* The mount namespace of the current task; 0 after it gave up its namespaces in do_exit(). */
static __always_inline u32 mount_namespace(struct task_struct *task)
{
	return FIELD(FIELD(FIELD(task, nsproxy), mnt_ns), ns_inum);
}

static __always_inline u32 pid_namespace(struct task_struct *task)
{
	struct pid *thread = FIELD(task, thread_pid);
	u32 level = FIELD(thread, level);
	return level ? READ(read_upid(thread, level).ns, ns_inum) : INITIAL_PID_NAMESPACE;
}

static __always_inline void read_host_name(struct task_struct *task, u64 *name)
{
	struct uts_namespace *uts = FIELD(FIELD(task, nsproxy), uts_ns);
	copy_name(name, FIELD_WORD(uts, name_nodename, 0), FIELD_WORD(uts, name_nodename, 1));
}
