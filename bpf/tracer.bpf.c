/* The tracer's programs: one header for each family of events. */
#include "families.h"
#include "inode.h"
#include "container_life.h"
#include "exec.h"
#include "sched.h"
#if defined(FUNCTION_EVENTS) || defined(CGROUP_EVENTS) || defined(EVENT_SOCKET_DUP) ||             \
	defined(EVENT_TASK_RENAME)
#include "hooks.h"
#endif
#if defined(EVENT_PACKET) || defined(EVENT_SOCKET_DUP)
#include "descriptors.h"
#endif
#if defined(SOCKET_EVENTS) || defined(EVENT_SOCKET_DUP)
#include "socket_address.h"
#endif
#ifdef CGROUP_EVENTS
#include "cgroup_events.h"
#endif
#ifdef EVENT_TASK_RENAME
#include "task_rename.h"
#endif
#ifdef FUNCTION_EVENTS
#include "kernel_functions.h"
#include "security.h"
#endif
#ifdef EVENT_SOCKET_DUP
#include "socket_dup.h"
#endif
#ifdef EVENT_PACKET
#include "packets.h"
#endif
#ifdef SYSCALL_EVENTS
#include "syscalls.h"
#endif
