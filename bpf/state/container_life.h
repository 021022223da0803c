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
#define SCOPE_LENGTH 6	  /* of ".scope", after the id if systemd created the cgroup */
#define NAME_LENGTH 255	  /* NAME_MAX, linux/limits.h */
#define NAME_BUFFER 512	  /* a power of two above all offsets, for the verifier */
#define PREFIX_BYTES 16

/* The name of a cgroup, after zeros that precede it where its prefix is shorter. */
struct cgroup_name {
	char before[PREFIX_BYTES];
	char text[NAME_BUFFER];
};
BPF_PERCPU_ARRAY(cgroup_names, struct cgroup_name, 1);

static __always_inline u64 word_at(const char *text)
{
	u64 value;
	__builtin_memcpy(&value, text, sizeof(value));
	return value;
}

/* Whether the characters before the id are none, or a runtime's name. */
static __always_inline bool is_runtime_prefix(u64 first, u64 second)
{
#define IS_FORM(first_mask, second_mask, first_word, second_word)                                  \
	|| ((first & first_mask) == first_word && (second & second_mask) == second_word)
	return !(first | second) CONTAINER_NAME_FORMS(IS_FORM);
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
static __always_inline bool read_container_id(u8 *id, const char *from)
{
	u32 zero = 0;
	struct cgroup_name *name = cgroup_names.lookup(&zero);
	if (!name)
		return false;
	u64 length = read_kernel_string(name->text, NAME_LENGTH + 1, from) - 1;
	if (length < ID_DIGITS || length > NAME_LENGTH)
		return false;
	u64 end = within(length, NAME_LENGTH);
	/* The eight characters ".scope" and, at the end of the name, those before it. */
	if (end > SCOPE_LENGTH + 2 &&
	    word_at(&name->text[end - 8]) >> 16 == word_at(".scope\0") << 16 >> 16)
		end -= SCOPE_LENGTH;
	if (end < ID_DIGITS)
		return false;
	u64 start = within(end - ID_DIGITS, NAME_LENGTH);
	const char *prefix = (char *)name + start;
	return is_runtime_prefix(word_at(prefix), word_at(prefix + 8)) &&
	       parse_id(id, (u8 *)&name->text[start]);
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
