/* The tracer's programs: one header for each family of events. */
#include "families.h"
#include "inode.h"
#include "container_life.h"
#include "exec.h"
#include "sched.h"
#if defined(FUNCTION_EVENTS) || defined(CGROUP_EVENTS)
#include "hooks.h"
#endif
#ifdef CGROUP_EVENTS
#include "cgroup_events.h"
#endif
#ifdef FUNCTION_EVENTS
#include "security.h"
#endif
#ifdef EVENT_PACKET
#include "packets.h"
#endif
#ifdef SYSCALL_EVENTS
#include "syscalls.h"
#endif
