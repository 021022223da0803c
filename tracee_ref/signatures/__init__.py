# SPDX-License-Identifier: Apache-2.0
"""Signatures: classes that derive findings, which are events, from events.

``__all__`` is the interface for plug-ins (docs/guide/signatures.md).
"""

from .base import Finding, Origin, Signature, Values

__all__ = ["Finding", "Origin", "Signature", "Values"]
