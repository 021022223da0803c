// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The programs of the tracer, one header for each family of events. A header is inlined where it is
 * included first: not in a block of preprocessor lines that others do not share. */
#include "lib/kernel.h"
#include "state/container_life.h"
#include "events/exec.h"
#include "events/sched.h"
#include "match/fields.h"
#if defined(EVENT_PACKET) || defined(SYSCALL_ENDS)
#include "lib/descriptors.h"
#endif
#if defined(DECLARED_EVENTS) || defined(EVERY_SYSCALL)
#include "events/hook_event.h"
#endif
#ifdef DECLARED_EVENTS
#include "events/declared.h"
#endif
#ifdef PROBES
#include "events/probes.h"
#endif
#ifdef EVENT_MAGIC_WRITE
#include "events/magic_write.h"
#endif
#ifdef EVENT_MEM_PROT_ALERT
#include "events/memory_alerts.h"
#endif
#ifdef EVENT_SHARED_OBJECT_LOADED
#include "events/shared_objects.h"
#endif
#ifdef EVERY_SYSCALL
#include "events/every_syscall.h"
#endif
#ifdef EVENT_PACKET
#include "events/packets.h"
#endif
#ifdef SYSCALL_EVENTS
#include "events/syscall_entry.h"
#endif
