# SPDX-License-Identifier: Apache-2.0
"""Signatures of sockets in unusual places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Signature, Values
from ..describing import described

STANDARD: Final = range(3)
"""The descriptors of input, output and errors."""

NETWORK: Final = frozenset({"AF_INET", "AF_INET6"})


class StdioOverSocket(Signature):
    """TRC-101: what a process reads or writes goes to a peer in the network.

    That is how a shell is given to somebody elsewhere.
    """

    event = "stdio_over_socket"
    needs = ("security_socket_connect", "socket_dup")
    description = "The standard input or output of a process was connected to the network."
    properties = described("TRC-101", 3, "execution", "Unix Shell", "T1059.004")

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Give the connecting of such a descriptor, or its making of a connected one."""
        address = args["remote_addr"] or {}
        connects = event.event_name == "security_socket_connect"
        descriptor = args["sockfd"] if connects else args["newfd"]
        if descriptor not in STANDARD or address.get("sa_family") not in NETWORK:
            return ()
        return (args,) if is_connected(address) else ()


def is_connected(address: Values) -> bool:
    """Whether an address has a port, as that of any peer."""
    return any(address.get(name) not in (None, "0") for name in ("sin_port", "sin6_port"))
