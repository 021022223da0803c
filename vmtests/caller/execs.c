/* SPDX-License-Identifier: Apache-2.0 */
/* A program of 32 bits that executes others, exits in three ways, and returns from signals. */
#include "caller.h"

#define EXIT_GROUP 252
#define FORK 2
#define WAITPID 7
#define EXECVE 11
#define KILL 37
#define GETPID 20
#define SIGACTION 67
#define RT_SIGACTION 174
#define EXECVEAT 358
#define AT_FDCWD (-100)
#define SIGUSR1 10
#define SA_SIGINFO 4

static k_ulong argv[3], envp[2];

static void handler(void)
{
}

/* Deliver a signal to a handler, whose return is sigreturn() or, with SA_SIGINFO, rt_sigreturn(). */
static void signalled(k_long number, k_long flags)
{
	struct {
		k_ulong handler, words[5];
	} action = {POINTER(handler)};
	action.words[number == SIGACTION] = flags; /* the mask comes first in the old structure */
	enter(number, SIGUSR1, POINTER(&action), 0, 8, 0, 0);
	enter(KILL, enter(GETPID, 0, 0, 0, 0, 0, 0), SIGUSR1, 0, 0, 0, 0);
}

static void wait_for_child(void)
{
	enter(WAITPID, -1, 0, 0, 0, 0, 0);
}

void _start(void)
{
	argv[0] = POINTER("true");
	argv[1] = POINTER("from 32 bits");
	envp[0] = POINTER("X=1");
	enter(EXECVE, POINTER("/proc/missing"), POINTER(argv), POINTER(envp), 0, 0, 0);
	signalled(SIGACTION, 0);
	signalled(RT_SIGACTION, SA_SIGINFO);
	if (!enter(FORK, 0, 0, 0, 0, 0, 0))
		enter(EXIT_GROUP, 3, 0, 0, 0, 0, 0);
	wait_for_child();
	if (!enter(FORK, 0, 0, 0, 0, 0, 0))
		enter(EXIT, 4, 0, 0, 0, 0, 0);
	wait_for_child();
	if (!enter(FORK, 0, 0, 0, 0, 0, 0))
		enter(EXECVEAT, AT_FDCWD, POINTER("/bin/true"), POINTER(argv), POINTER(envp), 0, 0);
	wait_for_child();
	enter(EXECVE, POINTER("/bin/true"), POINTER(argv), POINTER(envp), 0, 0, 0);
}
