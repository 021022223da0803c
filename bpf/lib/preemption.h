/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Programs run from their beginning to their end, whatever else wants the CPU.
 *
 * Since 6.19 raw tracepoints leave preemption on (see tracee_ref/kernel/attach/preemption.py), as
 * functions do where the scheduler is told so, and other programs would find the scratch space
 * of the CPU in use. The functions that switch it off are
 * there since 6.10 (fc7566ad0a82); tracee_ref/kernel/build/program.py puts the real calls in the place
 * of these numbers, which are no helper's. */
#pragma once

#if defined(PREEMPTIBLE) && defined(PREEMPT_DISABLE_CALL)
static void (*disable_preemption)(void) = (void *)PREEMPT_DISABLE_CALL;
static void (*enable_preemption)(void) = (void *)PREEMPT_ENABLE_CALL;
#else
static __always_inline void disable_preemption(void)
{
}
static __always_inline void enable_preemption(void)
{
}
#endif
