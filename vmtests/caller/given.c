// SPDX-License-Identifier: Apache-2.0
/* Makes syscalls whose arguments in memory change before they return.
 *
 * Usage: given MODE DIRECTORY [COUNT]. Files are below the directory, which is removed by the
 * caller. All memory has low addresses, for the 32-bit syscalls of this 64-bit program. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PAUSE_US 100000
#define PAGE 4096

static char text[2 * PAGE], other[PAGE], fifo[200];
static struct sockaddr_un address;

static char *below(char *to, const char *directory, const char *name)
{
	sprintf(to, "%s/%s", directory, name);
	return to;
}

/* The result of a syscall overwrites its arguments. */
static void overlap(const char *directory)
{
	symlink("/innocent", below(other, directory, "link"));
	strcpy(text, other);
	syscall(SYS_readlink, text, text, 64L);
	memset(text, 0, sizeof(text));
	strcpy(text, other);
	syscall(SYS_readlinkat, AT_FDCWD, text, text, 64L);
	strcpy(text, "/etc/shadow");
	syscall(SYS_stat, text, text);
	strcpy(text, "/etc/shadow");
	syscall(SYS_newfstatat, AT_FDCWD, text, text, 0L);
	strcpy(text, "/etc/shadow");
	syscall(SYS_statfs, text, text);
	strcpy(text, "/etc/shadow");
	syscall(SYS_statx, AT_FDCWD, text, 0L, 0x7ffL, text);
}

/* Two arguments, of which one or both are overwritten. */
static void two(const char *directory)
{
	char value[300], *name = text + 256;
	int file = open(below(other, directory, "file"), O_CREAT | O_RDWR, 0600);
	memset(value, 'v', sizeof(value));
	setxattr(other, "trusted.given", value, sizeof(value), 0);
	strcpy(name, "trusted.given");
	strcpy(text, other);
	syscall(SYS_getxattr, text, name, text, sizeof(value));
	strcpy(name, "trusted.given");
	strcpy(text, other);
	syscall(SYS_getxattr, text, name, name, sizeof(value));
	strcpy(name, "trusted.given");
	syscall(SYS_getxattr, text, name, other, sizeof(value));
	close(file);
}

/* A long path, of which the last character changes. */
static void longest(const char *directory)
{
	char *name = text + sprintf(text, "%s", directory);
	while (name - text < 3000)
		name = stpcpy(name, "/.");
	symlink("x", below(other, directory, "link"));
	strcpy(name, "/link");
	syscall(SYS_readlink, text, name + 4, 1L);
	strcpy(name, "/link");
	syscall(SYS_readlink, text, other, 1L);
}

enum change { REWRITE, UNMAP, REWRITE_ADDRESS, INTERRUPT, REWRITE_HOW };
static enum change change;
static char *changed;
static pthread_t first_thread, changing_thread;
static int state; /* /proc/PID/syscall */

/* Wait until the first thread sleeps in a syscall, however slow the machine is. */
static void wait_until_blocked(int number)
{
	char line[200] = "";
	do
		usleep(1000);
	while (pread(state, line, sizeof(line) - 1, 0) <= 0 || atoi(line) != number);
}

static void *change_later(void *unused)
{
	wait_until_blocked(change == REWRITE_ADDRESS ? SYS_connect
			   : change == REWRITE_HOW   ? SYS_openat2
						     : SYS_openat);
	if (change == REWRITE)
		strcpy(changed, "/tmp/innocent");
	else if (change == UNMAP)
		munmap(changed, PAGE);
	else if (change == INTERRUPT)
		pthread_kill(first_thread, SIGALRM);
	else if (change == REWRITE_HOW)
		((struct open_how *)changed)->resolve = RESOLVE_BENEATH;
	else
		strcpy(address.sun_path, "/innocent");
	if (change == INTERRUPT)
		usleep(PAUSE_US); /* for the handler */
	if (change != REWRITE_ADDRESS)
		open(fifo, O_WRONLY); /* the other end */
	return unused;
}

/* Start the thread that changes what `memory` holds while the first one is blocked. */
static void start_change(enum change how, char *memory)
{
	change = how;
	changed = memory;
	first_thread = pthread_self();
	pthread_create(&changing_thread, NULL, change_later, NULL);
}

static void blocked(enum change how)
{
	char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(memory, fifo);
	start_change(how, memory);
	syscall(SYS_openat, AT_FDCWD, memory, O_RDONLY, 0);
	pthread_join(changing_thread, NULL);
}

/* openat2() waits while another thread rewrites how the path is resolved. */
static void blocked_how(void)
{
	static struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_NO_MAGICLINKS};
	start_change(REWRITE_HOW, (char *)&how);
	syscall(SYS_openat2, AT_FDCWD, fifo, &how, sizeof(how));
	pthread_join(changing_thread, NULL);
	syscall(SYS_openat2, AT_FDCWD, fifo, &how, 8); /* shorter than any version */
}

