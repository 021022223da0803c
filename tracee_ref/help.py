# SPDX-License-Identifier: Apache-2.0
"""Help for ``-f`` and ``-o``, generated from the tables of their parsers."""

from __future__ import annotations

import textwrap

from .filters.kinds import FILTER_KINDS, Kind
from .output.flags import FORMATS, OPTIONS

FILTER_HEAD = """\
-f [SCOPE:]NAME OPERATOR VALUE[,VALUE...]    (may be given many times)

A scope is a number from 1 to 64; a filter without one belongs to scope 1. All filters of
a scope must hold; the values of '=', separated by commas, are alternatives. An event is
printed once if any scope matches it, with the mask of the scopes that do. Quote '*', '<',
'>' and '!' for the shell. Without -f: scope 1 with the default set of events.
"""

FILTER_EXAMPLES = """\
Examples:
  -f event=openat -f comm=cat           openat calls of cat
  -f 'uid>=1000' -f 'uid!=65534'        the default set, of ordinary users
  -f 42:event=sched_process_exec -f 42:binary=/usr/bin/ls
                                        executions of ls, in scope 42
  -f 1:set=fs -f 2:event=ptrace         two scopes, independent of each other
"""

OUTPUT_EXAMPLES = """\
Examples:
  -o json                               JSON lines on standard output
  -o table -o json:/tmp/events.json     a table on standard output, and a file
  -o table-verbose -o option:exec-env,relative-time
"""


def filter_help() -> str:
    """Return the text of ``-f help``."""
    return "\n".join([FILTER_HEAD, *map(_kind, FILTER_KINDS), FILTER_EXAMPLES])


def output_help() -> str:
    """Return the text of ``-o help``."""
    formats = "".join(f"  {name:<18}{text}\n" for name, text in FORMATS.items())
    options = "".join(f"  {name:<18}{text}\n" for name, text in OPTIONS.items())
    return (
        "-o [format:]FORMAT[:PATH[,PATH...]] | none | option:NAME[,NAME...]\n\n"
        "Without a path, events go to standard output; the default is table. none prints no\n"
        "events. Files are appended to; new ones have mode 0600. A path may be fifo:PATH, a\n"
        "device in /dev, or a descriptor: /dev/stderr, /dev/fd/3. A symbolic link in a\n"
        "directory that others can write, and a file of another user, are refused.\n\n"
        f"Formats:\n{formats}\nOptions:\n{options}\n{OUTPUT_EXAMPLES}"
    )


def _kind(kind: Kind) -> str:
    """Return the paragraph of a kind: name, meaning, operators, values and an example."""
    operators = " ".join(op.value for op in kind.operators) or "none"
    return (
        f"{kind.form}{_short(kind)}\n"
        f"{_wrapped(kind.summary)}\n"
        f"{_wrapped(f'operators: {operators}; values: {kind.takes}')}\n"
        f"    e.g. {kind.command}\n"
        f"{_wrapped(f'selects {kind.selects}')}\n"
    )


def _short(kind: Kind) -> str:
    """Return the shortest name, if it is not the first one."""
    shortest = min(kind.spellings, key=len, default=kind.form)
    return "" if shortest == kind.form else f" (or {shortest})"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 92, initial_indent=" " * 4, subsequent_indent=" " * 4)
