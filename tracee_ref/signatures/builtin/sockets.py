# SPDX-License-Identifier: Apache-2.0
"""Signatures of sockets as standard input and output."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Signature, Values, signature_properties

STDIO: Final = range(3)
"""Descriptors of standard input, output and error."""

NETWORK: Final = frozenset({"AF_INET", "AF_INET6"})


class StdioOverSocket(Signature):
    """TRC-101: standard input or output is a connected socket, as in a reverse shell."""

    event = "stdio_over_socket"
    needs = ("security_socket_connect", "socket_dup")
    description = "The standard input or output of a process was connected to the network."
    properties = signature_properties("TRC-101", 3, "execution", "Unix Shell", "T1059.004")

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return a connect of such a descriptor, or a dup of a connected socket to it."""
        address = args["remote_addr"] or {}
        connects = event.event_name == "security_socket_connect"
        descriptor = args["sockfd"] if connects else args["newfd"]
        if descriptor not in STDIO or address.get("sa_family") not in NETWORK:
            return ()
        return (args,) if is_connected(address) else ()


def is_connected(address: Values) -> bool:
    """Return whether an address has a port, as those of peers do."""
    return any(address.get(name) not in (None, "0") for name in ("sin_port", "sin6_port"))
