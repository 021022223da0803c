# SPDX-License-Identifier: Apache-2.0
"""Request handlers of an agent: one module per subject, one function per request.

The name of a request is ``module.function``.  A module is imported at its first request, so a guest
imports only what its tests need.  A new subject is a new file here:

    from vmtests.handlers import Reply, handler

    @handler
    def decide(*, scopes: list[str]) -> Reply: ...
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeAlias

Reply: TypeAlias = dict[str, Any]
"""A value that JSON can represent."""

Handler: TypeAlias = Callable[..., Reply]

_HANDLERS: dict[str, Handler] = {}


def handler(function: Handler) -> Handler:
    """Register a function as ``module.function``; it is called with keyword arguments."""
    module = function.__module__.rpartition(".")[2]
    _HANDLERS[f"{module}.{function.__name__}"] = function
    return function


def find(name: str) -> Handler:
    """Return the handler of a request; raise KeyError if there is none."""
    module = name.partition(".")[0]
    if name not in _HANDLERS and module.isidentifier():
        importlib.import_module(f"{__name__}.{module}")
    return _HANDLERS[name]
