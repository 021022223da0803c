/* The cgroup of the current task, and the container that it belongs to.
 *
 * One hierarchy tells: that of cgroup v2, or a v1 one (tracee_ref/containers/cgroups.py). The
 * ids of cgroups in different v1 hierarchies collide. */
#pragma once
#include "containers.h"
#include "current.h"

#ifdef CONTAINERS
struct container {
	u64 accept; /* scopes whose filters on containers hold */
	u64 is_new; /* made after tracing began */
	union {
		u8 id[CONTAINER_ID_SIZE];
		u64 words[CONTAINER_ID_WORDS];
	};
};
BPF_HASH(containers, u64, struct container, CONTAINERS); /* by the id of the cgroup */
#endif

static __always_inline u64 cgroup_id(struct cgroup *cgroup)
{
	return READ(READ(cgroup, kn), id);
}

static __always_inline u64 cgroup_of(struct task_struct *task)
{
	struct css_set *set = FIELD(task, cgroups);
#ifdef CGROUP_SUBSYSTEM /* of the v1 hierarchy */
	struct cgroup_subsys_state *state = (void *)FIELD_WORD(set, subsys, CGROUP_SUBSYSTEM);
	struct cgroup *cgroup = FIELD(state, cgroup);
#else
	struct cgroup *cgroup = FIELD(set, dfl_cgrp);
#endif
	return FIELD(FIELD(cgroup, kn), id);
}

#ifdef USE_CONTAINER
static __always_inline u64 accept_container_of(struct task_struct *task)
{
	u64 cgroup = cgroup_of(task);
	struct container *container = containers.lookup(&cgroup);
	return container ? container->accept : CONTAINER_OUTSIDE;
}
#endif

/* Copy the id of the container that a cgroup belongs to; zero for none. */
static __always_inline void copy_container_id(u64 *words, u64 cgroup)
{
#ifdef CONTAINERS
	struct container *container = containers.lookup(&cgroup);
	if (container) {
		__builtin_memcpy(words, container->words, CONTAINER_ID_SIZE);
		return;
	}
#endif
	__builtin_memset(words, 0, CONTAINER_ID_SIZE);
}
