# SPDX-License-Identifier: Apache-2.0
"""Credentials of a task, as Tracee v0.12 prints them (``slim_cred_t``)."""

from __future__ import annotations

import msgspec

from ..abi import CREDENTIALS


class SlimCred(msgspec.Struct, frozen=True, rename="pascal"):
    """Ids are those of the initial user namespace; ``user_namespace`` is an inode number."""

    uid: int
    gid: int
    suid: int
    sgid: int
    euid: int
    egid: int
    fsuid: int
    fsgid: int
    user_namespace: int
    secure_bits: int
    cap_inheritable: int
    cap_permitted: int
    cap_effective: int
    cap_bounding: int
    cap_ambient: int


def decode_credentials(data: bytes) -> SlimCred:
    """Return the credentials that bpf/events/declared.h copied."""
    return SlimCred(*CREDENTIALS.struct.unpack(data))
