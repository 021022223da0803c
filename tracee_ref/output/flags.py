# SPDX-License-Identifier: Apache-2.0
"""Parser of ``-o`` flags: formats, files and options.

See docs/design/tracee-v0.12-facts.md, 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ..errors import UsageCode, UsageError, did_you_mean
from ..files.written import MODE

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
    "mode=0600": "permissions of new files, in octal digits",
}
UNSUPPORTED_OPTIONS: Final = ("stack-addresses", "exec-hash", "parse-arguments-fds", "sort-events")

STDOUT: Final = "stdout"
STDOUT_PATHS: Final = ("", STDOUT, "/dev/stdout")
MODE_OPTION: Final = "mode="
MODE_DIGITS: Final = re.compile("0?[0-7]{3}")
HELP: Final = "use '--output help' for more info"


@dataclass(frozen=True, slots=True)
class OutputTarget:
    """A key of FORMATS, and the file to write to or None for standard output.

    The paths ``stdout``, as in Tracee v0.12, and ``/dev/stdout`` mean standard output.
    """

    format: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """All that ``-o`` sets; without targets for ``none``.  ``mode`` is that of new files."""

    targets: tuple[OutputTarget, ...]
    options: frozenset[str] = frozenset()
    mode: int = MODE


def parse_outputs(values: Sequence[str]) -> OutputPlan:
    """Return the plan for the values of all ``-o`` flags; raises UsageError.

    The default format is a table on standard output.  Any table, verbose or not, turns on
    parse-arguments.  Files are not opened.
    """
    targets: list[OutputTarget] = []
    options: set[str] = set()
    silent = False
    for value in values:
        name, colon, names = value.partition(":")
        if name == "none":
            silent = _none(value, colon)
        elif name == "option":
            options |= _options(value, names)
        else:
            targets += _targets(value)
    targets = targets or ([] if silent else [OutputTarget("table")])
    # ``none`` uses standard output as well.
    _check_paths([OutputTarget("none")] * silent + targets)
    if any(target.format in TABLES for target in targets):
        options.add("parse-arguments")
    modes = {name for name in options if name.startswith(MODE_OPTION)}
    return OutputPlan(tuple(targets), frozenset(options - modes), _mode(modes))


def _none(value: str, colon: str) -> bool:
    if colon:
        raise _error(value, f"none output does not support path. U{HELP[1:]}")
    return True


def _options(value: str, names: str) -> set[str]:
    if not names:
        raise _error(value, f"option flag can't be empty, {HELP}")
    chosen = set(names.split(","))
    for name in sorted(chosen):
        if name in UNSUPPORTED_OPTIONS:
            raise _error(value, f"the {name} option is not supported yet")
        if name not in OPTIONS and not name.startswith(MODE_OPTION):
            raise UsageError(
                UsageCode.OUTPUT,
                f"invalid output option: {name or repr(name)}, {HELP}"
                f"{did_you_mean(name, (*OPTIONS, MODE_OPTION))}",
            )
    return chosen


def _mode(options: Iterable[str]) -> int:
    """Return the mode that ``mode=`` options set; raises UsageError unless it is one mode."""
    digits = [option.removeprefix(MODE_OPTION) for option in options] or [f"{MODE:o}"]
    if len(digits) > 1 or not MODE_DIGITS.fullmatch(digits[0]):
        raise UsageError(
            UsageCode.OUTPUT,
            f"invalid output option: {MODE_OPTION}{' and '.join(sorted(digits))}; give one mode of"
            f" three octal digits, as in option:mode=0640, {HELP}",
        )
    return int(digits[0], 8)


def _targets(value: str) -> list[OutputTarget]:
    """Parse ``[format:]FORMAT[:PATH[,PATH]]``; raises UsageError for any other output."""
    text = value.removeprefix("format:")
    name, colon, rest = text.partition(":")
    if name in FORMATS:
        paths = rest.split(",")
        if colon and "" in paths:
            raise _error(value, f"format flag can't be empty, {HELP}")
        return [OutputTarget(name, None if path in STDOUT_PATHS else path) for path in paths]
    if name == "gob" or name.startswith("gotemplate="):
        raise _error(value, f"the {name.partition('=')[0]} output is not supported yet")
    if text != value:
        raise _bad_format(value, name)
    unsupported = UNSUPPORTED_OUTPUTS.get(name)
    if unsupported is None:
        near = did_you_mean(name, (*FORMATS, "none", "option:"))
        raise UsageError(
            UsageCode.OUTPUT, f"invalid output flag: {name or repr(name)}, {HELP}{near}"
        )
    raise unsupported(value, name, rest)


def _bad_format(value: str, name: str) -> UsageError:
    if not name:
        return _error(value, f"format flag can't be empty, {HELP}")
    valid = ", ".join(map(repr, FORMATS))
    return UsageError(
        UsageCode.OUTPUT,
        f"unrecognized output format: {name}. Valid format values: {valid}"
        f"{did_you_mean(name, FORMATS)}",
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


UNSUPPORTED_OUTPUTS: Final[Mapping[str, Callable[[str, str, str], UsageError]]] = {
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


def _check_paths(targets: Iterable[OutputTarget]) -> None:
    """Raise UsageError if two targets have one path, or both standard output."""
    seen: set[str | None] = set()
    for target in targets:
        if target.path in seen:
            path = target.path or STDOUT
            raise UsageError(
                UsageCode.OUTPUT, f"cannot use the same path for multiple outputs: {path}, {HELP}"
            )
        seen.add(target.path)


def _error(value: str, reason: str) -> UsageError:
    return UsageError(UsageCode.OUTPUT, f"output {value!r}: {reason}")
