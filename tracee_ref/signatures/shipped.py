# SPDX-License-Identifier: Apache-2.0
"""The signatures that come with the tracer, by the ids that their events have (facts, 5.5)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .base import Signature
from .builtin import (
    debugging,
    discovery,
    escape,
    execution,
    kubernetes,
    memory,
    persistence,
    sockets,
)

SHIPPED: Final[Mapping[int, type[Signature]]] = MappingProxyType(
    {
        6000: sockets.StdioOverSocket,
        6001: kubernetes.K8sApiConnection,
        6002: discovery.AslrInspection,
        6003: memory.ProcMemCodeInjection,
        6004: escape.DockerAbuse,
        6005: persistence.ScheduledTaskMod,
        6006: persistence.LdPreload,
        6007: escape.CgroupNotifyOnRelease,
        6008: persistence.DefaultLoaderMod,
        6009: persistence.SudoersModification,
        6010: discovery.SchedDebugRecon,
        6011: escape.SystemRequestKeyMod,
        6012: escape.CgroupReleaseAgent,
        6013: persistence.RcdModification,
        6014: escape.CorePatternModification,
        6015: discovery.ProcKcoreRead,
        6016: memory.ProcMemAccess,
        6017: execution.HiddenFileCreated,
        6018: debugging.AntiDebugging,
        6019: debugging.PtraceCodeInjection,
        6020: memory.ProcessVmWriteInject,
        6021: escape.DiskMount,
        6022: memory.DynamicCodeLoading,
        6023: execution.FilelessExecution,
        6024: execution.IllegitimateShell,
        6025: execution.KernelModuleLoading,
        6026: kubernetes.K8sCertTheft,
        6029: execution.DroppedExecutable,
    }
)
