/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The cgroup of the current task, and its container.
 *
 * Containers are found in one hierarchy: cgroup v2 or one of v1 (tracee_ref/containers/cgroups.py).
 * The ids of cgroups in different v1 hierarchies collide. */
#pragma once
#include "state/start_time.h"
#include "match/containers.h"
#include "lib/kernel.h"

#ifdef CONTAINERS
BPF_HASH(containers, u64, struct container, CONTAINERS); /* by cgroup id */

#ifdef USE_CONTAINER
#define NO_CONTAINER {.accept = CONTAINER_OUTSIDE}
#else
#define NO_CONTAINER                                                                               \
	{                                                                                          \
	}
#endif

/* The last result of find_container() on this CPU. It stays valid, as a cgroup has its element
 * before a task can enter it (container_life.h). Before tracing starts it is not kept, as user
 * space still adds older containers. */
struct cached_container {
	u64 cgroup;
	struct container container;
};
BPF_PERCPU_ARRAY(last_container, struct cached_container, 1);

/* Return the container of a cgroup. Most events are from the same cgroup as the last one, and a
 * lookup in the hash map takes longer than most filters. */
static __always_inline struct container *find_container(u64 cgroup)
{
	u32 zero = 0;
	struct cached_container *last = last_container.lookup(&zero);
	if (!last)
		return NULL;
	if (last->cgroup == cgroup)
		return &last->container;
	u64 started = trace_start();
	struct container *found = containers.lookup(&cgroup), none = NO_CONTAINER;
	last->container = found ? *found : none;
	last->cgroup = started ? cgroup : 0;
	return &last->container;
}
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
	struct container *container = find_container(cgroup_of(task));
	return container ? container->accept : CONTAINER_OUTSIDE;
}
#endif

/* Copy the id of the container of a cgroup; zeros for none. */
static __always_inline void copy_container_id(u64 *words, u64 cgroup)
{
#ifdef CONTAINERS
	struct container *container = find_container(cgroup);
	if (container) {
		__builtin_memcpy(words, container->id, CONTAINER_ID_SIZE);
		return;
	}
#endif
	__builtin_memset(words, 0, CONTAINER_ID_SIZE);
}
