# SPDX-License-Identifier: Apache-2.0
"""Writer of events/data/flags.json: flags and enumerations of syscall arguments.

Usage: ``.venv/bin/python tools/make_flags.py [DIRECTORY]``: a directory with the package
linux-libc-dev of a kernel, unpacked.  Without one, the newest package is fetched.  A compiler
computes the values.  ``bits`` are in printing order: names of several bits before their parts.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vmtests.lab.archive import Archive
from vmtests.lab.kernels import SUITES

TARGET: Final = Path(__file__).parents[1] / "tracee_ref" / "events" / "data" / "flags.json"

BITS: Final[Mapping[str, tuple[str, str]]] = {
    "at_flags": ("linux/fcntl.h", "AT_(SYMLINK_NOFOLLOW|SYMLINK_FOLLOW|NO_AUTOMOUNT|EMPTY_PATH"
                 "|STATX_FORCE_SYNC|STATX_DONT_SYNC|RECURSIVE)"),
    "at_access": ("linux/fcntl.h", "AT_(EACCESS|SYMLINK_NOFOLLOW|EMPTY_PATH)"),
    "at_handle": ("linux/fcntl.h", "AT_(SYMLINK_FOLLOW|EMPTY_PATH|HANDLE_FID|HANDLE_MNT_ID_UNIQUE"
                  "|HANDLE_CONNECTABLE)"),
    "at_remove": ("linux/fcntl.h", "AT_REMOVEDIR"),
    "clone3_flags": ("linux/sched.h", r"CLONE_(?!ARGS_)\w+"),
    "copy_sets": ("linux/sched.h", r"CLONE_(NEW\w+|FS|FILES|SYSVSEM)"),
    "epoll_create": ("linux/eventpoll.h", "EPOLL_CLOEXEC"),
    "eventfd": ("linux/eventfd.h", r"EFD_\w+"),
    "fallocate": ("linux/falloc.h", r"FALLOC_FL_\w+"),
    "fan_init": ("linux/fanotify.h", r"FAN_(CLOEXEC|NONBLOCK|CLASS_\w+|UNLIMITED_\w+"
                 r"|ENABLE_AUDIT|REPORT_\w+)"),
    "fan_mark": ("linux/fanotify.h", r"FAN_MARK_\w+"),
    "fan_mask": ("linux/fanotify.h", r"FAN_(ACCESS|MODIFY|ATTRIB|CLOSE\w*|OPEN|MOVED?(_\w+)?|CREATE"
                 r"|DELETE|DELETE_SELF|OPEN_EXEC|Q_OVERFLOW|FS_ERROR|OPEN_PERM|ACCESS_PERM"
                 r"|OPEN_EXEC_PERM|PRE_ACCESS|MNT_\w+|EVENT_ON_CHILD|RENAME|ONDIR)"),
    "file_xflags": ("linux/fs.h", r"FS_XFLAG_\w+"),
    "flock": ("asm-generic/fcntl.h", "LOCK_(SH|EX|NB|UN)"),
    "fsmount": ("linux/mount.h", r"FSMOUNT_\w+"),
    "fsopen": ("linux/mount.h", r"FSOPEN_\w+"),
    "fspick": ("linux/mount.h", r"FSPICK_\w+"),
    "futex2": ("linux/futex.h", "FUTEX2_(NUMA|MPOL|PRIVATE)"),
    "futex_flags": ("linux/futex.h", "FUTEX_(PRIVATE_FLAG|CLOCK_REALTIME)"),
    "getrandom": ("linux/random.h", r"GRND_\w+"),
    "inotify": ("linux/inotify.h", r"IN_(?!CLOEXEC|NONBLOCK)\w+"),
    "inotify_init": ("linux/inotify.h", "IN_(CLOEXEC|NONBLOCK)"),
    "io_uring_enter": ("linux/io_uring.h", r"IORING_ENTER_\w+"),
    "kexec": ("linux/kexec.h", r"KEXEC_(ON_CRASH|PRESERVE_CONTEXT|UPDATE_ELFCOREHDR"
              r"|CRASH_HOTPLUG_SUPPORT)"),
    "kexec_file": ("linux/kexec.h", r"KEXEC_FILE_\w+"),
    "landlock_fs": ("linux/landlock.h", r"LANDLOCK_ACCESS_FS_\w+"),
    "landlock_net": ("linux/landlock.h", r"LANDLOCK_ACCESS_NET_\w+"),
    "landlock_scope": ("linux/landlock.h", r"LANDLOCK_SCOPE_\w+"),
    "landlock_create": ("linux/landlock.h", r"LANDLOCK_CREATE_RULESET_\w+"),
    "landlock_restrict": ("linux/landlock.h", r"LANDLOCK_RESTRICT_SELF_\w+"),
    "listmount": ("linux/mount.h", "LISTMOUNT_REVERSE"),
    "lsm_flags": ("linux/lsm.h", r"LSM_FLAG_\w+"),
    "map_flags": ("linux/mman.h", r"MAP_(?!FILE|TYPE|HUGE_)\w+"),
    "mbind": ("linux/mempolicy.h", r"MPOL_MF_(?!VALID|INTERNAL)\w+"),
    "membarrier": ("linux/membarrier.h", r"MEMBARRIER_CMD_FLAG_\w+"),
    "memfd": ("linux/memfd.h", r"MFD_(?!HUGE_)\w+"),
    "mlock2": ("asm-generic/mman-common.h", r"MLOCK_\w+"),
    "mlockall": ("asm-generic/mman.h", r"MCL_\w+"),
    "module_init": ("linux/module.h", r"MODULE_INIT_\w+"),
    "mount_attr": ("linux/mount.h", r"MOUNT_ATTR_(?!SIZE_)\w+"),
    "mount_flags": ("linux/mount.h", r"MS_(?!RMT_MASK|MGC_)\w+"),
    "move_mount": ("linux/mount.h", r"MOVE_MOUNT_(?!_MASK)\w+"),
    "mremap": ("linux/mman.h", r"MREMAP_\w+"),
    "msync": ("asm-generic/mman-common.h", "MS_(ASYNC|INVALIDATE|SYNC)"),
    "open_tree": ("linux/mount.h", r"OPEN_TREE_\w+|AT_RECURSIVE"),
    "perf_open": ("linux/perf_event.h", r"PERF_FLAG_\w+"),
    "pidfd_signal": ("linux/pidfd.h", r"PIDFD_SIGNAL_\w+"),
    "pidfd_open": ("linux/pidfd.h", "PIDFD_(NONBLOCK|THREAD)"),
    "pkey_rights": ("asm-generic/mman-common.h", r"PKEY_DISABLE_\w+"),
    "rename": ("linux/fs.h", r"RENAME_\w+"),
    "resolve": ("linux/openat2.h", r"RESOLVE_\w+"),
    "rwf": ("linux/fs.h", r"RWF_(?!SUPPORTED)\w+"),
    "sched_flags": ("linux/sched.h", r"SCHED_FLAG_(?!ALL|KEEP_ALL|UTIL_CLAMP$)\w+"),
    "seccomp_flags": ("linux/seccomp.h", r"SECCOMP_FILTER_FLAG_\w+"),
    "shadow_stack": ("asm/mman.h", r"SHADOW_STACK_SET_\w+"),
    "signalfd": ("linux/signalfd.h", r"SFD_\w+"),
    "statx": ("linux/stat.h", r"STATX_(?!ATTR_|_)\w+"),
    "sync_range": ("linux/fs.h", r"SYNC_FILE_RANGE_(WAIT_BEFORE|WRITE|WAIT_AFTER)"),
    "timer": ("linux/time.h", "TIMER_ABSTIME"),
    "timerfd": ("linux/timerfd.h", "TFD_(CLOEXEC|NONBLOCK)"),
    "timerfd_set": ("linux/timerfd.h", r"TFD_TIMER_\w+"),
    "userfaultfd": ("linux/userfaultfd.h", "UFFD_USER_MODE_ONLY"),
    "wait": ("linux/wait.h", "W[A-Z]+|__W[A-Z]+"),
    "xattr": ("linux/xattr.h", "XATTR_(CREATE|REPLACE)"),
}  # fmt: skip
"""Header and pattern of the flags, by table."""

VALUES: Final[Mapping[str, tuple[str, str]]] = {
    "arch_prctl": ("asm/prctl.h", r"ARCH_\w+"),
    "clock": ("linux/time.h", r"CLOCK_(?!AUX_LAST)\w+"),
    "epoll_ctl": ("linux/eventpoll.h", r"EPOLL_CTL_\w+"),
    "fadvise": ("linux/fadvise.h", r"POSIX_FADV_\w+"),
    "fcntl": ("linux/fcntl.h", r"F_(DUP|GET|SET|OFD|NOTIFY|CANCEL|ADD|CREATED)\w+"),
    "fsconfig": ("linux/mount.h", r"FSCONFIG_\w+"),
    "futex": ("linux/futex.h", r"FUTEX_(WAIT|WAKE|FD|REQUEUE|CMP_REQUEUE|WAKE_OP|LOCK_PI2?"
              r"|UNLOCK_PI|TRYLOCK_PI|WAIT_BITSET|WAKE_BITSET|WAIT_REQUEUE_PI|CMP_REQUEUE_PI)"),
    "futex2_size": ("linux/futex.h", r"FUTEX2_SIZE_U\d+"),
    "io_uring_register": ("linux/io_uring.h", r"IORING_(UN)?REGISTER_(?!USE_|LAST)\w+"),
    "ioprio_who": ("linux/ioprio.h", r"IOPRIO_WHO_\w+"),
    "ipc_call": ("linux/ipc.h", "SEMOP|SEMGET|SEMCTL|SEMTIMEDOP|MSG[A-Z]+|SHM[A-Z]+"),
    "itimer": ("linux/time.h", r"ITIMER_\w+"),
    "kcmp": ("linux/kcmp.h", r"KCMP_(?!TYPES)\w+"),
    "keyctl": ("linux/keyctl.h", r"KEYCTL_(?!CAPS\d|SUPPORTS_|MOVE_EXCL)\w+"),
    "landlock_rule": ("linux/landlock.h", r"LANDLOCK_RULE_\w+"),
    "lsm_attr": ("linux/lsm.h", r"LSM_ATTR_\w+"),
    "lsm_id": ("linux/lsm.h", r"LSM_ID_\w+"),
    "madvise": ("asm-generic/mman-common.h", r"MADV_\w+"),
    "membarrier": ("linux/membarrier.h", r"MEMBARRIER_CMD_(?!FLAG_|SHARED)\w+"),
    "mempolicy": ("linux/mempolicy.h", r"MPOL_(DEFAULT|PREFERRED\w*|BIND|INTERLEAVE|LOCAL"
                  r"|WEIGHTED\w+)"),
    "msg_command": ("linux/msg.h", r"IPC_(RMID|SET|STAT|INFO)|MSG_(STAT|INFO|STAT_ANY)"),
    "priority": ("linux/resource.h", r"PRIO_(PROCESS|PGRP|USER)"),
    "reboot": ("linux/reboot.h", r"LINUX_REBOOT_CMD_\w+"),
    "rlimit": ("asm-generic/resource.h", r"RLIMIT_\w+"),
    "rusage": ("linux/resource.h", r"RUSAGE_\w+"),
    "sched_policy": ("linux/sched.h", r"SCHED_(NORMAL|FIFO|RR|BATCH|IDLE|DEADLINE|EXT)"),
    "seccomp": ("linux/seccomp.h", r"SECCOMP_(SET|GET)_\w+"),
    "seek": ("linux/fs.h", "SEEK_(SET|CUR|END|DATA|HOLE)"),
    "sem_command": ("linux/sem.h", "IPC_(RMID|SET|STAT|INFO)|SEM_(STAT|INFO|STAT_ANY)"
                    "|GETPID|GETVAL|GETALL|GETNCNT|GETZCNT|SETVAL|SETALL"),
    "shm_command": ("linux/shm.h", "IPC_(RMID|SET|STAT|INFO)|SHM_(LOCK|UNLOCK|STAT|INFO|STAT_ANY)"),
    "sigmask": ("asm-generic/signal-defs.h", r"SIG_(BLOCK|UNBLOCK|SETMASK)"),
    "socketcall": ("linux/net.h", r"SYS_\w+"),
    "wait_id": ("linux/wait.h", "P_[A-Z]+"),
}  # fmt: skip
"""Header and pattern of the enumerations, by table."""

KERNEL_ONLY: Final[Mapping[str, Mapping[str, int]]] = {
    "message": {
        "MSG_OOB": 1, "MSG_PEEK": 2, "MSG_DONTROUTE": 4, "MSG_CTRUNC": 8, "MSG_PROBE": 0x10,
        "MSG_TRUNC": 0x20, "MSG_DONTWAIT": 0x40, "MSG_EOR": 0x80, "MSG_WAITALL": 0x100,
        "MSG_FIN": 0x200, "MSG_SYN": 0x400, "MSG_CONFIRM": 0x800, "MSG_RST": 0x1000,
        "MSG_ERRQUEUE": 0x2000, "MSG_NOSIGNAL": 0x4000, "MSG_MORE": 0x8000,
        "MSG_WAITFORONE": 0x10000, "MSG_BATCH": 0x40000, "MSG_ZEROCOPY": 0x4000000,
        "MSG_FASTOPEN": 0x20000000, "MSG_CMSG_CLOEXEC": 0x40000000,
    },  # include/linux/socket.h
    "splice": {
        "SPLICE_F_MOVE": 1, "SPLICE_F_NONBLOCK": 2, "SPLICE_F_MORE": 4, "SPLICE_F_GIFT": 8,
    },  # include/linux/splice.h
    "umount": {"MNT_FORCE": 1, "MNT_DETACH": 2, "MNT_EXPIRE": 4, "UMOUNT_NOFOLLOW": 8},
    # include/linux/fs.h
}  # fmt: skip
"""Flags that are in no header of user space."""

PROGRAM: Final = """\
#include <linux/types.h>
#include <asm/fcntl.h>
#include <{header}>
int printf(const char *, ...);
int main(void)
{{
{prints}
	return 0;
}}
"""


def evaluated(include: Path, header: str, pattern: str) -> dict[str, int]:
    """Return the macros and enumerators that a header defines, or one that it includes."""
    flags = ("-nostdinc", f"-I{include}", f"-I{include}/x86_64-linux-gnu", "-x", "c", "-")
    source = PROGRAM.format(header=header, prints="")
    macros, text = (run(source, "gcc", "-E", option, *flags) for option in ("-dM", "-P"))
    names = re.findall(rf"^#define ({pattern}) ", macros, re.MULTILINE)
    names += re.findall(rf"\b({pattern})\s*(?:=|,|\}})", text)
    names = [name if isinstance(name, str) else name[0] for name in names]  # of nested groups
    prints = "".join(f'printf("{n} %llu\\n", (unsigned long long)({n}));\n' for n in names)
    with tempfile.TemporaryDirectory() as directory:
        program = f"{directory}/program"
        run(PROGRAM.format(header=header, prints=prints), "gcc", "-w", "-o", program, *flags)
        words = run("", program).split()
    found = dict(zip(words[::2], map(int, words[1::2]), strict=True))
    return {
        name: value & ((1 << 32) - 1) if value >> 63 else value for name, value in found.items()
    }


def run(text: str, *argv: str) -> str:
    """Run a command with a text on its standard input; return its output."""
    return subprocess.run(argv, input=text, check=True, capture_output=True, text=True).stdout


def bits(found: Mapping[str, int]) -> dict[str, int]:
    """Return flags in printing order, one name for each."""
    ordered = sorted(found.items(), key=lambda item: (-item[1].bit_count(), item[1], item[0]))
    return once({name: value for name, value in ordered if value})


def once(found: Mapping[str, int]) -> dict[str, int]:
    """Return the first name of each value."""
    names: dict[int, str] = {}
    for name, value in found.items():
        names.setdefault(value, name)
    return {name: value for value, name in names.items()}


def values(found: Mapping[str, int]) -> dict[str, int]:
    """Return an enumeration in the order of its values."""
    return dict(sorted(once(found).items(), key=lambda item: item[1]))


def fetched(directory: Path) -> tuple[str, Path]:
    """Fetch the headers of the newest kernel; return its version and their directory."""
    archive = Archive(SUITES[list(SUITES)[-1]], directory / "apt")
    archive.update()
    (file,) = archive.download(["linux-libc-dev"], directory)
    run("", "dpkg-deb", "-x", str(file), str(directory))
    return archive.field("linux-libc-dev", "Version"), directory


def update(version: str, directory: Path) -> None:
    """Write the data file."""
    include = directory / "usr" / "include"
    flags = {name: bits(evaluated(include, *source)) for name, source in BITS.items()}
    flags |= {name: dict(table) for name, table in KERNEL_ONLY.items()}
    enums = {name: values(evaluated(include, *source)) for name, source in VALUES.items()}
    tables = {"source": f"Linux {version}", "bits": flags, "values": enums}
    text = json.dumps(tables, indent=0, separators=(",", ":"))
    TARGET.write_text(text.replace(":{", ": {") + "\n", encoding="utf-8")
    print(f"{len(flags)} tables of flags, {len(enums)} enumerations of Linux {version}")


def main() -> None:
    """Write the tables from the headers that are named, or from the newest ones."""
    if len(sys.argv) > 1:
        update(Path(sys.argv[1]).name, Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as directory:
        update(*fetched(Path(directory)))


if __name__ == "__main__":
    main()
