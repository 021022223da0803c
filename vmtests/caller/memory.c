/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is writable and executable, by each mmap() of i386 and by mprotect(), and a file that
 * is written from a vector. */
#include "caller.h"

#define MMAP 90
#define MPROTECT 125
#define WRITEV 146
#define MEMFD_CREATE 356
#define MMAP2 192
#define READ_WRITE 3
#define READ_WRITE_EXECUTE 7
#define PRIVATE_ANONYMOUS 0x22

void _start(void)
{
	k_ulong arguments[] = {0, 4096, READ_WRITE_EXECUTE, PRIVATE_ANONYMOUS, -1, 0};
	k_long at = enter(MMAP, POINTER(arguments), 0, 0, 0, 0, 0);
	enter(MMAP2, 0, 8192, READ_WRITE_EXECUTE, PRIVATE_ANONYMOUS, -1, 0);
	arguments[2] = READ_WRITE;
	at = enter(MMAP, POINTER(arguments), 0, 0, 0, 0, 0);
	enter(MPROTECT, at, 4096, READ_WRITE_EXECUTE, 0, 0, 0);
	k_ulong vector[] = {POINTER("first"), 5, POINTER("second"), 6};
	enter(WRITEV, enter(MEMFD_CREATE, POINTER("file"), 0, 0, 0, 0, 0), POINTER(vector), 2, 0, 0,
	      0);
	enter(EXIT, 0, 0, 0, 0, 0, 0);
}
