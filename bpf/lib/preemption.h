/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Programs that use per-CPU scratch space run without preemption.
 *
 * Since Linux v6.19 raw tracepoints leave preemption on (see tracee_ref/kernel/attach/), as do
 * functions with preemptible RCU: another program would overwrite the scratch space. The kfuncs
 * that disable it exist since Linux v6.10, fc7566ad0a82 ("bpf: Introduce
 * bpf_preempt_[disable,enable] kfuncs"). The numbers stand for them:
 * tracee_ref/kernel/build/program.py replaces the calls. */
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
