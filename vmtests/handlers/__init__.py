"""What an agent can be asked: one module per subject, one registered function per request.

A request's name is ``module.function``; the module is imported when the first such request
comes, so a guest pays only for what it is asked.  A new subject is a new file here:

    from vmtests.handlers import Reply, handler

    @handler
    def decide(*, scopes: list[str]) -> Reply: ...
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeAlias

Reply: TypeAlias = dict[str, Any]
"""What JSON can carry."""

Handler: TypeAlias = Callable[..., Reply]

_HANDLERS: dict[str, Handler] = {}


def handler(function: Handler) -> Handler:
    """Register a function under its module's and its own name; arguments come by keyword."""
    module = function.__module__.rpartition(".")[2]
    _HANDLERS[f"{module}.{function.__name__}"] = function
    return function


def find(name: str) -> Handler:
    """The function for a request; KeyError if there is none."""
    module = name.partition(".")[0]
    if name not in _HANDLERS and module.isidentifier():
        importlib.import_module(f"{__name__}.{module}")
    return _HANDLERS[name]
