// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The programs of the tracer, one header for each family of events. */
#include "lib/kernel.h"
#include "state/container_life.h"
#include "events/exec.h"
#include "events/sched.h"
#if defined(FUNCTION_EVENTS) || defined(CGROUP_EVENTS) || defined(EVENT_SOCKET_DUP) ||             \
	defined(EVENT_TASK_RENAME) || defined(EVENT_SCHED_SWITCH) || defined(EVERY_SYSCALL)
#include "events/hook_event.h"
#endif
#ifdef PROBES
#include "events/probes.h"
#endif
#if defined(EVENT_PACKET) || defined(EVENT_SOCKET_DUP)
#include "lib/descriptors.h"
#endif
#if defined(SOCKET_EVENTS) || defined(EVENT_SOCKET_DUP)
#include "events/socket_address.h"
#endif
#ifdef CGROUP_EVENTS
#include "events/cgroup_events.h"
#endif
#ifdef EVENT_TASK_RENAME
#include "events/task_rename.h"
#endif
#ifdef EVENT_SCHED_SWITCH
#include "events/sched_switch.h"
#endif
#ifdef EVERY_SYSCALL
#include "events/every_syscall.h"
#endif
#ifdef FUNCTION_EVENTS
#include "events/kernel_functions.h"
#include "events/security.h"
#endif
#ifdef EVENT_SOCKET_DUP
#include "events/socket_dup.h"
#endif
#ifdef EVENT_PACKET
#include "events/packets.h"
#endif
#ifdef SYSCALL_EVENTS
#include "events/syscall_entry.h"
#endif
