// SPDX-License-Identifier: Apache-2.0
/* storm COUNT: forks and executes /bin/true COUNT times, one after the other. */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	char *child[] = {"/bin/true", NULL}, *none[] = {NULL};
	for (long left = argc > 1 ? atol(argv[1]) : 0; left; left--) {
		pid_t pid;
		if (posix_spawn(&pid, child[0], NULL, NULL, child, none) || waitpid(pid, NULL, 0) < 0)
			return 1;
	}
	return 0;
}
