// SPDX-License-Identifier: Apache-2.0
/* Makes system calls in a tight loop and prints the time of one.
 *
 * Reads lines "CALL COUNT CHUNKS" and prints for each the nanoseconds of a call in the fastest of
 * the chunks of COUNT calls; on a shared machine the others were preempted. "none" is the empty
 * loop. A negative number of chunks is a rate in calls per second, for COUNT calls in all, without
 * an answer. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

/* Switch to a process that answers, and back: the same CPU runs both. */
static void switch_twice(void)
{
	static int there[2], back[2];
	char byte = 0;
	if (!there[1]) {
		if (pipe(there) || pipe(back))
			_exit(1);
		if (!fork()) {
			close(there[1]);
			while (read(there[0], &byte, 1) == 1)
				(void)!write(back[1], &byte, 1);
			_exit(0);
		}
		close(there[0]);
	}
	(void)!write(there[1], &byte, 1);
	(void)!read(back[0], &byte, 1);
}

static long make(const char *call, long count)
{
	long start = now();
	if (!strcmp(call, "getppid"))
		for (long i = 0; i < count; i++)
			syscall(SYS_getppid);
	else if (!strcmp(call, "access"))
		for (long i = 0; i < count; i++)
			syscall(SYS_access, "/nonexistent", F_OK);
	else if (!strcmp(call, "hundredth")) /* one access among 100 calls */
		for (long i = 0; i < count; i++)
			i % 100 ? syscall(SYS_getppid) : syscall(SYS_access, "/nonexistent", F_OK);
	else if (!strcmp(call, "switches"))
		for (long i = 0; i < count; i++)
			switch_twice();
	else if (!strcmp(call, "renameat")) /* two strings; invalid flags, so no file is looked up */
		for (long i = 0; i < count; i++)
			syscall(SYS_renameat2, -1, "one/of/two/texts", -1, "another/of/two/texts", ~0);
	return now() - start;
}

/* Make calls at a rate, in a burst each millisecond. */
static void pace(const char *call, long count, long per_second)
{
	long start = now(), burst = per_second / 1000 + 1;
	for (long done = 0; done < count; done += burst) {
		long due = start + done * (1000000000.0 / per_second) - now();
		if (due > 0)
			nanosleep(&(struct timespec){.tv_nsec = due}, NULL);
		make(call, burst);
	}
}

int main(void)
{
	char call[32];
	long count, chunks;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (scanf("%31s %ld %ld", call, &count, &chunks) == 3) {
		long fastest = -1;
		if (chunks < 0) {
			pace(call, count, -chunks);
			continue;
		}
		while (chunks--) {
			long took = make(call, count);
			if (fastest < 0 || took < fastest)
				fastest = took;
		}
		printf("%.2f\n", (double)fastest / count);
	}
	return 0;
}
