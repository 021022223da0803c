/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Creation and removal of cgroups, which keep the map of containers current.
 *
 * A new cgroup is a container if its name is a container id; else it belongs to the container of
 * its parent. No task can enter or see it before the tracepoint, as cgroup_mkdir() in
 * kernel/cgroup/cgroup.c activates it afterwards. */
#pragma once
#include "state/cgroups.h"
#include "state/processes.h"

#ifdef CONTAINERS
#define ID_DIGITS (2 * CONTAINER_ID_SIZE)
#define SCOPE_LENGTH 6 /* of ".scope", after the id if systemd created the cgroup */

/* The first eight characters of a string as a number. Little-endian: a shift to the left drops the
 * last characters. */
static __always_inline u64 first_word(const char *text)
{
	u64 value;
	__builtin_memcpy(&value, text, sizeof(value));
	return value;
}

/* Return the length of the runtime's name before the id. */
static __always_inline u64 runtime_prefix_length(const char *name)
{
	u64 start[2] = {};
	read_kernel_string(start, sizeof(start), name);
	if (start[0] << 8 == first_word("docker-") << 8 || start[0] << 8 == first_word("libpod-")
										    << 8)
		return 7;
	if (start[0] << 24 == first_word("crio-\0\0") << 24)
		return 5;
	return start[0] == first_word("cri-containerd-") && start[1] == first_word("ainerd-") ? 15
											      : 0;
}

/* Return the value of a hexadecimal digit, lower case only as in ids of runtimes; above 15 for
 * others. */
static __always_inline u8 digit(u8 character)
{
	u8 number = character - '0', letter = character - 'a';
	if (number < 10)
		return number;
	return letter < 6 ? letter + 10 : 16;
}

/* A loop: unrolled 32 times it would take a tenth of the start-up time to compile. */
static __always_inline bool parse_id(u8 *id, const u8 *text)
{
	u64 i = 0;
	do {
		u8 high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
		if (high > 15 || low > 15)
			return false;
		id[i++] = high << 4 | low;
		asm volatile("" : "+r"(i)); /* see build_path_at() */
	} while (i < CONTAINER_ID_SIZE);
	return true;
}

/* Read the container id in the name of a cgroup; false if there is none. */
static __always_inline bool read_container_id(u8 *id, const char *name)
{
	/* With the NUL, and one more to detect a longer name. */
	char text[ID_DIGITS + SCOPE_LENGTH + 2] = {};
	long size = read_kernel_string(text, sizeof(text), name + runtime_prefix_length(name));
	if (size != ID_DIGITS + 1 && size != ID_DIGITS + SCOPE_LENGTH + 1)
		return false;
	if (text[ID_DIGITS] && first_word(text + ID_DIGITS) != first_word(".scope\0"))
		return false;
	return parse_id(id, (u8 *)text);
}

static __always_inline struct container *parent_container(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *parent = READ(cgroup, self_parent);
	u64 id = parent ? cgroup_id(READ(parent, cgroup)) : 0;
	return containers.lookup(&id);
}

static __always_inline bool in_hierarchy(struct cgroup *cgroup)
{
	return READ(READ(cgroup, root), hierarchy_id) == HIERARCHY;
}

static __always_inline void handle_cgroup_mkdir(struct cgroup *cgroup)
{
	struct container container = {.accept = ~0ULL, .started_after_trace = trace_start() != 0};
	if (!in_hierarchy(cgroup))
		return;
	u64 id = cgroup_id(cgroup);
	if (read_container_id((u8 *)container.id, READ(READ(cgroup, kn), name))) {
#ifdef USE_CONTAINER
		container.accept =
			accept_container((u8 *)container.id, container.started_after_trace);
#endif
	} else {
		struct container *parent = parent_container(cgroup);
		if (!parent)
			return;
		container = *parent;
	}
	if (containers.update(&id, &container) < 0)
		count(COUNTER_UNTRACKED);
}

int on_cgroup_mkdir(struct bpf_raw_tracepoint_args *ctx)
{
	disable_preemption();
	handle_cgroup_mkdir((struct cgroup *)ctx->args[0]);
	enable_preemption();
	return 0;
}

static __always_inline void handle_cgroup_rmdir(struct cgroup *cgroup)
{
	if (!in_hierarchy(cgroup))
		return;
	u64 id = cgroup_id(cgroup);
	containers.delete(&id);
}

int on_cgroup_rmdir(struct bpf_raw_tracepoint_args *ctx)
{
	disable_preemption();
	handle_cgroup_rmdir((struct cgroup *)ctx->args[0]);
	enable_preemption();
	return 0;
}
#endif
