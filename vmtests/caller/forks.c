// SPDX-License-Identifier: Apache-2.0
/* Forks many short processes, several generations deep, and prints their ids.
 *
 * Usage: forks WORKERS ROUNDS GENERATIONS. It begins when a line is read. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS_MAX 65536

struct journal {
	int count;
	int pids[FORKS_MAX];
};

static struct journal *journal; /* shared by all processes */

/* Fork; wait while all ids are in use. */
static int fork_noted(void)
{
	int pid;
	while ((pid = fork()) < 0)
		sched_yield();
	if (pid)
		journal->pids[__atomic_fetch_add(&journal->count, 1, __ATOMIC_RELAXED)] = pid;
	return pid;
}

/* Each process forks the next one and waits for it. */
static void fork_generations(int count)
{
	int child = 0;
	while (count-- && !(child = fork_noted()))
		;
	if (child)
		waitpid(child, NULL, 0);
}

static void work(int number, int rounds, int generations)
{
	cpu_set_t cpus;
	CPU_ZERO(&cpus);
	CPU_SET(number % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	while (rounds--) {
		int child = fork_noted();
		if (!child) {
			fork_generations(generations - 1);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	_exit(0);
}

int main(int count, char **arguments)
{
	if (count != 4)
		return 2;
	int workers = atoi(arguments[1]), rounds = atoi(arguments[2]);
	journal = mmap(NULL, sizeof(*journal), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	getchar();
	for (int number = 0; number < workers; number++)
		if (!fork_noted())
			work(number, rounds, atoi(arguments[3]));
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < journal->count; i++)
		printf("%d\n", journal->pids[i]);
	return 0;
}
