/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Events of kernel functions, by their subject. */
#pragma once
#include "events/magic_write.h"
#include "events/memory_alerts.h"
#include "events/security/bpf.h"
#include "events/security/entries.h"
#include "events/security/files.h"
#include "events/security/memory.h"
#ifdef SOCKET_EVENTS
#include "events/security/sockets.h"
#endif
