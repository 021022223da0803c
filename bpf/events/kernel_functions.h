/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Events of functions that are no LSM hooks. */
#pragma once
#include "events/hook_event.h"

#ifdef EVENT_DO_EXIT
HOOK(on_do_exit, EVENT_DO_EXIT)

int put_do_exit(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (record)
		submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_CAP_CAPABLE
HOOK(on_cap_capable, EVENT_CAP_CAPABLE)

int put_cap_capable(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	record->sent.slots[CAP_CAPABLE_CAP] = function_argument(ctx, 2);
	submit_hook(record);
	return 0;
}
#endif
