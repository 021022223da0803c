/* The events of kernel functions, by what these are about. */
#pragma once
#include "magic_write.h"
#include "memory_alerts.h"
#include "security_bpf.h"
#include "security_entries.h"
#include "security_files.h"
#include "security_memory.h"
#ifdef SOCKET_EVENTS
#include "security_sockets.h"
#endif
