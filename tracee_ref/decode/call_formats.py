# SPDX-License-Identifier: Apache-2.0
"""Symbolic forms of the arguments of syscalls, by table, as strace has them.

Tracee v0.12 has these as numbers; what it names is in argument_text.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from ..events.names import bits, values
from . import flag_names as flags

NumberFormatter: TypeAlias = Callable[[int], str]
Factory: TypeAlias = Callable[[], NumberFormatter]

WORD: Final = (1 << flags.WORD_BITS) - 1
FUTEX_COMMAND: Final = 0x7F
"""The part of futex's operation that is no flag (FUTEX_CMD_MASK)."""

FUTEX2_SIZE: Final = 3
"""The part of futex2 flags that is a number (FUTEX2_SIZE_MASK)."""

IPC_CALL: Final = 0xFFFF
"""The part of ipc's first argument that is no version."""

SHUTDOWN: Final = {0: "SHUT_RD", 1: "SHUT_WR", 2: "SHUT_RDWR"}
POLICY: Final = 0x3FFFFFFF
RESET_ON_FORK: Final = (("SCHED_RESET_ON_FORK", 0x40000000),)
MEMORY_POLICY: Final = 0x1FFF
POLICY_FLAGS: Final = (
    ("MPOL_F_STATIC_NODES", 1 << 15),
    ("MPOL_F_RELATIVE_NODES", 1 << 14),
    ("MPOL_F_NUMA_BALANCING", 1 << 13),
)
"""Flags that share a word with a number (linux/sched.h, linux/mempolicy.h)."""


def word(*tables: str) -> Factory:
    """Return a factory of the formatter of flags, named in one of the tables."""

    def make() -> NumberFormatter:
        names = [flag for table in tables for flag in bits(table)]
        return lambda value: flags.joined(*flags.set_names(value, names))

    return make


def number(table: str) -> Factory:
    """Return a factory of the formatter of an enumeration; other numbers are hexadecimal."""

    def make() -> NumberFormatter:
        names = values(table)
        return lambda value: names.get(value & WORD) or flags.hexadecimal(value, flags.WORD_BITS)

    return make


def number_and_flags(table: str, mask: int, others: tuple[tuple[str, int], ...]) -> Factory:
    """Return a factory of the formatter of a number in ``mask``, with flags in the other bits."""

    def make() -> NumberFormatter:
        names = values(table)

        def format_(value: int) -> str:
            found, rest = flags.set_names(value & ~mask, others)
            first = names.get(value & mask)
            shown = [first or flags.hexadecimal(value & mask), *found]
            return flags.joined(shown, rest)

        return format_

    return make


def futex_operation() -> NumberFormatter:
    """Return the formatter of the operation of futex."""
    return number_and_flags("futex", FUTEX_COMMAND, bits("futex_flags"))()


def futex2_flags() -> NumberFormatter:
    """Return the formatter of the flags of the newer futex calls."""
    return number_and_flags("futex2_size", FUTEX2_SIZE, bits("futex2"))()


def shutdown_side() -> NumberFormatter:
    """Return the formatter of the side that shutdown() closes."""
    return lambda value: SHUTDOWN.get(value) or flags.hexadecimal(value, flags.WORD_BITS)


def signal() -> NumberFormatter:
    """Return the formatter of a signal."""
    return lambda value: "|".join(flags.signal_name(value)) or "0"


def file_flags() -> NumberFormatter:
    """Return the formatter of flags of open() without an access mode."""
    names = bits("open_flags")
    return lambda value: flags.joined(*flags.set_names(value, names))


def socket_flags() -> NumberFormatter:
    """Return the formatter of SOCK_NONBLOCK and SOCK_CLOEXEC."""
    return lambda value: flags.joined(*flags.set_names(value, flags.SOCKET_FLAGS))


