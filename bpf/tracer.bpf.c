/* The tracer's programs: one header for each family of events. */
#include "container_life.h"
#include "exec.h"
#include "sched.h"
#ifdef FUNCTION_EVENTS
#include "security.h"
#endif
#ifdef SYSCALL_EVENTS
#include "syscalls.h"
#endif
