# SPDX-License-Identifier: Apache-2.0
"""List of seeded faults, with the tests that should catch each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A string that occurs once in a file, and its broken replacement."""

    name: str
    file: str
    good: str
    bad: str
    tests: tuple[str, ...]


DECISIONS = ("vmtests/test_decisions.py",)
CALLS = ("vmtests/test_calls.py",)
GIVEN = ("vmtests/test_given_arguments.py",)
EXEC_CALLS = ("vmtests/test_exec_calls.py",)
CALL_HOOKS = ("vmtests/test_call_hooks.py",)
EVERY_SYSCALL = ("vmtests/test_every_syscall.py",)
SCHED_SWITCH = ("vmtests/test_sched_switch.py",)
SYMBOL_UNITS = ("tests/symbols",)
FLOWS = ("vmtests/test_flows.py",)
FLOW_UNITS = ("tests/packets/test_flows.py",)
COMPAT_CALLS = ("vmtests/test_compat_calls.py",)
LIFE = ("vmtests/test_process_life.py",)
LINES = ("tests/output/test_fast_lines.py",)
TABLES = ("tests/output/test_table.py",)
STRINGS = ("tests/test_strings.py",)
CONTRADICTIONS = ("tests/filters/test_contradictions.py",)
RECORDS = ("tests/decode/test_records.py",)
PLANS = ("vmtests/test_live_plans.py::test_plans_everything",)
SESSIONS = ("vmtests/test_sessions.py",)
SIGNALS = ("vmtests/test_signals.py",)
EXHAUSTED = ("vmtests/test_exhausted.py",)
WRITERS = ("tests/output/test_writer.py",)
CGROUPS = ("vmtests/test_cgroup_names.py",)
TRACEE_BUGS = ("vmtests/test_tracee_bugs.py",)
PID_REUSE = ("vmtests/test_pid_reuse.py",)
PRIVILEGES = ("tests/test_privileges.py",)
CLOCKS = ("vmtests/test_clocks.py", "tests/test_clocks.py")
FAIR = ("vmtests/test_fair_scopes.py",)
SHARES = ("vmtests/test_shares.py",)
EVENT_CODE = ("tests/kernel/test_event_code.py",)
CGROUP_EVENTS = ("vmtests/test_cgroup_events.py",)
PROBE_FLAGS = ("tests/filters/test_probes.py",)
USER_PROBES = ("vmtests/test_user_probes.py",)
TRACEPOINTS = ("vmtests/test_tracepoint_events.py",)

PACKETS = ("vmtests/test_packets.py",)
PACKET_MESSAGES = ("vmtests/test_packet_messages.py",)
DNS_UNITS = ("tests/packets/test_dns.py",)
STREAM_UNITS = ("tests/packets/test_streams.py",)
HTTP_UNITS = ("tests/packets/test_http_framing.py",)
SIGNATURES = ("vmtests/test_signatures.py",)
SIGNATURE_UNITS = ("tests/signatures/test_signatures.py",)

FIELD_FILTERS = ("tests/test_field_filters.py",)
FIELD_TABLE_TESTS = ("tests/tables/test_fields.py",)
KERNEL_FIELDS = ("vmtests/test_kernel_fields.py",)

HOOKS = "tracee_ref/events/data/hooks.json"
ROOTS = "tracee_ref/kernel/build/event_roots.py"
VALUE_READS = "tracee_ref/kernel/build/value_reads.py"
FIELD_TABLES = "tracee_ref/tables/fields.py"
SOCKETS = "bpf/state/socket_owners.h"
PACKET_PROGRAMS = "bpf/events/packets.h"
MATCHER = "bpf/match/filters.h"
BOUNDS = "bpf/match/numbers.h"
VALUES = "bpf/match/values.h"
RECORD_CODE = "tracee_ref/kernel/probes/record_code.py"
VERDICT = "bpf/match/filters.h"
INTERVALS = "tracee_ref/tables/intervals.py"
PATTERNS = "tracee_ref/tables/patterns.py"

