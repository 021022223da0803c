// SPDX-License-Identifier: Apache-2.0
/* timed FILE COMMAND...: runs a command and writes to a file its time in nanoseconds and the
 * processor time of it and its descendants in microseconds. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long microseconds(struct timeval time)
{
	return time.tv_sec * 1000000L + time.tv_usec;
}

int main(int argc, char **argv)
{
	struct timespec start, end;
	struct rusage used;
	int status = 0;
	FILE *file = argc > 2 ? fopen(argv[1], "w") : NULL;
	if (!file)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid_t child = fork();
	if (!child) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	waitpid(child, &status, 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	getrusage(RUSAGE_CHILDREN, &used);
	fprintf(file, "%ld %ld\n",
		(end.tv_sec - start.tv_sec) * 1000000000L + end.tv_nsec - start.tv_nsec,
		microseconds(used.ru_utime) + microseconds(used.ru_stime));
	return fclose(file) || status;
}
