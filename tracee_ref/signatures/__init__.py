# SPDX-License-Identifier: Apache-2.0
"""Signatures: small classes that look at events and report findings, which are events again.

``Signature`` and the names beside it are what plug-ins build on (docs/guide/signatures.md).
"""

from .base import Finding, Origin, Signature, Values

__all__ = ["Finding", "Origin", "Signature", "Values"]