static void blocked_connect(const char *directory)
{
	struct timeval limit = {.tv_sec = 1};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	address.sun_family = AF_UNIX;
	below(address.sun_path, directory, "socket");
	bind(listener, (void *)&address, sizeof(address));
	listen(listener, 0);
	connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, sizeof(address));
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	start_change(REWRITE_ADDRESS, NULL);
	connect(client, (void *)&address, sizeof(address));
}

static void on_alarm(int number)
{
	access("/handler", number);
}

/* A blocked syscall is interrupted by a handler, which makes others, and begins again. */
static void interrupted(void)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &action, NULL);
	start_change(INTERRUPT, NULL);
	strcpy(text, fifo);
	syscall(SYS_openat, AT_FDCWD, text, O_RDONLY, 0);
	pthread_join(changing_thread, NULL);
}

/* The page of the path is not in memory at the entry. */
static void absent(const char *directory)
{
	int file = open(below(other, directory, "page"), O_CREAT | O_RDWR, 0600);
	write(file, "/absent", 8);
	ftruncate(file, PAGE);
	char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	syscall(SYS_openat, AT_FDCWD, memory, O_RDONLY, 0);
}

/* Children that are killed in a syscall. */
static void killed(int count)
{
	for (int i = 0; i < count; i++) {
		int child = fork();
		if (!child) {
			syscall(SYS_openat, AT_FDCWD, fifo, O_RDONLY, 0);
			_exit(0);
		}
		usleep(500);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	strcpy(text, "/etc/shadow");
	syscall(SYS_stat, text, text);
}

static void *open_fifo(void *unused)
{
	syscall(SYS_openat, AT_FDCWD, fifo, O_RDONLY, 0);
	return unused;
}

/* Many threads in a syscall at one time. */
static void many(int count)
{
	pthread_attr_t attributes;
	pthread_t thread;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	for (int i = 0; i < count; i++)
		pthread_create(&thread, &attributes, open_fifo, NULL);
	usleep(5 * PAUSE_US);
	strcpy(text, "/etc/shadow");
	syscall(SYS_stat, text, text);
	kill(getpid(), SIGKILL);
}

static int faults;

/* Rewrite the argument, then provide the page that the exec waits for. */
static void *answer_fault(void *page)
{
	struct uffd_msg message;
	read(faults, &message, sizeof(message));
	strcpy(changed, "innocent");
	struct uffdio_copy copy = {.dst = (long)page, .src = (long)other, .len = PAGE};
	ioctl(faults, UFFDIO_COPY, &copy);
	return NULL;
}

/* An exec that fails after a thread changed its second argument. */
static void failed_exec(const char *directory)
{
	pthread_t thread;
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *argv[] = {"first", strcpy(text + PAGE, "second"), NULL}, *envp[] = {page, NULL};
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.range = {(long)page, PAGE},
					.mode = UFFDIO_REGISTER_MODE_MISSING};
	int file = open(below(text, directory, "program"), O_CREAT | O_WRONLY, 0700);
	write(file, "?", 1);
	close(file);
	faults = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (faults < 0 || ioctl(faults, UFFDIO_API, &api) || ioctl(faults, UFFDIO_REGISTER, &range))
		exit(77);
	changed = argv[1];
	pthread_create(&thread, NULL, answer_fault, page);
	syscall(SYS_execve, text, argv, envp);
}

/* readlink() of 32-bit programs. */
static void compat(const char *directory)
{
	long result;
	symlink("/innocent", below(other, directory, "link"));
	strcpy(text, other);
	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(85), "b"(text), "c"(text), "d"(64)
		     : "memory");
}

int main(int count, char **arguments)
{
	const char *mode = arguments[1], *directory = arguments[2];
	int number = count > 3 ? atoi(arguments[3]) : 0;
	state = open("/proc/self/syscall", O_RDONLY);
	prctl(PR_SET_NAME, "given"); /* tests filter by this: not the events of the start */
	mkfifo(below(fifo, directory, "fifo"), 0600);
	if (!strcmp(mode, "overlap"))
		overlap(directory);
	else if (!strcmp(mode, "two"))
		two(directory);
	else if (!strcmp(mode, "longest"))
		longest(directory);
	else if (!strcmp(mode, "rewrite"))
		blocked(REWRITE);
	else if (!strcmp(mode, "unmap"))
		blocked(UNMAP);
	else if (!strcmp(mode, "how"))
		blocked_how();
	else if (!strcmp(mode, "connect"))
		blocked_connect(directory);
	else if (!strcmp(mode, "interrupted"))
		interrupted();
	else if (!strcmp(mode, "absent"))
		absent(directory);
	else if (!strcmp(mode, "killed"))
		killed(number);
	else if (!strcmp(mode, "many"))
		many(number);
	else if (!strcmp(mode, "exec"))
		failed_exec(directory);
	else if (!strcmp(mode, "compat"))
		compat(directory);
	return 0;
}