BY_FORM: Final[tuple[tuple[Factory, str], ...]] = (
    (word("at_flags"), "fchmodat.flags fchmodat2.flags fchownat.flags newfstatat.flags statx.flags"
     " linkat.flags utimensat.flags utimensat_time32.flags mount_setattr.flags setxattrat.at_flags"
     " getxattrat.at_flags listxattrat.at_flags removexattrat.at_flags file_getattr.at_flags"
     " file_setattr.at_flags"),
    (word("open_tree", "at_flags"), "open_tree.flags open_tree_attr.flags"),
    (word("at_access"), "faccessat.flags faccessat2.flag"),
    (word("at_handle"), "name_to_handle_at.flags"),
    (word("at_remove"), "unlinkat.flags"),
    (word("copy_sets"), "unshare.flags setns.nstype"),
    (word("epoll_create"), "epoll_create1.flags"),
    (word("eventfd"), "eventfd2.flags"),
    (word("fallocate"), "fallocate.mode"),
    (word("fan_init"), "fanotify_init.flags"),
    (word("fan_mark"), "fanotify_mark.flags"),
    (word("fan_mask"), "fanotify_mark.mask"),
    (word("flock"), "flock.operation"),
    (word("fsmount"), "fsmount.flags"),
    (word("fsopen"), "fsopen.flags"),
    (word("fspick"), "fspick.flags"),
    (word("getrandom"), "getrandom.flags"),
    (word("inotify"), "inotify_add_watch.mask"),
    (word("inotify_init"), "inotify_init1.flags"),
    (word("io_uring_enter"), "io_uring_enter.flags"),
    (word("kexec"), "kexec_load.flags"),
    (word("kexec_file"), "kexec_file_load.flags"),
    (word("landlock_create"), "landlock_create_ruleset.flags"),
    (word("landlock_restrict"), "landlock_restrict_self.flags"),
    (word("listmount"), "listmount.flags"),
    (word("lsm_flags"), "lsm_get_self_attr.flags"),
    (word("map_flags"), "mmap.flags mmap2.flags"),
    (word("mbind"), "mbind.flags move_pages.flags"),
    (word("membarrier"), "membarrier.flags"),
    (word("memfd"), "memfd_create.flags"),
    (word("message"), "sendto.flags recvfrom.flags sendmsg.flags recvmsg.flags sendmmsg.flags"
     " recvmmsg.flags recvmmsg_time32.flags"),
    (word("mlock2"), "mlock2.flags"),
    (word("mlockall"), "mlockall.flags"),
    (word("module_init"), "finit_module.flags"),
    (word("mount_attr"), "fsmount.ms_flags"),
    (word("mount_flags"), "mount.mountflags"),
    (word("move_mount"), "move_mount.flags"),
    (word("mremap"), "mremap.flags"),
    (word("msync"), "msync.flags"),
    (word("perf_open"), "perf_event_open.flags"),
    (word("pidfd_open"), "pidfd_open.flags"),
    (word("pidfd_signal"), "pidfd_send_signal.flags"),
    (word("pkey_rights"), "pkey_alloc.access_rights"),
    (word("rename"), "renameat2.flags"),
    (word("rwf"), "preadv2.flags pwritev2.flags"),
    (word("seccomp_flags"), "seccomp.flags"),
    (word("shadow_stack"), "map_shadow_stack.flags"),
    (word("signalfd"), "signalfd4.flags"),
    (word("splice"), "splice.flags tee.flags vmsplice.flags"),
    (word("statx"), "statx.mask"),
    (word("sync_range"), "sync_file_range.flags"),
    (word("timer"), "clock_nanosleep.flags clock_nanosleep_time32.flags timer_settime.flags"
     " timer_settime32.flags"),
    (word("timerfd"), "timerfd_create.flags"),
    (word("timerfd_set"), "timerfd_settime.flags timerfd_settime32.flags"),
    (word("umount"), "umount2.flags"),
    (word("userfaultfd", "open_flags"), "userfaultfd.flags"),
    (word("wait"), "wait4.options waitpid.options waitid.options"),
    (word("xattr"), "setxattr.flags lsetxattr.flags fsetxattr.flags"),
    (number("arch_prctl"), "arch_prctl.option"),
    (number("clock"), "clock_gettime.clockid clock_settime.clockid clock_getres.clockid"
     " clock_nanosleep.clockid clock_adjtime.clk_id clock_gettime32.which_clock"
     " clock_settime32.which_clock clock_getres_time32.which_clock"
     " clock_nanosleep_time32.which_clock timer_create.clockid timerfd_create.clockid"
     " futex_wait.clockid futex_waitv.clockid"),
    (number("epoll_ctl"), "epoll_ctl.op"),
    (number("fadvise"), "fadvise64.advice fadvise64_64.advice"),
    (number("fcntl"), "fcntl.cmd fcntl64.cmd"),
    (number("fsconfig"), "fsconfig.cmd"),
    (number("io_uring_register"), "io_uring_register.opcode"),
    (number("ioprio_who"), "ioprio_set.which ioprio_get.which"),
    (number("itimer"), "getitimer.which setitimer.which"),
    (number("kcmp"), "kcmp.type"),
    (number("keyctl"), "keyctl.operation"),
    (number("landlock_rule"), "landlock_add_rule.rule_type"),
    (number("lsm_attr"), "lsm_get_self_attr.attr lsm_set_self_attr.attr"),
    (number("madvise"), "madvise.advice process_madvise.advice"),
    (number("membarrier"), "membarrier.cmd"),
    (number("msg_command"), "msgctl.cmd"),
    (number("priority"), "getpriority.which setpriority.which"),
    (number("reboot"), "reboot.cmd"),
    (number("rlimit"), "getrlimit.resource setrlimit.resource prlimit64.resource"
     " old_getrlimit.resource"),
    (number("rusage"), "getrusage.who"),
    (number("seccomp"), "seccomp.operation"),
    (number("seek"), "lseek.whence llseek.whence"),
    (number("sem_command"), "semctl.cmd"),
    (number("shm_command"), "shmctl.cmd"),
    (number("sigmask"), "rt_sigprocmask.how sigprocmask.how"),
    (number("socketcall"), "socketcall.call"),
    (number("wait_id"), "waitid.idtype"),
    (number_and_flags("ipc_call", IPC_CALL, ()), "ipc.call"),
    (number_and_flags("mempolicy", MEMORY_POLICY, POLICY_FLAGS), "mbind.mode set_mempolicy.mode"),
    (number_and_flags("sched_policy", POLICY, RESET_ON_FORK), "sched_setscheduler.policy"
     " sched_get_priority_max.policy sched_get_priority_min.policy"),
    (futex_operation, "futex.futex_op futex_time32.op"),
    (futex2_flags, "futex_wake.flags futex_wait.flags"),
    (signal, "kill.sig tkill.sig tgkill.sig rt_sigaction.signum rt_sigqueueinfo.sig"
     " rt_tgsigqueueinfo.sig pidfd_send_signal.sig signal.signum sigaction.sig"),
    (shutdown_side, "shutdown.how"),
    (file_flags, "dup3.flags pipe2.flags delete_module.flags"),
    (socket_flags, "accept4.flags"),
    (lambda: flags.open_flags, "mq_open.oflag open_by_handle_at.flags fanotify_init.event_f_flags"),
    (lambda: flags.inode_mode, "fchmodat2.mode mkdir.mode mkdirat.mode umask.mask"),
    (lambda: flags.access_mode, "faccessat2.mode"),
    (lambda: flags.protection, "remap_file_pages.prot"),
    (lambda: flags.socket_type, "socketpair.type"),
    (number("address_family"), "socketpair.domain"),
)  # fmt: skip
"""Form, and arguments as EVENT.ARGUMENT."""

