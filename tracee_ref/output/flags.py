# SPDX-License-Identifier: Apache-2.0
"""What the ``-o`` flags ask for: formats, where they go, options (facts, section 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ..errors import UsageCode, UsageError

FORMATS: Final = {
    "table": "one line per event, arguments in printed form",
    "table-verbose": "as table, with scopes, namespaces and the parent",
    "json": "one JSON object per line",
}
TABLES: Final = ("table", "table-verbose")

OPTIONS: Final = {
    "parse-arguments": "print arguments in their printed form, such as O_RDONLY for 0",
    "exec-env": "show the environment of executed programs",
    "relative-time": "count time from the start of tracing",
}
OPTIONS_NOT_YET: Final = ("stack-addresses", "exec-hash", "parse-arguments-fds", "sort-events")

STDOUT: Final = "stdout"
HELP: Final = "use '--output help' for more info"


@dataclass(frozen=True, slots=True)
class Sink:
    """One stream of lines: a key of FORMATS, and a file or (None) standard output.

    The path ``stdout`` means standard output, as upstream's messages call it.
    """

    format: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """Everything that ``-o`` decides; no sinks at all with ``none``."""

    sinks: tuple[Sink, ...]
    options: frozenset[str] = frozenset()


def parse_outputs(values: Sequence[str]) -> OutputPlan:
    """Return the plan for the values of all ``-o`` flags; raise UsageError.

    Without a format that is a table on standard output.  A table anywhere, verbose or not,
    turns parse-arguments on, as the seed document shows it.  Files are not touched.
    """
    sinks: list[Sink] = []
    options: set[str] = set()
    silent = False
    for value in values:
        name, colon, rest = value.partition(":")
        if name == "none":
            silent = _none(value, colon)
        elif name == "option":
            options |= _options(value, rest)
        else:
            sinks += _sinks(value)
    sinks = sinks or ([] if silent else [Sink("table")])
    _check_paths([Sink("none")] * silent + sinks)  # none lays claim to standard output too
    if any(sink.format in TABLES for sink in sinks):
        options.add("parse-arguments")
    return OutputPlan(tuple(sinks), frozenset(options))


def _none(value: str, colon: str) -> bool:
    if colon:
        raise _error(value, f"none output does not support path. U{HELP[1:]}")
    return True


def _options(value: str, names: str) -> set[str]:
    if not names:
        raise _error(value, f"option flag can't be empty, {HELP}")
    chosen = set(names.split(","))
    for name in sorted(chosen):
        if name in OPTIONS_NOT_YET:
            raise _error(value, f"the {name} option is not supported yet")
        if name not in OPTIONS:
            raise UsageError(
                UsageCode.OUTPUT, f"invalid output option: {name or repr(name)}, {HELP}"
            )
    return chosen


def _sinks(value: str) -> list[Sink]:
    """Read ``[format:]FORMAT[:PATH[,PATH]]``, or refuse what is none of ours."""
    text = value.removeprefix("format:")
    name, colon, rest = text.partition(":")
    if name in FORMATS:
        paths = rest.split(",")
        if colon and "" in paths:
            raise _error(value, f"format flag can't be empty, {HELP}")
        return [Sink(name, None if path in ("", STDOUT) else path) for path in paths]
    if name == "gob" or name.startswith("gotemplate="):
        raise _error(value, f"the {name.partition('=')[0]} output is not supported yet")
    if text != value:
        raise _bad_format(value, name)
    refuse = OTHERS.get(name)
    if refuse is None:
        raise UsageError(UsageCode.OUTPUT, f"invalid output flag: {name or repr(name)}, {HELP}")
    raise refuse(value, name, rest)


def _bad_format(value: str, name: str) -> UsageError:
    if not name:
        return _error(value, f"format flag can't be empty, {HELP}")
    known = ", ".join(map(repr, FORMATS))
    return UsageError(
        UsageCode.OUTPUT, f"unrecognized output format: {name}. Valid format values: {known}"
    )


def _network(value: str, name: str, url: str) -> UsageError:
    if not url:
        return _error(value, f"{name} flag can't be empty, {HELP}")
    if not _is_url(url):
        return UsageError(UsageCode.OUTPUT, f'invalid uri for {name} output "{url}". U{HELP[1:]}')
    return _error(value, f"the {name} output is not supported yet")


def _log_file(value: str, name: str, path: str) -> UsageError:
    if not path:
        return _error(value, f"{name} flag can't be empty, {HELP}")
    return _error(value, f"the {name} output is not supported yet")


OTHERS: Final[Mapping[str, Callable[[str, str, str], UsageError]]] = {
    "forward": _network,
    "webhook": _network,
    "log-file": _log_file,
}


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


def _check_paths(sinks: Iterable[Sink]) -> None:
    """Refuse a path, or standard output, that two formats (or none) lay claim to."""
    seen: set[str | None] = set()
    for sink in sinks:
        if sink.path in seen:
            path = sink.path or STDOUT
            raise UsageError(
                UsageCode.OUTPUT, f"cannot use the same path for multiple outputs: {path}, {HELP}"
            )
        seen.add(sink.path)


def _error(value: str, reason: str) -> UsageError:
    return UsageError(UsageCode.OUTPUT, f"output {value!r}: {reason}")
