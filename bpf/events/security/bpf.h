/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* LSM hooks of BPF. */
#pragma once
#include "events/hook_event.h"

#ifdef EVENT_SECURITY_BPF
HOOK(on_security_bpf, EVENT_SECURITY_BPF)

int put_security_bpf(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	record->sent.slots[SECURITY_BPF_CMD] = function_argument(ctx, 0);
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_BPF_MAP
HOOK(on_security_bpf_map, EVENT_SECURITY_BPF_MAP)

int put_security_bpf_map(struct pt_regs *ctx)
{
	struct bpf_map *map = (struct bpf_map *)function_argument(ctx, 0);
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	record->sent.slots[SECURITY_BPF_MAP_MAP_ID] = READ(map, id);
	set_string(record, SECURITY_BPF_MAP_MAP_NAME, put_kernel_string(record, map->name));
	submit_hook(record);
	return 0;
}
#endif