MEMBERS_BY_FORM: Final[tuple[tuple[Factory, str], ...]] = (
    (lambda: flags.open_flags, "open_how.flags"),
    (lambda: flags.inode_mode, "open_how.mode"),
    (word("resolve"), "open_how.resolve"),
    (word("clone3_flags"), "clone_args.flags"),
    (signal, "clone_args.exit_signal"),
    (word("mount_attr"), "mount_attr.attr_set mount_attr.attr_clr"),
    (word("mount_flags"), "mount_attr.propagation"),
    (word("xattr"), "xattr_args.flags"),
    (word("file_xflags"), "file_attr.fa_xflags"),
    (word("landlock_fs"), "landlock_ruleset_attr.handled_access_fs"
     " landlock_ruleset_attr.quiet_access_fs"),
    (word("landlock_net"), "landlock_ruleset_attr.handled_access_net"
     " landlock_ruleset_attr.quiet_access_net"),
    (word("landlock_scope"), "landlock_ruleset_attr.scoped landlock_ruleset_attr.quiet_scoped"),
    (number("lsm_id"), "lsm_ctx.id"),
    (number("sched_policy"), "sched_attr.sched_policy"),
    (word("sched_flags"), "sched_attr.sched_flags"),
    (futex2_flags, "futex_waitv.flags"),
    (word("copy_sets"), "ns_id_req.ns_type"),
    (lambda: flags.hexadecimal, "clone_args.pidfd clone_args.child_tid clone_args.parent_tid"
     " clone_args.stack clone_args.tls clone_args.set_tid xattr_args.value futex_waitv.uaddr"),
)  # fmt: skip
"""Form, and members of structures that syscalls are given, as STRUCTURE.MEMBER."""


def by_name(forms: Iterable[tuple[Factory, str]]) -> Mapping[tuple[str, str], Factory]:
    """Return the factories of a table, by event or structure, and argument or member."""
    uses = ((factory, use.partition(".")) for factory, names in forms for use in names.split())
    return {(owner, name): factory for factory, (owner, _, name) in uses}


ARGUMENT_FORMATS: Final = by_name(BY_FORM)
MEMBER_FORMATS: Final = by_name(MEMBERS_BY_FORM)