FAULTS = (
    # The matcher.
    Fault("pid-ignores-thread-equal", BOUNDS, "equal |= chunk->equal[at];", ";", DECISIONS),
    Fault("pid-ignores-thread-distinct", BOUNDS, "rest &= chunk->distinct[at];", ";", DECISIONS),
    Fault("interval-off-by-one", BOUNDS, "((u64)value + 1)", "(u64)value", DECISIONS),
    Fault("binary-only-in-namespace", MATCHER, "binary->mntns = 0;", ";", DECISIONS),
    Fault("binary-not-excluded", MATCHER, "merge_masks(&all, exact);\n\tbinary", ";\n\tbinary", DECISIONS),
    Fault("tracer-matches", MATCHER, "facts->pid == tracer_pid() ? 0 : mask", "mask", DECISIONS),
    Fault("nothing-excluded", VERDICT, "all->equal & ~all->excluded", "all->equal", DECISIONS),
    Fault("otherwise-none", VALUES, "{.equal = without_equal};\n\tmerge_value(&all, kind, name", "{};\n\tmerge_value(&all, kind, name", DECISIONS),
    Fault("second-slot-forgotten", VALUES, "hash << VALUE_BITS >>", "hash >>", DECISIONS),
    Fault("new-not-excluded", BOUNDS, "rest &= ~(new & NEW_EXCLUDED);", ";", DECISIONS),
    Fault("single-thread-ignored", VALUES, "tid != pid", "0", DECISIONS),
    Fault("single-new-not-excluded", VALUES, "all.excluded |= new & NEW_EXCLUDED;", ";", DECISIONS),
    Fault("tree-narrows", MATCHER, "mask &= facts->tree_accepts;", ";", DECISIONS),
    Fault("followed-not-selected", MATCHER, "mask |= facts->followed;", ";", DECISIONS),
    Fault("namespaces-mixed-up", MATCHER, "accept_number(VALUE_PIDNS, facts->pidns",
          "accept_number(VALUE_PIDNS, facts->mntns", DECISIONS),
    Fault("uts-reads-comm", MATCHER, "accept_pattern(NAME_UTS, UTS_ROW, facts->uts", "accept_pattern(NAME_UTS, UTS_ROW, facts->comm", DECISIONS),
    Fault("uid-widens", MATCHER, "mask &= accept_uid", "mask |= accept_uid", DECISIONS),
    # State of processes.
    Fault("pid-is-the-process", "bpf/state/processes.h", "start_time << PID_BITS & later", "1ULL << PID_BITS & later", PID_REUSE),
    # Execs and names of cgroups.
    Fault("exec-names-itself", "bpf/state/exec_entries.h", "header->syscall = (u32)entry->syscall;", ";",
          ("vmtests/test_exec_syscall.py",)),
    Fault("runtime-not-in-name", "bpf/state/container_life.h", "return !(first | second) CONTAINER_NAME_FORMS(IS_FORM);",
          "return !(first | second);", CGROUPS),
    # Files and caches of containers.
    Fault("runtime-fifo-opened", "tracee_ref/containers/json_files.py", "os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW", "os.O_RDONLY",
          ("tests/containers/test_runtimes.py",)),
    Fault("descriptions-without-limit", "tracee_ref/containers/runtimes.py", "if len(self._entries) > self._limit:", "if False:",
          ("tests/containers/test_runtimes.py",)),
    # Privileges.
    Fault("missing-capability-unnamed", "tracee_ref/kernel/capabilities.py", "if c not in owned", "if c in owned", PRIVILEGES),
    Fault("hidden-processes-in-silence", "tracee_ref/privileges.py", "found = hidden is not None and", "found = False and", PRIVILEGES),
    Fault("lockdown-unnamed", "tracee_ref/kernel/build/refusal.py", "if READ_HELPER in reason", "if not reason", PRIVILEGES),
    # The clocks.
    Fault("time-namespace-ignored", "tracee_ref/clocks.py", "- (namespace_offset() or 0)", "", CLOCKS),
    Fault("clock-set-unnoticed", "tracee_ref/clocks.py", "return changed", "return False", CLOCKS),
    # Packets and their owners.
    Fault("socket-stays-with-its-creator", SOCKETS, "set_socket_owner(fd);", ";", PACKETS),
    Fault("accepted-socket-without-owner", SOCKETS, "set_socket_owner(retval);", ";", PACKETS),
    Fault("connecting-socket-without-owner", PACKET_PROGRAMS, "pending_connections.update(&name, &inode);", ";", PACKETS),
    Fault("closed-socket-without-owner", PACKET_PROGRAMS, "socket_inodes.update(&cookie, &inode);", ";", PACKETS),
    Fault("packet-for-all-scopes", PACKET_PROGRAMS, "*selected & owner->mask", "*selected", PACKETS),
    Fault("payload-never-copied", PACKET_PROGRAMS, "u32 bytes = copied_bytes(skb, sock, packet, mask);", "u32 bytes = 0;", PACKETS),
    Fault("start-of-packet-alone-copied", PACKET_PROGRAMS, "else if (bytes <= PACKET_SMALL)", "else if (1)", PACKET_MESSAGES),
    Fault("bodies-copied-at-any-cost", PACKET_PROGRAMS, "begun || !is_filling()", "true", PACKET_MESSAGES),
    Fault("later-fragment-has-ports", PACKET_PROGRAMS, "packet->transport < 20 || fragment & bpf_htons(0x1fff)", "packet->transport < 20", PACKETS),
    Fault("extension-headers-not-skipped", PACKET_PROGRAMS, "packet->transport += size;", ";", PACKET_MESSAGES),
    Fault("authentication-header-not-skipped", PACKET_PROGRAMS, "if (type == AUTHENTICATION)", "if (packet->network == IPV6_HEADER && type == AUTHENTICATION)", ("vmtests/test_packet_headers.py",)),
    Fault("interface-of-another-namespace", PACKET_PROGRAMS, "read_kernel(name, INTERFACE_NAME, device->name);", "name[0] = 0x6f6c;", PACKET_MESSAGES),
    Fault("stream-of-the-listening-socket", PACKET_PROGRAMS, "fill_connection(skb, sock, packet, &stream);", "__builtin_memset(&stream, 0, sizeof(stream)); stream.net = bpf_get_socket_cookie(skb);", PACKET_MESSAGES),
    Fault("method-in-pieces-not-http", PACKET_PROGRAMS, "return i ? MAYBE_HTTP_BYTES : 0;", "return 0;", PACKET_MESSAGES),
    # Messages of packets, and what reading them costs.
    Fault("names-decoded-again", "tracee_ref/packets/dns_names.py", "self._names[offset] = name", "pass", DNS_UNITS),
    Fault("removed-records-in-hex", "tracee_ref/packets/dns_data.py", "if class_ in OF_UPDATES:", "if False:", DNS_UNITS),
    Fault("text-without-limit", "tracee_ref/packets/dns.py", "self._text += characters + FIELDS_TEXT", "self._text += 0", DNS_UNITS),
    Fault("derivation-never-waits", "tracee_ref/pipeline.py", "(self.backlog or self.is_filling())", "False", ("tests/test_pipeline.py",)),
    Fault("packets-read-first", "tracee_ref/kernel/ring.py", "len(records) < limit or", "True or", ("tests/kernel/test_ring.py",)),
    Fault("backlog-drops-of-anybody", "tracee_ref/derivation/backlog.py", "max(self._sizes, key=self._sizes.__getitem__)", "min(self._sizes)", ("tests/derivation/test_backlog.py",)),
    Fault("message-before-its-end", "tracee_ref/packets/dns_stream.py", "if end > len(buffer):", "if start > len(buffer):", STREAM_UNITS),
    Fault("retransmission-again", "tracee_ref/packets/streams.py", "yield Piece(data[passed:], size - passed)", "yield Piece(data, size)", STREAM_UNITS),
    Fault("acknowledgment-trusted", "tracee_ref/packets/streams.py", "while self._waiting and self._waiting[0][0] <= self._position_of(number)", "while self._position < self._position_of(number)", STREAM_UNITS),
    Fault("message-after-a-long-head-lost", "tracee_ref/packets/http_stream.py", "self._go(HttpState.LONG_HEAD)", "self._go(HttpState.UNKNOWN)", HTTP_UNITS),
    Fault("unseen-messages-silent", "tracee_ref/packets/http_stream.py", "if not cut and self._kind and not silent:", "if False:", HTTP_UNITS),
    Fault("unseen-queries-silent", "tracee_ref/packets/dns_stream.py", "if self._qr is not None and not", "if False and not", STREAM_UNITS),
    Fault("whole-message-unfiltered", "tracee_ref/field_filters.py", "if value is None and optional:", "if False:", ("tests/packets/test_incomplete.py",)),
    Fault("hosts-of-headers-lost", "tracee_ref/packets/http.py", "if len(hosts) == 1:", "if True:", ("tests/packets/test_http.py",)),
    # Derived events.
    Fault("base-printed-for-all", "tracee_ref/derivation/stage.py", "base.matched_scopes &= self._selected.get(base.event_name, 0)",
          "pass", TRACEE_BUGS),
    Fault("base-filtered-for-all", "tracee_ref/derivation/graph.py", "key.event in selected and key.event not in bases",
          "key.event in selected", TRACEE_BUGS),
    # Declared events.
    Fault("one-register-for-two", ROOTS, "2 if aggregate and size > REGISTER_BYTES else 1", "1", EVENT_CODE),
    Fault("register-not-truncated", VALUE_READS, "if self._btf.size_of(type_) >= width:", "if width:", EVENT_CODE),
    Fault("bit-field-not-shifted", VALUE_READS, "shift = field.offset % BITS", "shift = 0", EVENT_CODE),
    Fault("last-alternative-read", "tracee_ref/kernel/build/event_code.py", "for source in argument.sources:", "for source in argument.sources[::-1]:", EVENT_CODE),
    Fault("element-beyond-array", VALUE_READS, "if count and index >= count:", "if False:", EVENT_CODE),
    Fault("changed-function-hooked", "tracee_ref/kernel/attach/kprobe_targets.py", "if symbols and not is_symbol(symbols, function):", "if False:", ("tests/kernel/test_kprobe_targets.py",)),
    # Containers.
    Fault("cgroup-without-number", HOOKS, '"name": "cgroup_mkdir", "id": 727, "sets": [], "hook": "raw_tracepoint", "atomic": true, "arguments": [\n  {"name": "cgroup_id", "type": "u64", "from": "cgrp.kn.id"}',
          '"name": "cgroup_mkdir", "id": 727, "sets": [], "hook": "raw_tracepoint", "atomic": true, "arguments": [\n  {"name": "cgroup_id", "type": "u64", "from": "cgrp.root.hierarchy_id"}', CGROUP_EVENTS),
    Fault("parent-for-moved", HOOKS, '"from": "task.pid"', '"from": "task.real_parent.pid"', CGROUP_EVENTS),
    Fault("created-in-every-hierarchy", "tracee_ref/derivation/containers.py",
          'args["hierarchy_id"] != own_hierarchy_number()', "False", ("tests/derivation/test_containers.py",)),
    Fault("youngest-process-first", "tracee_ref/procfs.py", "in sorted((int(ticks)", "in sorted((-int(ticks)", CGROUP_EVENTS),
    Fault("containers-ignored", MATCHER, "mask &= facts->container_accepts;", ";", DECISIONS),
    Fault("new-containers-are-old", "bpf/match/containers.h", "started_after_trace ? masks->after_trace : masks->before_trace",
          "masks->before_trace", DECISIONS),
    Fault("whole-ids-only", "tracee_ref/kernel/maps/layouts.py", "pack(4 * len(prefix),",
          "pack(4 * ID_DIGITS,", DECISIONS),
    Fault("shorter-prefix-forgotten", "tracee_ref/tables/containers.py",
          "masks[shorter[-1]] if shorter else (ALL_SCOPES, ALL_SCOPES)", "(ALL_SCOPES, ALL_SCOPES)",
          ("tests/tables/test_containers.py",)),
    Fault("any-suffix-of-an-id", "bpf/state/container_life.h", "word_at(&name->text[end - 8]) >> 16 == word_at(\".scope\\0\") << 16 >> 16", "true",
          CGROUPS),
    Fault("cgroups-below-are-outside", "bpf/state/container_life.h", "container = *parent;", "return 0;",
          CGROUPS),
    Fault("old-cgroups-below-are-outside", "tracee_ref/containers/cgroups.py",
          "walk(Path(child.path), add, container)", "walk(Path(child.path), add, None)",
          ("tests/containers/test_cgroups.py",)),
    Fault("container-not-in-record", "bpf/lib/records.h", "copy_container_id(header->container", "(void)(header->container",
          CGROUPS),
    Fault("container-of-another-cgroup", "bpf/state/cgroups.h", "if (last->cgroup == cgroup)",
          "if (last->cgroup)", CGROUPS),
    Fault("containers-found-too-early", "bpf/state/cgroups.h", "started ? cgroup : 0", "cgroup", CGROUPS),
    # The tables.
    Fault("bounds-end-missing", INTERVALS,
          "return [value, value + 1] if value + 1 < U32_COUNT else [value]", "return [value]", DECISIONS),
    Fault("order-without-limits", INTERVALS, "return op not in (Op.EQ, Op.NE)",
          "return op in (Op.LT, Op.GT)", DECISIONS),
    Fault("suffix-not-anchored", PATTERNS, 'b"" if pattern.open_end else bytes([END_SYMBOL])', 'b""',
          DECISIONS),
    Fault("prefix-not-anchored", PATTERNS, "state = 0 if pattern.open_start else 1", "state = 0",
          DECISIONS),
    Fault("fallback-forgotten", PATTERNS, "self._inherit(child, fallback[child])", "pass", DECISIONS),
    Fault("unfiltered-scopes-accept", "tracee_ref/tables/masks.py", "return ALL_SCOPES - sum(equal)", "return ALL_SCOPES",
          DECISIONS),
    Fault("namespace-dropped", "tracee_ref/tables/compile.py",
          "return value.mntns or ANY_MNTNS, value.path", "return ANY_MNTNS, value.path", DECISIONS),
    Fault("selection-overwritten", "tracee_ref/tables/compile.py",
          "select.get(event, 0) | scope.bit", "scope.bit", DECISIONS),
    # Fork, exec and exit.
    Fault("fork-inherits-nothing", "bpf/state/processes.h", "struct process inherited = *state;",
          "struct process inherited = {};", LIFE),
    Fault("exec-changes-nothing", "bpf/state/processes.h",
          "facts->binary_accepts = accept_executed(path);", ";",
          LIFE),
    Fault("own-calls-reported", "bpf/state/processes.h", "if (process->before_exec)", "if (0)", EXEC_CALLS),
    Fault("seeds-forgotten", "tracee_ref/kernel/tracer.py", "seeder.seed_all()", "pass", LIFE),
    Fault("forks-at-start-forgotten", "tracee_ref/kernel/seed/processes.py", "if not incomplete:", "if True:",
          ("vmtests/test_startup.py",)),
    Fault("exec-reported-twice", "bpf/events/syscalls.h", "if (retval && record) {",
          "if (record) {", EXEC_CALLS),
    Fault("unread-exec-not-read-again", "bpf/events/exec_calls.h", "\t\treread_arguments(record, bprm);",
          "\t\t;", EXEC_CALLS),
    Fault("last-string-not-copied", "tracee_ref/kernel/call_arguments.py", "shapes.rstrip(b",
          "shapes[:-1].rstrip(b", KERNEL_FIELDS),
    Fault("unread-path-is-none", "bpf/events/arguments.h",
          "return record->entered && slot == SLOT_UNREADABLE;", "return false;", EXEC_CALLS),
    Fault("refused-exit-not-hooked", "tracee_ref/kernel/hooks.py",
          "yield Hook(TRACEPOINT, exit_point(call)", "if 'exit' not in call.name: yield Hook(TRACEPOINT, exit_point(call)", CALL_HOOKS),
    Fault("last-thread-inverted", "bpf/events/sched.h", "live_counter) == 0", "live_counter) != 0", LIFE),
    Fault("exit-code-shifted", "bpf/events/sched.h", "READ(task, exit_code);", "READ(task, exit_code) >> 8;",
          LIFE),
    Fault("argv-cut", "bpf/events/exec.h", "READ(mm, arg_start), READ(mm, arg_end)",
          "READ(mm, arg_start), READ(mm, arg_end) - 1", LIFE),
    Fault("wrong-interpreter", "bpf/events/mapped_file.h", "#define AT_BASE 7", "#define AT_BASE 3", LIFE),
    Fault("path-without-slashes", "bpf/lib/path.h", "path->text[start] = '/';",
          "path->text[start] = '_';", LIFE),
    # Caught by plans only: tree, new, followed, namespaces.
    Fault("child-not-in-tree", "bpf/state/processes.h", "merge_tree_masks(&inherited.masks, READ(child, tgid));", ";",
          PLANS),
    Fault("follow-ignores-forks", "bpf/state/processes.h",
          "inherited.followed |= following(match_facts(facts));", ";", PLANS),
    Fault("follow-ignores-execs", "bpf/state/processes.h", "process.followed |= following(mask);", ";", PLANS),
    Fault("no-process-is-new", "bpf/state/processes.h", "facts->started_after_trace = started_after_trace(task);",
          "facts->started_after_trace = false;", PLANS),
    Fault("pidns-of-the-parent", "bpf/state/processes.h", "facts->pidns = pid_namespace(task);",
          "facts->pidns = pid_namespace(READ(task, real_parent));", PLANS),
    Fault("mntns-of-the-parent", "bpf/state/processes.h", "facts->mntns = mount_namespace(task);",
          "facts->mntns = mount_namespace(READ(task, real_parent));", PLANS),
    # The other programs.
    Fault("compat-not-seen", "bpf/arch/x86.h", "return FIELD(task, thread_info_status) & TS_COMPAT;",
          "return false;", CALL_HOOKS),
    Fault("compat-register-of-64-bits", "bpf/arch/x86.h", "compat ? (u32)SAVED(regs, bx)",
          "compat ? SAVED(regs, bx)", ("tests/kernel/test_arch.py",)),
    Fault("compat-pair-swapped", "bpf/events/compat_arguments.h",
          "(u64)words[high] << 32 | words[low]", "(u64)words[low] << 32 | words[high]", COMPAT_CALLS),
    Fault("compat-clone-order", "tracee_ref/decode/compat_arguments.py",
          "parent_tid tls child_tid", "parent_tid child_tid tls", COMPAT_CALLS),
    Fault("compat-pointers-of-8-bytes", "bpf/events/compat_arguments.h", "record->stride = sizeof(u32);", ";",
          COMPAT_CALLS),
    Fault("compat-exec-not-entered", "tracee_ref/kernel/hooks.py", "or (self._compat and bool(self._entries))",
          "", COMPAT_CALLS),
    Fault("subcall-not-reported", "bpf/events/compat_arguments.h", "return_programs.call(ctx, RETURN_AGAIN);", ";", COMPAT_CALLS),
    Fault("subcall-array-not-checked", "bpf/events/compat_arguments.h",
          "record->sent.header.flags |= FLAG_NO_ARGUMENTS;", ";", COMPAT_CALLS),
    Fault("flags-0-without-a-name", "tracee_ref/decode/flag_names.py",
          'OPEN_MODES: Final = ("O_RDONLY",', 'OPEN_MODES: Final = ("",', ("tests/decode/test_flag_names.py",)),
    Fault("fourth-register", "bpf/arch/x86.h", "SAVED(regs, r10)", "SAVED(regs, cx)", CALLS),
    Fault("unreadable-is-null", "bpf/events/arguments.h",
          "if (length <= 0)\n\t\treturn SLOT_UNREADABLE;\n\t*end = at + length - 1;",
          "if (length <= 0)\n\t\treturn SLOT_NULL;\n\t*end = at + length - 1;", CALLS),
    Fault("losses-not-counted", "bpf/lib/records.h", "count_at(level, COUNTER_LOST);", ";", CALLS),
    Fault("parent-is-the-task", "bpf/lib/records.h", "header->ppid = FIELD(parent, tgid);",
          "header->ppid = FIELD(task, tgid);", LIFE),
    # Filters on fields.
    Fault("strings-without-end", FIELD_TABLES, "if pattern.open_end else", "if True else",
          FIELD_TABLE_TESTS),
    Fault("alternatives-in-part", FIELD_TABLES, "equal if all(map(_expressible, equal)) else []",
          "filter(_expressible, equal)", FIELD_TABLE_TESTS),
    Fault("unread-string-passes", "bpf/match/fields.h", "return filtered->absent;",
          "return filtered->otherwise;", KERNEL_FIELDS),
    Fault("unsigned-return-values", "bpf/match/fields.h", "(a | ~b)", "(~a | b)", KERNEL_FIELDS),
    Fault("string-of-another-argument", "bpf/match/fields.h", "node->argument = argument;",
          "node->argument = event * SHAPES_MAX;", KERNEL_FIELDS),
    Fault("filtered-by-string-not-counted", "bpf/events/syscalls.h",
          "\tif (!record->sent.header.mask) {\n\t\tcount(COUNTER_FILTERED);",
          "\tif (!record->sent.header.mask) {", KERNEL_FIELDS),
    Fault("raw-value-forgotten", "tracee_ref/decode/records.py",
          "replace(self._view, symbolic=False) if raw else self._view", "self._view",
          FIELD_FILTERS),
    Fault("one-scope-decides-all", "tracee_ref/field_filters.py", "mask ^= scope.bit", "mask = 0",
          FIELD_FILTERS),
    # Events of kernel functions.
    Fault("flag-in-the-ctime", "bpf/lib/kernel.h", " & CTIME_NSEC)", ")", LIFE),
    Fault("missing-feature-ignored", "tracee_ref/filters/events.py", " and not missing_feature(catalogue[name])", "",
          ("tests/filters/test_events.py",)),
    Fault("hooks-have-fewer-slots", "tracee_ref/decode/records.py", "return HOOK_SLOTS", "return len(event.args)",
          ("tests/events/test_function_events.py",)),
    Fault("dup3-not-reported", "tracee_ref/events/data/hooks.json", '"dup2", "dup3"]', '"dup2"]', SIGNATURES),
    Fault("environments-are-printed", "tracee_ref/derivation/stage.py", "self._hidden = hidden", "self._hidden = {}", SIGNATURE_UNITS),
    Fault("environments-for-all", "tracee_ref/signatures/runner.py",
          " and not self.description.environment", " and False", SIGNATURE_UNITS),
    Fault("findings-lose-types", "tracee_ref/derivation/stage.py", "types.get(name) or ", "",
          SIGNATURE_UNITS),
    # sys_enter and sys_exit.
    Fault("exec-named-by-registers", "bpf/events/every_syscall.h", "*entered = *noted;", ";", EVERY_SYSCALL),
    Fault("subcall-filters-unread", "tracee_ref/kernel/maps/every_syscall.py", "if values[1] in self._multiplexers:", "if False:", (f"{EVERY_SYSCALL[0]}::test_every_syscall_alone_32_bit",)),
    Fault("number-taken-for-subcall", "bpf/events/every_syscall.h", "entered->index = SYSCALLS_MAX;", ";", EVERY_SYSCALL),
    Fault("entry-filtered-as-exit", "tracee_ref/kernel/maps/every_syscall.py", "native.enter, compat.enter, native.exit", "native.exit, compat.enter, native.enter", EVERY_SYSCALL),
    Fault("result-of-exit-unfiltered", "bpf/events/every_syscall.h", "accept_retval(event, retval) & match_facts(facts)", "match_facts(facts)", EVERY_SYSCALL),
    Fault("switch-the-wrong-way", HOOKS, '"next_tid", "type": "int", "from": "next.pid"', '"next_tid", "type": "int", "from": "prev.pid"', SCHED_SWITCH),
    Fault("name-after-the-exec", "bpf/events/exec.h", "return put_exec_string(record, entry->comm);", "return put_exec_string(record, current_task()->comm);", PLANS),
    # TCP connections.
    Fault("attempt-repeated", "tracee_ref/packets/flows.py", "if side and side.sequence == header.seq:", "if False:", FLOW_UNITS),
    Fault("refused-ends", "tracee_ref/packets/flows.py", "if side and side.begun else None", "if side else None", FLOW_UNITS),
    Fault("direction-of-the-packet", "tracee_ref/packets/flows.py", "if packet.incoming == answer else", "if not packet.incoming else", FLOWS),
    Fault("begins-only-with-the-answer", "tracee_ref/packets/flows.py", "return self._first_ack(key, direction) if header.ack_flag else None", "return None", FLOW_UNITS),
    Fault("begins-with-any-ack", "tracee_ref/packets/flows.py", "side.begun or side.direction != direction", "side.begun", FLOW_UNITS),
    Fault("accepts-without-peer", HOOKS, '"at": ["accept", "accept4"], "if"', '"at": ["accept"], "if"', FLOWS),
    # Symbols.
    Fault("sections-believed", "tracee_ref/symbols/elf.py", "start[first:end] = bytes(end - first)", "pass", SYMBOL_UNITS),
    Fault("symbols-of-all-scopes", "tracee_ref/derivation/stage.py", "event.matched_scopes &= values.mask", "pass", ("tests/derivation/test_derivation.py::test_derivation_masked",)),
    Fault("another-file-read", "tracee_ref/symbols/objects.py", " or status.st_ctime_ns != loaded.id.ctime", "", SYMBOL_UNITS),
    Fault("links-followed", "tracee_ref/symbols/objects.py", "RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_IN_ROOT", "RESOLVE_IN_ROOT", SYMBOL_UNITS),
    Fault("collisions-survive-exec", "tracee_ref/symbols/rules.py", "self._objects.put(pid, {})\n            return", "return", SYMBOL_UNITS),
    # The reader and the decoder.
    Fault("records-not-aligned", "tracee_ref/kernel/ring.py", "(stop - start + HEADER_BYTES + ALIGNMENT - 1)",
          "(stop - start + HEADER_BYTES)", CALLS),
    Fault("reader-loses-its-offset", "tracee_ref/kernel/ring.py", "at = position & mask",
          "at = position % (mask - 7)", CALLS),
    Fault("second-string-of-the-first", "tracee_ref/output/fast/codegen.py", 'offset = f"end{number}"', "pass", LINES),
    Fault("unusual-strings-are-usual", "tracee_ref/output/fast/codegen.py", "if {name} >> 32:", "if {name} >> 64:", LINES),
    Fault("data-not-advanced", "tracee_ref/decode/records.py",
          "return Argument(name, type_, _with_ellipsis(value) if state == SLOT_CUT else value), end",
          "return Argument(name, type_, _with_ellipsis(value) if state == SLOT_CUT else value), at", RECORDS),
    Fault("compat-syscall-named-as-native", "tracee_ref/decode/records.py",
          "event = self._by_id.get(compat_events().get(number, -1))",
          "event = self._by_id.get(number)", RECORDS),
    Fault("raw-time", "tracee_ref/decode/records.py", "value += self._added",
          "pass", RECORDS),
    # Files that other users could have prepared.
    Fault("cache-of-anybody", "tracee_ref/kernel/build/cache.py", "if status.st_uid != os.geteuid() or others_can_write(status):", "if False:", ("tests/kernel/test_cache.py",)),
    Fault("cache-of-another-program", "tracee_ref/kernel/build/cache.py", "if entry.key != key:", "if False:", ("tests/kernel/test_cache.py",)),
    Fault("command-not-isolated", "bin/tracee-ref", '"$python" -I -m', '"$python" -m', ("tests/test_isolation.py",)),
    Fault("shell-runs-environment", "bin/tracee-ref", "#!/bin/bash -p", "#!/bin/bash", ("tests/test_isolation.py::test_command_shell_environment",)),
    Fault("code-of-anybody", "tracee_ref/files/walk.py", "return not is_ours(status) or bool(status.st_mode & OTHERS_WRITE)", "return not is_ours(status)", ("tests/files/test_trusted.py",)),
    Fault("output-through-shared-link", "tracee_ref/files/written.py", "stat.S_ISLNK(entry.status.st_mode) and others_can_write(directory)", "stat.S_ISLNK(entry.status.st_mode) and False", ("tests/files/test_written.py",)),
    Fault("output-truncated", "tracee_ref/files/written.py", "os.O_WRONLY | os.O_APPEND |", "os.O_WRONLY |", ("tests/output/test_sinks.py",)),
    # Text that deceives.
    Fault("mark-not-escaped", "tracee_ref/strings.py", "return text.translate(TO_TEXT) if MARK in text else text", "return text", STRINGS),
    Fault("blanks-shown", "tracee_ref/strings.py", "return character.isprintable() and not IGNORABLE.match(character)", "return character.isprintable()", STRINGS),
    Fault("spaces-not-quoted", "tracee_ref/strings.py", """SPECIAL: Final = re.compile(r'[ "\\\\]|""", """SPECIAL: Final = re.compile(r'["\\\\]|""", TABLES),
    Fault("brackets-not-quoted", "tracee_ref/output/go_values.py", "BRACKETS.search(text)", "False", TABLES),
    Fault("column-widened", "tracee_ref/strings.py", "if cut and width_of(shown) > width:", "if False:", TABLES),
    Fault("c1-in-json", "tracee_ref/output/json_lines.py", "return data.decode().translate(INVISIBLE).encode()", "return data", LINES),
    Fault("escapes-in-capitals", "tracee_ref/strings.py", 'b"([89a-f][0-9a-f])"', 'b"([89a-fA-F][0-9a-fA-F])"', ("tests/oracle/test_corpus.py",)),
    Fault("filter-takes-no-text", "tracee_ref/strings.py", "data if text.isascii() else BYTE.sub", "data if True else BYTE.sub", STRINGS),
    # The oracle's inputs, and filters that never hold.
    Fault("nothing-agreed", "tracee_ref/oracle/streams/checking.py", "if empty:", "if False:", ("tests/oracle/test_hostile_input.py::test_no_event_is_no_verdict",)),
    Fault("nesting-unlimited", "tracee_ref/oracle/protocol/strict_json.py", "if depth > MAX_DEPTH:", "if False:", ("tests/oracle/test_hostile_input.py::test_parse_json_depth",)),
    Fault("names-twice", "tracee_ref/oracle/protocol/strict_json.py", "if len(value) != len(pairs):", "if False:", ("tests/oracle/test_hostile_input.py::test_check_name_twice",)),
    Fault("junk-read-forever", "tracee_ref/oracle/streams/events_json.py", "if number - last_event > MAX_JUNK_LINES:", "if False:", ("tests/oracle/test_hostile_input.py::test_check_endless_junk",)),
    Fault("contradiction-unseen", "tracee_ref/filters/contradictions.py", "around = {number + step for number in named for step in (-1, 0, 1)}", "around = {number + step for number in named for step in (-1, 1)}", CONTRADICTIONS),
    Fault("order-of-flags-unseen", "tracee_ref/filters/symbolic.py", "if printed == text:", "if True:", ("tests/filters/test_symbolic.py",)),
    # Signatures that fail.
    Fault("signature-watchdog-asleep", "tracee_ref/signatures/plugin.py", "limit, what = EVENT_SECONDS", "limit, what = 9 * EVENT_SECONDS", ("tests/signatures/test_plugins.py",)),
    Fault("signature-errors-escape", "tracee_ref/signatures/worker.py", "except BaseException as error:\n        answer.error", "except Exception as error:\n        answer.error", ("tests/signatures/test_plugins.py",)),
    Fault("findings-as-they-come", "tracee_ref/signatures/plugins.py", "self._held[0][0] < first", "True", ("tests/signatures/test_plugins.py",)),
    Fault("unseen-not-counted", "tracee_ref/signatures/plugin.py", "self._not_seen += len(self._outstanding)", "pass", ("tests/signatures/test_plugins.py",)),
    Fault("progress-shared", "tracee_ref/signatures/plugin.py", "PROGRESS.size)\n        self._progress.madvise(MADV_DONTFORK)", "PROGRESS.size)", ("tests/signatures/test_plugins.py",)),
    Fault("raw-output-of-signatures", "tracee_ref/signatures/contained.py", "os.dup2(writer, standard)", "pass", ("tests/signatures/test_plugins.py::test_plugin_prints_raw",)),
    Fault("signatures-traced", "bpf/match/filters.h", "if (mask && signature_processes.lookup(&pid))", "if (0)", ("vmtests/test_plugins.py",)),
    Fault("status-lost", "tracee_ref/session.py", "return INCOMPLETE if incomplete else status", "return INCOMPLETE if incomplete else 0", SESSIONS),
    # Outputs that fail, signals, and limits.
    Fault("cgroup-left-behind", "tracee_ref/kernel/attach/cgroup_skb.py", "            remove_left_cgroups(top)\n", "", ("vmtests/test_exhausted.py::test_exhausted_left_cgroup",)),
    Fault("exhaustion-untold", "tracee_ref/cli.py", "status = fail(str(system_error(error)), HOST_STATUS)", "raise", EXHAUSTED),
    Fault("exhaustion-unused-cache", "tracee_ref/kernel/build/cache.py", "if error.errno in EXHAUSTED:", "if False:", ("vmtests/test_exhausted.py::test_exhausted_descriptors",)),
    Fault("shell-resets-sigchld", "bin/tracee-ref", "#!/bin/bash -p", "#!/bin/sh", ("vmtests/test_sessions.py::test_session_sigchld_ignored",)),
    Fault("second-signal-ignored", "tracee_ref/signals.py", "self._second = number", "pass", SIGNALS),
    Fault("ignored-signals-taken", "tracee_ref/signals.py", "{*ENDING} - inherited.ignored - inherited.blocked", "{*ENDING}", SESSIONS),
    Fault("line-torn", "tracee_ref/output/writer.py", "os.ftruncate(self.descriptor, end - size)", "return 0", WRITERS),
    Fault("disk-given-up", "tracee_ref/output/writer.py", "return not last_attempt", "return False", WRITERS),
    Fault("lost-lines-uncounted", "tracee_ref/output/writer.py", "self.lines - self._written", "0", WRITERS),
    Fault("outputs-end-together", "tracee_ref/pipeline.py", "all(sink.gone for", "any(sink.gone for", ("vmtests/test_failing_outputs.py",)),
    Fault("signals-not-restored", "tracee_ref/signals.py", "signal.pthread_sigmask(signal.SIG_SETMASK, self.blocked)", "pass", ("tests/test_command.py",)),
    # A start under a storm of processes.
    Fault("seeding-without-end", "tracee_ref/kernel/seed/processes.py", "self._seed_new(start + first)", "self._seed_new(float('inf'))", ("vmtests/test_startup.py::test_startup_bound",)),
    Fault("unread-forgotten", "tracee_ref/kernel/seed/processes.py", "len(new) - len(seeded)", "0", ("vmtests/test_startup.py::test_startup_bound",)),
    # Scopes that take the room of others.
    Fault("scopes-take-all", "bpf/lib/shares.h", "if (none > is_negative(*spent - limit))", "if (0)", FAIR),
    Fault("packets-take-all", PACKET_PROGRAMS, "if (!HAS_ROOM(PACKET_RECORDS, mask, record_size(bytes)))", "if (0)", FAIR),
    Fault("losses-of-nobody", "bpf/lib/records.h", "count_lost(mask);", ";", FAIR),
    Fault("packets-read-seldom", "tracee_ref/kernel/ring.py", "in_turn or ring.is_filling()", "in_turn", ("tests/kernel/test_ring.py",)),
    Fault("costly-first", "tracee_ref/derivation/backlog.py", "self._size <= self._limit // IN_ORDER", "True", ("tests/derivation/test_backlog.py",)),
    Fault("signatures-take-all", "tracee_ref/signatures/plugin.py", "or not self._shares.admit(", "or not Shares(0, 9).admit(", ("tests/signatures/test_plugins.py::test_plugin_shares",)),
    Fault("lines-take-all", "tracee_ref/output/writer.py", "mask, size, self._waiting(), self._done", "1, size, self._waiting(), self._done", WRITERS),
    Fault("share-of-all", "bpf/lib/shares.h", "SCOPE_COUNT * bytes_in_ring(size)", "bytes_in_ring(size)", SHARES),
    Fault("over-for-good", "bpf/lib/shares.h", "none > is_negative(*spent - limit)", "none", SHARES),
    Fault("others-charged", "bpf/lib/shares.h", "within = mask & ~scopes_over(shares)", "within = mask", SHARES),
    # Arguments in memory that change during their syscall.
    Fault("given-not-printed", "bpf/events/changed_arguments.h", "*slot = put_copy(changed, kept, given);", "*slot = put_copy(changed, read, found);", GIVEN),
    Fault("given-string-not-accepted", "bpf/events/arguments.h", "record->accepted[index] |=", "record->accepted[index] =", PLANS),
    Fault("change-unmarked", "bpf/events/changed_arguments.h", "changed->sent.header.flags |= 1 << (FLAGS_CHANGED_SHIFT + index);", ";", GIVEN),
    Fault("given-not-filtered", "bpf/events/kept_arguments.h", "__builtin_memcpy(record->accepted, kept->accepted, sizeof(record->accepted));", ";", GIVEN),
    # Syscalls that Tracee v0.12 lacks, structures, and names of flags.
    Fault("structure-read-late", "bpf/events/kept_arguments.h", "*slot = shape >= SHAPE_STRING", "*slot = shape == SHAPE_STRING", GIVEN),
    Fault("structures-counted-in-bytes", "tracee_ref/kernel/call_arguments.py", "Extent.ARRAY: (0, length)", "Extent.ARRAY: (0, 1)", COMPAT_CALLS),
    Fault("structure-without-names", "tracee_ref/field_filters.py", "if isinstance(formatter, StructureNames):", "if False:", GIVEN),
    Fault("new-call-unknown", "tracee_ref/events/catalogue.py", "for n in numbers if n >= FIRST_COMMON_CALL", "for n in numbers if n > 460", ("tests/events/test_catalogue.py",)),
    Fault("negative-number-without-name", "tracee_ref/decode/call_formats.py", "names.get(value & WORD)", "names.get(value)", ("tests/decode/test_flag_names.py",)),
    Fault("later-value-not-filtered", "tracee_ref/field_filters.py", "return replace(value, at_return=value_in(traced.args_at_return, name, formatter))", "return value", FIELD_FILTERS),
    # Events at hooks that the user chooses.
    Fault("star-selects-probes", "tracee_ref/filters/events.py", "if not is_probe(name) or mentioned(name, named_events)", "if name", PROBE_FLAGS),
    Fault("field-not-signed", RECORD_CODE, "if field.signed and bits < 64", "if False", ("tests/kernel/test_record_code.py",)),
    Fault("located-string-elsewhere", RECORD_CODE, "if RELATIVE in field.location else 0", "if field.location else 0", TRACEPOINTS),
    Fault("user-number-not-signed", "tracee_ref/kernel/probes/user_code.py", 'f"s{bits}" if location.signed else', 'f"u{bits}" if location.signed else', USER_PROBES),
    Fault("semaphore-not-raised", "tracee_ref/kernel/attach/uprobes.py", "point.semaphore << SEMAPHORE_SHIFT | (", "(", USER_PROBES),
    Fault("offset-is-address", "tracee_ref/kernel/probes/elf.py", 'address - start + segment["p_offset"]', "address", USER_PROBES),
    Fault("own-argument-of-another", "tracee_ref/kernel/probes/own_events.py", "index = known.index(source)", "index = 0", ("vmtests/test_any_function.py",)),
    Fault("yaml-alias-taken", "tracee_ref/files/strict_yaml.py", "if self.check_event(yaml.AliasEvent):", "if False:", ("tests/kernel/test_own_events.py",)),
    Fault("probe-not-counted", "bpf/events/probes.h", "facts ? count_event_at(level, *selected", "facts ? count_event_at(LEVEL_COUNT, *selected", TRACEPOINTS),
)  # fmt: skip
