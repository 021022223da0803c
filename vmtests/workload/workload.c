// SPDX-License-Identifier: Apache-2.0
/* Runs a plan of processes and threads, and writes a journal of its steps to shared memory.
 *
 *     workload DIRECTORY BLOCK
 *
 * The directory has the files `plan` and `journal` (plan.h); BLOCK is the number of the first
 * block of steps. The program itself makes none of the system calls that a plan can have as steps.
 * A step is added to the journal before it runs, so the first step of a child comes after the
 * fork. */
#include "namespaces.h"
#include "system.h"

#define STACK_SIZE 32768
#define MAX_THREADS 16
#define MAPPED_SIZE (16 << 20)
#define PAGE_SIZE 4096
#define OVERWRITTEN_SIZE 256 /* more than any result */

enum state { EXITED, RUNNING, PARKED };

struct thread {
	u32 state; /* the kernel sets EXITED when the thread exits */
	struct ids ids; /* in the initial pid namespace */
	struct journal_entry *creation;
	u32 block;
};

static const struct plan *plan;
static struct journal *journal;

/* Alone in its page. When a thread writes to a page after a fork, the page is unmapped while it is
 * copied (do_wp_page() in mm/memory.c), and a tracer cannot read an argument there meanwhile. */
static char directory[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static struct thread leader;
static struct thread *threads[MAX_THREADS] = {&leader};
static u32 thread_count = 1;

static struct journal_entry *add_entry(const struct thread *self, const struct step *step)
{
	u32 index = __atomic_fetch_add(&journal->used, 1, __ATOMIC_SEQ_CST);
	if (index >= journal->capacity)
		broken(BROKEN_JOURNAL);
	struct journal_entry *entry = &journal->entries[index];
	entry->kind = step->kind;
	entry->pid = self->ids.pid;
	entry->tid = self->ids.tid;
	entry->text = step->text;
	for (int i = 0; i < ARGUMENTS; i++)
		entry->a[i] = step->a[i];
	return entry;
}

static void complete_entry(struct journal_entry *entry, s64 result)
{
	entry->result = result;
	__atomic_store_n(&entry->returned, 1, __ATOMIC_RELEASE);
}

static const char *text_of(const struct step *step)
{
	return step->text < 0 ? 0 : (const char *)plan + plan->strings + step->text;
}

static void run_block(struct thread *self, u32 number);

/* Set up the state of a process with one thread, after an exec or a fork. */
static void become_process(void)
{
	leader.state = RUNNING;
	call1(__NR_set_tid_address, (s64)&leader.state);
	leader.ids = initial_ids();
	thread_count = 1;
}

/* A new task writes its own ids: its parent does not see them across pid namespaces. */
static void record_new_task(struct journal_entry *entry, const struct thread *self)
{
	entry->new_task.id = self->ids.tid;
	entry->new_task.inner_id = call1(__NR_gettid, 0);
	entry->new_task.pidns = inode_of("/proc/thread-self/ns/pid");
}

static s64 do_call(const struct step *step)
{
	s64 a[ARGUMENTS];
	for (int i = 0; i < ARGUMENTS; i++)
		a[i] = step->a[i];
	if (step->text_at >= 0)
		a[1 + step->text_at] = (s64)text_of(step);
	return call(a[0], a[1], a[2], a[3], a[4], 0, 0);
}

/* The memory is on the stack: no other thread writes to its page (see `directory`). */
static s64 do_overwrite(struct journal_entry *entry, const struct step *step)
{
	char memory[OVERWRITTEN_SIZE] = "";
	s64 a[ARGUMENTS];
	for (int i = 0; i < ARGUMENTS; i++)
		a[i] = step->a[i];
	const char *text = text_of(step);
	for (u32 i = 0; i < AT_RETURN_SIZE - 1 && text[i]; i++)
		memory[i] = text[i];
	a[1 + step->text_at] = a[2 + step->text_at] = (s64)memory;
	s64 result = call(a[0], a[1], a[2], a[3], a[4], 0, 0);
	for (u32 i = 0; i < AT_RETURN_SIZE - 1 && memory[i]; i++)
		entry->at_return[i] = memory[i];
	return result;
}

static s64 do_fork(struct journal_entry *entry, const struct step *step)
{
	s64 child = call3(__NR_clone, SIGCHLD | step->a[1], 0, 0);
	if (child)
		return child;
	become_process();
	record_new_task(entry, &leader);
	run_block(&leader, step->a[0]);
	return 0;
}

void run_thread(struct thread *self)
{
	self->ids = initial_ids();
	record_new_task(self->creation, self);
	run_block(self, self->block);
}

static s64 do_thread(struct journal_entry *entry, const struct step *step)
{
	const int protection = PROT_READ | PROT_WRITE, kind = MAP_PRIVATE | MAP_ANONYMOUS;
	u64 stack = call(__NR_mmap, 0, STACK_SIZE, protection, kind, -1, 0);
	if (thread_count == MAX_THREADS || stack > -4096UL)
		broken(BROKEN_PLAN);
	struct thread *thread = (struct thread *)stack;
	struct thread **top = (struct thread **)(stack + STACK_SIZE) - 1;
	thread->state = RUNNING;
	thread->creation = entry;
	thread->block = step->a[0];
	*top = thread;
	threads[thread_count++] = thread;
	s64 tid;
	do /* EAGAIN while another thread is in an exec that will fail (copy_fs() in kernel/fork.c) */
		tid = clone_thread(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
					    CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID,
				    top, 0, &thread->state);
	while (tid == -EAGAIN);
	if (tid < 0)
		thread->state = EXITED; /* do_settle() must not wait for it */
	return tid;
}

/* Returns only on failure. */
static s64 do_exec(const struct step *step)
{
	char digits[12], *digit = digits + sizeof(digits) - 1;
	u32 block = step->a[0];
	*digit = 0;
	do
		*--digit = '0' + block % 10;
	while (block /= 10);
	const char *arguments[] = {text_of(step), directory, digit, 0};
	const char *environment[] = {0};
	return call3(__NR_execve, (s64)arguments[0], (s64)arguments, (s64)environment);
}

static s64 do_wait(void)
{
	s64 count = 0;
	while (call(__NR_wait4, -1, 0, 0, 0, 0, 0) > 0)
		count++;
	return count;
}

static s64 do_settle(const struct thread *self)
{
	for (u32 i = 0; i < thread_count; i++)
		if (threads[i] != self)
			futex_wait(&threads[i]->state, RUNNING);
	return 0;
}

static __attribute__((noreturn)) void do_park(struct thread *self)
{
	futex_set(&self->state, PARKED);
	for (;;)
		futex_wait(&self->state, PARKED);
}

static __attribute__((noreturn)) void do_die(const struct step *step)
{
	call3(__NR_tgkill, call1(__NR_getpid, 0), call1(__NR_gettid, 0), step->a[0]);
	for (;;)
		call1(__NR_pause, 0);
}

static s64 do_gate(u32 *gate, u32 kind)
{
	if (kind == GATE)
		futex_wait(gate, 0);
	else
		futex_set(gate, 1);
	return 0;
}

static s64 run_step(struct thread *self, struct journal_entry *entry, const struct step *step)
{
	switch (step->kind) {
	case CALL:
		return do_call(step);
	case OVERWRITE:
		return do_overwrite(entry, step);
	case SET_COMM:
		return call3(__NR_prctl, PR_SET_NAME, (s64)text_of(step), 0);
	case SET_UID:
		return call3(__NR_setresuid, step->a[0], -1, -1);
	case FORK:
		return do_fork(entry, step);
	case THREAD:
		return do_thread(entry, step);
	case EXEC:
		return do_exec(step);
	case WAIT:
		return do_wait();
	case REAP:
		return call3(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0);
	case GATE:
	case OPEN:
		return do_gate(&journal->gates[step->a[0]], step->kind);
	case SETTLE:
		return do_settle(self);
	case PARK:
		do_park(self);
	case EXIT:
		return call1(__NR_exit, step->a[0]);
	case EXIT_GROUP:
		return call1(__NR_exit_group, step->a[0]);
	case DIE:
		do_die(step);
	case SET_UTS:
		return new_uts(text_of(step));
	case NEW_MNTNS:
		return new_mntns();
	case JOIN_MNTNS:
		return join_mntns(text_of(step));
	case NEW_CGROUP:
		return call3(__NR_mkdir, (s64)text_of(step), 0755, 0);
	case JOIN_CGROUP:
		return join_cgroup(text_of(step));
	}
	broken(BROKEN_PLAN);
	return 0;
}

static void run_block(struct thread *self, u32 number)
{
	const struct block *block = &plan->blocks[number];
	const struct step *steps = (const struct step *)((const char *)plan + plan->steps);
	for (u32 i = block->first; i < block->first + block->count; i++) {
		struct journal_entry *entry = add_entry(self, &steps[i]);
		complete_entry(entry, run_step(self, entry, &steps[i]));
	}
	broken(BROKEN_PLAN); /* the last step of a block does not return */
}

/* Map DIRECTORY/NAME. The file is not closed and its size is not read, because plans have those
 * calls as steps; the mapping may be larger than the file. */
static void *map_file(const char *name, int flags, int protection)
{
	char path[256];
	u32 end = 0;
	for (const char *c = directory; *c && end < 200; c++)
		path[end++] = *c;
	path[end++] = '/';
	for (const char *c = name; *c; c++)
		path[end++] = *c;
	path[end] = 0;
	s64 file = call3(__NR_open, (s64)path, flags, 0);
	u64 at = call(__NR_mmap, 0, MAPPED_SIZE, protection, MAP_SHARED, file, 0);
	if (file < 0 || at > -4096UL)
		broken(BROKEN_MAP);
	return (void *)at;
}

void start(s64 *stack)
{
	const char **arguments = (const char **)(stack + 1);
	u32 block = 0;
	if (stack[0] != 3)
		broken(BROKEN_PLAN);
	for (u32 i = 0; i < PAGE_SIZE - 1 && arguments[1][i]; i++)
		directory[i] = arguments[1][i];
	for (const char *digit = arguments[2]; *digit; digit++)
		block = 10 * block + *digit - '0';
	plan = map_file("plan", 0, PROT_READ);
	journal = map_file("journal", 2, PROT_READ | PROT_WRITE);
	become_process();
	const struct step started = {.kind = STARTED, .text = -1, .a = {block}};
	complete_entry(add_entry(&leader, &started), 0);
	run_block(&leader, block);
}
