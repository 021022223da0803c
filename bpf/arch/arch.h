/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What depends on the machine: registers, 32-bit syscalls, syscall numbers, the stack. ARM64 is
 * defined if the BTF of the kernel has its registers (tracee_ref/kernel/build/structures.py). */
#pragma once
#include "arch/syscall_nr.h"
#include "lib/task.h"

#ifdef ARM64
#include "arch/arm64.h"
#else
#include "arch/x86.h"
#endif
