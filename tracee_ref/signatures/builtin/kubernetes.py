# SPDX-License-Identifier: Apache-2.0
"""Signatures of Kubernetes: API server and certificates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ...events.event import TraceEvent
from ..base import Finding, Origin, Signature, Values, signature_properties
from .helpers import EXECUTED, OPENED, RENAMED, opened_to_read

SERVER_VARIABLE: Final = "KUBERNETES_SERVICE_HOST="
CONTAINERS_MAX: Final = 4096
"""Number of containers with a stored address; the oldest is removed first."""

CERTIFICATES: Final = re.compile(r"/etc/kubernetes/pki/.+", re.DOTALL)
OWNERS: Final = (
    "kube-apiserver",
    "kubelet",
    "kube-controller",
    "etcd",
    "kube-proxy",
    "kube-scheduler",
)
"""Prefixes of the comms of processes that use the certificates."""


class K8sApiConnection(Signature):
    """TRC-1013: a container connects to the API server that its environment names."""

    event = "k8s_api_connection"
    needs = (EXECUTED, "security_socket_connect")
    origin = Origin.CONTAINER
    environment = True
    description = "A container connected to the API server of its cluster."
    properties = signature_properties(
        "TRC-1013", 1, "discovery", "Container and Resource Discovery", "T1613"
    )

    def __init__(self) -> None:
        self._servers: dict[str, str] = {}

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Store the address in the environment of an exec; return a connect to it."""
        if event.event_name == EXECUTED:
            self._store(event.container_id, args["env"] or ())
            return ()
        address = args["remote_addr"] or {}
        server = self._servers.get(event.container_id)
        connects = server and server in (address.get("sin_addr"), address.get("sin6_addr"))
        return (args,) if connects else ()

    def _store(self, container: str, environment: Iterable[str]) -> None:
        for variable in environment:
            if variable.startswith(SERVER_VARIABLE):
                self._servers.pop(container, None)
                self._servers[container] = variable.removeprefix(SERVER_VARIABLE)
        if len(self._servers) > CONTAINERS_MAX:
            del self._servers[next(iter(self._servers))]


class K8sCertTheft(Signature):
    """TRC-1018: the certificates of a cluster are read or moved by an unusual process."""

    event = "k8s_cert_theft"
    needs = (OPENED, RENAMED)
    description = "The certificates of a cluster were read or moved."
    properties = signature_properties(
        "TRC-1018", 3, "credential-access", "Steal or Forge Authentication Certificates", "T1649"
    )

    def on_event(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return an open for reading, or a rename."""
        if event.event_name == RENAMED:
            path = args["old_path"]
        else:
            path = args["pathname"] if opened_to_read(args) else None
        if not path or not CERTIFICATES.fullmatch(path):
            return ()
        return () if event.process_name.startswith(OWNERS) else (args,)
