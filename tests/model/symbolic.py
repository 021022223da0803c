# SPDX-License-Identifier: Apache-2.0
"""Symbolic execution of the model: its result for all values as one formula.

The code of the model itself runs, once for each path through its branches: where it needs the
truth of a formula, both results are explored.  Nothing of the model is written a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import z3

_names = count()
_plan: list[bool] = []
_taken: list[Any] = []


class Truth:
    """A formula; its truth value takes the branch of the plan."""

    def __init__(self, formula: Any) -> None:
        self.formula = formula

    def __bool__(self) -> bool:
        if len(_taken) == len(_plan):
            _plan.append(True)
        choice = _plan[len(_taken)]
        _taken.append(self.formula if choice else z3.Not(self.formula))
        return choice


def formula(run: Callable[[], object]) -> Any:
    """Return when ``run`` is true, as a formula over the symbols that it meets."""
    ways = [_way(run)]
    while any(_plan):
        while not _plan.pop():
            pass
        _plan.append(False)
        ways.append(_way(run))
    _plan.clear()
    return z3.Or(ways)


def _way(run: Callable[[], object]) -> Any:
    _taken.clear()
    result = run()
    answer = result.formula if isinstance(result, Truth) else z3.BoolVal(bool(result))
    return z3.And(*_taken, answer)


class AnyInt(int):
    """Every number of some bits without sign; as an int it is only a name."""

    bits: Any

    def __new__(cls, bits: Any) -> AnyInt:
        symbol = super().__new__(cls, -1 - next(_names))
        symbol.bits = bits
        return symbol

    def __hash__(self) -> int:
        return super().__hash__()

    def __eq__(self, other: object) -> Any:
        return Truth(self.bits == _bits(other))

    def __ne__(self, other: object) -> Any:
        return Truth(self.bits != _bits(other))

    def __lt__(self, other: int) -> Any:
        return Truth(z3.ULT(self.bits, _bits(other)))

    def __le__(self, other: int) -> Any:
        return Truth(z3.ULE(self.bits, _bits(other)))

    def __gt__(self, other: int) -> Any:
        return Truth(z3.UGT(self.bits, _bits(other)))

    def __ge__(self, other: int) -> Any:
        return Truth(z3.UGE(self.bits, _bits(other)))

    def __and__(self, other: int) -> AnyInt:
        return AnyInt(self.bits & _bits(other))


def _bits(value: object) -> Any:
    return value.bits if isinstance(value, AnyInt) else value


class AnyText(bytes):
    """All strings of less than ``size`` bytes, with the NUL after them."""

    def __new__(cls, _: str, __: int) -> AnyText:
        return super().__new__(cls)

    def __init__(self, name: str, size: int) -> None:
        self.bytes = [z3.BitVec(f"{name}{index}", 8) for index in range(size)]

    @property
    def well_formed(self) -> Any:
        following = zip(self.bytes, self.bytes[1:], strict=False)
        return z3.And(self.bytes[-1] == 0, *(z3.Implies(a == 0, b == 0) for a, b in following))

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> Any:
        assert isinstance(other, bytes)
        return Truth(self._at(0, other + b"\0"))

    def __ne__(self, other: object) -> Any:
        return Truth(z3.Not((self == other).formula))

    def startswith(self, prefix: bytes) -> Any:  # type: ignore[override]
        return Truth(self._at(0, prefix))

    def endswith(self, suffix: bytes) -> Any:  # type: ignore[override]
        return Truth(self._anywhere(suffix + b"\0"))

    def __contains__(self, text: object) -> bool:
        assert isinstance(text, bytes)
        return bool(Truth(self._anywhere(text)))

    def _anywhere(self, text: bytes) -> Any:
        return z3.Or([self._at(index, text) for index in range(len(self.bytes))])

    def _at(self, index: int, text: bytes) -> Any:
        if index + len(text) > len(self.bytes):
            return z3.BoolVal(False)
        return z3.And([self.bytes[index + i] == byte for i, byte in enumerate(text)])


class AnySet(frozenset[int]):
    """All sets: membership of each number is a symbol of its own."""

    def __contains__(self, value: object) -> bool:
        return bool(Truth(z3.Bool(f"contains {value!r}")))


class AnyId(str):
    """All container ids: each prefix is a symbol of its own."""

    __slots__ = ()

    def startswith(self, prefix: str) -> Any:  # type: ignore[override]
        return Truth(z3.Bool(f"starts with {prefix}"))


def u32(name: str) -> AnyInt:
    return AnyInt(z3.BitVec(name, 32))


def prove(claim: Any, *premises: Any) -> None:
    """Fail, showing an exception to the claim, unless there is none."""
    solver = z3.Solver()
    solver.set("timeout", 60_000)
    solver.add(*premises, z3.Not(claim))
    found = solver.check()
    assert found == z3.unsat, solver.model() if found == z3.sat else "not decided in a minute"
