# SPDX-License-Identifier: Apache-2.0
"""Run a function where /proc/kallsyms is empty.

BCC reads it whole, three times, to learn whether the kernel has helpers that all kernels of ours
have: a fifth of the time to start here, a third in an emulated guest.  A thread can have a mount
namespace of its own, in which the file is another one; nobody else sees that.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

CLONE_NEWNS: Final = 0x00020000
MS_BIND: Final = 1 << 12
MS_REC: Final = 1 << 14
MS_PRIVATE: Final = 1 << 18

Result = TypeVar("Result")


def without_kallsyms(function: Callable[[], Result]) -> Result:
    """Return what the function returns, or raise what it raises."""
    with ThreadPoolExecutor(max_workers=1, initializer=_hide_kallsyms) as thread:
        return thread.submit(function).result()


def _hide_kallsyms() -> None:
    """Where a namespace is refused, the file just stays as it is."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) == 0 and libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, 0) == 0:
        libc.mount(b"/dev/null", b"/proc/kallsyms", None, MS_BIND, 0)
