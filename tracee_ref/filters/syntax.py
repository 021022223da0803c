# SPDX-License-Identifier: Apache-2.0
"""Syntax of a ``-f`` flag: scope, name, operator and values.

``FLAG := [SCOPE ":"] NAME [OP VALUE {"," VALUE}] | [SCOPE ":"] "!container"``
(docs/design/tracee-v0.12-facts.md, 1.1)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..errors import UsageCode, UsageError, flag_error
from ..events.probe_names import is_probe
from ..model.scope import MAX_SCOPES, Op

OPERATOR: Final = re.compile(r"(!=|<=|>=|=|<|>)(.+)", re.DOTALL)
INTEGER: Final = re.compile("[+-]?[0-9]+")
EXPECTED: Final = "expected [SCOPE:]NAME=VALUE[,VALUE]; see -f help"


@dataclass(frozen=True, slots=True)
class Flag:
    """The parts of a flag; ``text`` is the whole flag, ``values`` follow the operator."""

    text: str
    scope: int
    name: str
    op: Op | None = None
    values: str = ""

    @property
    def expression(self) -> str:
        """The operator and the values as given."""
        return f"{self.op.value if self.op else ''}{self.values}"


def split_flag(text: str) -> Flag:
    """Return the parts of a flag; raises UsageError for a syntax error.

    A ``:`` ends a scope number only before the operator, and not as the last character of a
    flag without operator; nor does that in the name of an event at a chosen hook.
    """
    head = re.split("[=!<>]", text, maxsplit=1)[0]
    tail = text[len(head) :]
    if len(tail) == 1 or tail in ("!=", "<=", ">="):
        raise expression_error(text)
    scope, name = 1, head
    if ":" in (head if tail else head[:-1]) and not is_probe(head):
        number, name = head.split(":", 1)
        scope = scope_number(number, text)
    if tail.startswith("!") and not tail.startswith("!="):
        return _negated(text, scope, name + tail)
    if not name:  # Tracee v0.12 takes an empty name for "container"; more likely it is a typo
        raise expression_error(text)
    match = OPERATOR.fullmatch(tail)
    return Flag(text, scope, name, Op(match[1]), match[2]) if match else Flag(text, scope, name)


def scope_number(number: str, text: str) -> int:
    """Return the scope before the ``:``, a decimal number with an optional sign."""
    remedy = f"scopes must be between 1 and {MAX_SCOPES}"
    if INTEGER.fullmatch(number) is None:
        remedy = f"{number!r} is not a number; {remedy}"
    elif 1 <= integer(number) <= MAX_SCOPES:
        return integer(number)
    raise flag_error(UsageCode.SCOPE, text, f"invalid filter scope: {text}", remedy)


def integer(digits: str) -> int:
    """Return the value of decimal digits after an optional sign.

    Only the first 25 digits count: more are out of every range, and int() has a limit.
    """
    sign, rest = digits[: digits[0] in "+-"], digits.lstrip("+-").lstrip("0")
    return int(sign + (rest[:25] or "0"))


def expression_error(text: str, remedy: str = EXPECTED) -> UsageError:
    """Return the error for a flag that is incomplete or has superfluous parts."""
    reason = f"invalid filter expression: {text or repr(text)}"
    return flag_error(UsageCode.EXPRESSION, text, reason, remedy)


def _negated(text: str, scope: int, name: str) -> Flag:
    if not name.endswith(("container", "follow")):
        raise expression_error(text, "only !container may begin with '!'")
    return Flag(text, scope, name)
