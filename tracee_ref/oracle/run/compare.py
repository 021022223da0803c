# SPDX-License-Identifier: Apache-2.0
"""Comparison of an answer with the expected one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..protocol.encoding import Data, FormatError, read_mask
from ..protocol.scopes import filter_data, read_filter

Expected = Mapping[str, Data]


def difference(kind: str, expect: Expected, answer: Mapping[str, Data]) -> str:
    """Return a phrase on the first difference of an answer; empty if it is as expected.

    Raise FormatError if it does not have the form of an answer of this kind.
    """
    try:
        return COMPARE[kind](expect, answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"not the form of an answer: {type(error).__name__} {error}") from None


def _mask(expect: Expected, answer: Mapping[str, Data]) -> str:
    """Compare masks (rule 2), and ``hex`` if the answer has it."""
    expected, found = read_mask(expect["mask"]), read_mask(answer["mask"])
    if expected != found:
        return f"expected mask {expected}, got {found}: {bits(expected, found)}"
    if answer.get("hex", expect["hex"]) != expect["hex"]:
        return f"expected hex {expect['hex']}, got {answer['hex']!r}"
    return ""


def bits(expected: int, found: int) -> str:
    """Return the scopes that a mask lacks or has in excess, for people."""
    missing, extra = scopes_of(expected & ~found), scopes_of(found & ~expected)
    parts = {"missing": missing, "should not be there": extra}
    return "; ".join(
        f"scope {', '.join(numbers)} {what}" for what, numbers in parts.items() if numbers
    )


def scopes_of(mask: int) -> list[str]:
    """Return the numbers of the scopes in a mask, as strings."""
    return [str(number) for number in range(1, 65) if mask >> (number - 1) & 1]


def _selection(expect: Expected, answer: Mapping[str, Data]) -> str:
    found = [_names(name, expect[name], answer[name]) for name in ("events", "taken_in")]
    return "; ".join(filter(None, found))


def _names(what: str, expected: list[str], found: list[str]) -> str:
    missing, extra = set(expected) - set(found), set(found) - set(expected)
    parts = {"missing": missing, "should not be there": extra}
    phrases = [f"{', '.join(sorted(names))} {word}" for word, names in parts.items() if names]
    return f"{what}: {'; '.join(phrases)}" if phrases else ""


def _grammar(expect: Expected, answer: Mapping[str, Data]) -> str:
    if "error" in expect:
        return _error(expect["error"], answer)
    if "error" in answer:
        return f"expected scopes, got the error {answer['error']['class']!r}"
    expected, found = map(_by_number, (expect["scopes"], answer["scopes"]))
    if expected.keys() != found.keys():
        return f"expected the scopes {sorted(expected)}, got {sorted(found)}"
    phrases = (_scope(number, expected[number], found[number]) for number in sorted(expected))
    return "; ".join(filter(None, phrases))


def _by_number(scopes: list[Data]) -> dict[int, Data]:
    return {scope["number"]: scope for scope in scopes}


def _scope(number: int, expected: Data, found: Data) -> str:
    if expected.get("follow", False) is not found.get("follow", False):
        return f"scope {number}: expected follow {expected.get('follow', False)}"
    if names := _names("events", expected["events"], found["events"]):
        return f"scope {number}: {names}"
    wanted, got = (set(map(read_filter, scope["filters"])) for scope in (expected, found))
    lists = {"missing": wanted - got, "should not be there": got - wanted}
    parts = (
        f"filter {sorted(map(repr, map(filter_data, filters)))} {what}"
        for what, filters in lists.items()
        if filters
    )
    return "; ".join(f"scope {number}: {part}" for part in parts)


def _error(expect: Data, answer: Mapping[str, Data]) -> str:
    if "error" not in answer:
        return f"expected an error of class {' or '.join(expect['classes'])}, got scopes"
    found = answer["error"]
    if found["class"] not in expect["classes"]:
        return f"expected class {' or '.join(expect['classes'])}, got {found['class']!r}"
    for name in ("flag", "scope"):
        if name in expect and found.get(name) != expect[name]:
            return f"expected the error to name {name} {expect[name]!r}, got {found.get(name)!r}"
    return ""


def _trace(expect: Expected, answer: Mapping[str, Data]) -> str:
    expected, found = expect["events"], list(answer["events"])
    for number, (wanted, got) in enumerate(zip(expected, found, strict=False), start=1):
        position = f"event {number} (step {wanted['step']}, {wanted['event']})"
        if (wanted["step"], wanted["event"]) != (got["step"], got["event"]):
            return f"{position}: got step {got['step']}, {got['event']}"
        if wrong := _mask(wanted, got):
            return f"{position}: {wrong}"
    if len(expected) != len(found):
        return f"expected {len(expected)} events, got {len(found)}"
    return ""


def _text(expect: Expected, answer: Mapping[str, Data]) -> str:
    expected, found = expect["text"], answer["text"]
    if not isinstance(found, str):
        raise TypeError("text is no string")
    return "" if found == expected else f"expected {expected!a}, got {found!a}"


COMPARE: Final[Mapping[str, Callable[[Expected, Mapping[str, Data]], str]]] = {
    "decision": _mask,
    "selection": _selection,
    "grammar": _grammar,
    "trace": _trace,
    "text": _text,
}
