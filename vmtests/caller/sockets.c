/* SPDX-License-Identifier: Apache-2.0 */
/* A connection by socketcall(), as the C library of i386 made them until 2015, and by the syscalls
 * of its own; and arrays of arguments that cannot be read. */
#include "caller.h"

#define CLOSE 6
#define SOCKETCALL 102
#define SOCKET 359
#define CONNECT 362

static k_long socketcall(k_ulong number, k_ulong a, k_ulong b, k_ulong c)
{
	k_ulong words[] = {a, b, c};
	return enter(SOCKETCALL, number, POINTER(words), 0, 0, 0, 0);
}

void _start(void)
{
	k_long listening, fd;
	struct {
		unsigned short family, port;
		unsigned char address[4], zero[8];
	} name = {2, 0, {127, 0, 0, 1}, {0}};
	k_ulong size = sizeof(name);
	for (fd = 3; fd < 100; fd++) /* so that sockets have known numbers */
		enter(CLOSE, fd, 0, 0, 0, 0, 0);
	listening = socketcall(1, 2, 1, 0);
	socketcall(2, listening, POINTER(&name), sizeof(name)); /* bind */
	socketcall(4, listening, 5, 0);				/* listen */
	socketcall(6, listening, POINTER(&name), POINTER(&size)); /* getsockname */
	fd = socketcall(1, 2, 1, 0);
	socketcall(3, fd, POINTER(&name), sizeof(name)); /* connect */
	socketcall(5, listening, 0, 0);			 /* accept */
	fd = enter(SOCKET, 2, 1, 0, 0, 0, 0);
	enter(CONNECT, fd, POINTER(&name), sizeof(name), 0, 0, 0);
	array[0] = listening; /* getsockname into its own arguments */
	array[1] = POINTER(array);
	array[2] = POINTER(&size);
	enter(SOCKETCALL, 6, POINTER(array), 0, 0, 0, 0);
	enter(SOCKETCALL, 3, 16, 0, 0, 0, 0);  /* no array there */
	enter(SOCKETCALL, 99, 16, 0, 0, 0, 0); /* no such syscall */
	enter(897, 3, 16, 0, 0, 0, 0);	       /* neither; an index of the tracer's tables */
	enter(EXIT, 0, 0, 0, 0, 0, 0);
}
