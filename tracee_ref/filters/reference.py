# SPDX-License-Identifier: Apache-2.0
"""Generator of docs/guide/filters.md, from the tables of the parser.

``python -m tracee_ref.filters.reference >docs/guide/filters.md`` writes the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..model.scope import COMM_BYTES, MAX_SCOPES
from ..tables.compile import PATH_BYTES
from . import fields
from .kinds import FILTER_KINDS, Kind
from .limits import MAX_STATES, MAX_VALUES

HEAD: Final = f"""\
# Filters

This page is for users of `-f`. It is generated from the table of the parser
(`python -m tracee_ref.filters.reference`); `tracee-ref -f help` prints the same in short. Rules are
those of [semantics.md](../reference/semantics.md).

    -f [SCOPE:]NAME OPERATOR VALUE[,VALUE...]

You can give `-f` many times; the order does not matter. Quote `*`, `<`, `>` and `!` for the shell.

## Scopes

- A scope is a number from 1 to {MAX_SCOPES} before a `:`; a filter without one belongs to scope 1.
- A scope matches an event if it selects the event and all its filters hold (AND). Scopes are
  independent of each other. An event is printed once if any scope matches it, with the mask of
  the scopes that do: bit N-1 is scope N.
- Events are selected by `event` and `set`; a scope with neither has the set named `default`.
  Exclusion (`!=`) wins over selection (`=`), and a scope without any event is an error.
- Without any `-f`: scope 1 with the default set.

## Lists, and several filters of one kind

`K=A,B` is the same as `K=A` and `K=B`: all `=` values of a kind in a scope are alternatives. Each
other operator-value pair is a separate condition, and all conditions must hold (rule 4):

- `uid=0,5` is either, `uid!=0,5` neither
- `uid>0` with `uid<10` is 1 to 9
- `uid>5,10` is above 10
- `uid=5` with `uid>10` matches nothing

In filters on an event, a kind is one field of one event.
"""

VALUES: Final = f"""\
A string may have one `*` before it, one after it, or both; `*` elsewhere is an error, and so is an
empty string: `*` and `**` alone. A value cannot contain `,`, a string cannot begin or end with a
literal `*`, and a path cannot contain `:`. Names of threads and hosts are compared up to
{COMM_BYTES} bytes; a longer value is an error, because it could never match.

Numbers are decimal, with optional leading zeros: `uid=007` is `uid=7`. A `+` is allowed before a
scope (`+1:uid=5`) and before a number in a filter on an event (`openat.retval=+5`), nowhere else.
`=` and `!=` compare an argument with a string, not a number: `openat.args.flags=007` is not 7.
"""

FIELDS_HEAD: Final = """\
These filters apply to one event, in their scope only: `openat.args.flags=O_RDONLY`. They do not
select the event, and a filter on an event that its scope does not select is an error (rule 6).
Events derived from the event are not filtered by them. No filter holds for a value that could not
be read (rule 18).

- `EVENT.args.NAME`: an argument, by its name in the output. A number is compared in
  decimal and in its symbolic form: `openat.args.flags=0` is the same as `=O_RDONLY` (rule 7). `<`,
  `<=`, `>` and `>=` are for numbers.
- `EVENT.retval`: the return value of the syscall, a signed number; an error is negative.
- `EVENT.context.FIELD`, by its name in the JSON output:
"""

LIMITS: Final = f"""\
## Limits

- Scopes: {MAX_SCOPES}.
- Values of one kind, in all scopes together: {MAX_VALUES:,}; the same value counts once.
- `comm` and `uts`, if any scope uses `*` with them: strings of {MAX_STATES:,} bytes together, plus
  one for each without a `*` after it.
- A path of `binary`: {PATH_BYTES} bytes. An executable with a longer path matches no value.
- `uid`, `pid`, `tree`, INODE of `binary`: numbers of 32 bits; `mntns`, `pidns`: of 64 bits.

## Errors

A flag with a syntax error, with a value that could never match, or beyond the limits is an error
before tracing starts: one line on standard error that names the flag and the remedy, and exit
status 2. So is a prefix of a container's id that is not hexadecimal.

Filters of a scope on one fact that can never hold together (`uid=0` with `uid!=0`) are a warning
on standard error that names the scope, and tracing goes on. So is a path of `binary` that the
kernel resolves to another one here, that of a directory, and that of a script, whose executable is
its interpreter. So is the name of a number that is never printed, such as `O_RDNLY`, or `O_CREAT`
and `O_CREAT|O_WRONLY` for `openat`: the warning has the printed form, `O_WRONLY|O_CREAT`.
"""


def reference() -> str:
    """Return the page."""
    parts = [HEAD, "## Kinds\n", _kinds(), VALUES, "## Examples\n", _examples()]
    return "\n".join([*parts, "## Filters on an event\n", FIELDS_HEAD + _fields(), LIMITS])


def _kinds() -> str:
    rows = (
        [_code(k.form), _others(k), _operators(k), _prose(k.takes), _prose(k.summary)]
        for k in FILTER_KINDS
    )
    return _table(["Filter", "or", "Operators", "Values", "Compares"], rows)


def _examples() -> str:
    return _table(
        ["Example", "Selects"], ([_code(k.command), _prose(k.selects)] for k in FILTER_KINDS)
    )


def _fields() -> str:
    short: dict[str, list[str]] = {}
    for alias, name in fields.ALIASES.items():
        short.setdefault(name, []).append(alias)
    groups = {
        "numbers": fields.NUMBER_FIELDS,
        "strings": fields.STRING_FIELDS,
        "without a value": fields.CONTAINER,
    }
    lines = []
    for title, names in groups.items():
        names_of = (" or ".join(map(_code, [name, *short.get(name, [])])) for name in sorted(names))
        lines.append(f"  - {title}: {', '.join(names_of)}\n")
    return "".join(lines)


def _others(kind: Kind) -> str:
    return " ".join(map(_code, sorted(kind.spellings - {kind.form}, key=len)))


def _operators(kind: Kind) -> str:
    return " ".join(_code(op.value) for op in kind.operators) or "none"


def _code(text: str) -> str:
    return f"`{text}`"


def _prose(text: str) -> str:
    """Return the text with each ``*`` escaped for Markdown."""
    return text.replace("*", r"\*")


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    print(reference(), end="")
