/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* All that depends on the machine is in one header for each: registers, 32-bit calls, the numbers
 * of calls, the stack. ARM64 is set from the kernel's own types (kernel/structures.py). */
#pragma once
#include "lib/task.h"

#ifdef ARM64
#include "arch/arm64.h"
#else
#include "arch/x86.h"
#endif
