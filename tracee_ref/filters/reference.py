# SPDX-License-Identifier: Apache-2.0
"""The page docs/guide/filters.md, made from the tables that parsing uses.

``python -m tracee_ref.filters.reference >docs/guide/filters.md`` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from model.scope import COMM_BYTES, MAX_SCOPES

from . import fields, values
from .kinds import KINDS, Kind
from .limits import MAX_STATES, MAX_VALUES

HEAD: Final = f"""\
# Filters

This page is made from the table that the parser uses (`python -m tracee_ref.filters.reference`);
`-f help` prints the same. The numbers of rules are those of
[semantics.md](../reference/semantics.md).

    -f [SCOPE:]NAME OPERATOR VALUE[,VALUE...]

`-f` may be given many times; the order never matters. Quote `*`, `<`, `>` and `!` for the shell.

## Scopes

- A scope is a number from 1 to {MAX_SCOPES} before a `:`; a filter without one belongs to scope 1.
- A scope matches an event if it selects the event and all its filters hold (AND). Scopes know
  nothing of each other; an event is shown once if any matches, with the mask of those that do:
  bit N-1 is scope N.
- Events are selected by `event` and `set`; a scope with neither has the set named `default`.
  Leaving out (`!=`) wins over adding (`=`), and a scope that is left without events is an error.
- Without any `-f`: scope 1 with the default set.

## Lists and several filters of a kind

`K=A,B` is the same as `K=A` and `K=B`: all `=` values of a kind in a scope are alternatives. Every
other operator and value is a condition of its own, and all hold together (rule 4). So `uid=0,5` is
either, `uid!=0,5` neither, `uid>0` with `uid<10` is 1 to 9, `uid>5,10` is above 10, and `uid=5`
with `uid>10` is nothing. For filters on an event, read: field of an event, in place of kind.
"""

TEXTS: Final = f"""\
A text may have one `*` before it, one after it, or both; elsewhere `*` is an error. The text itself
must not be empty: `*` and `**` alone are errors. There is no way to write a `,` in a value, a `*`
at its ends, or a `:` in a path. Names of threads and hosts are compared as the kernel holds them
for us, in {COMM_BYTES} bytes; a longer text is an error, as it could never match.

Numbers are decimal and may begin with zeros: `uid=007` is `uid=7`. A `+` may stand before a scope
(`+1:uid=5`) and before a number in a filter on an event (`openat.retval=+5`), nowhere else. What
`=` and `!=` compare an argument with is no number but a text: `openat.args.flags=007` is not 7.
"""

FIELDS_HEAD: Final = """\
These filters look at one event, in their scope only: `openat.args.flags=O_RDONLY`. They do not add
the event, and one on an event that its scope does not select is an error (rule 6). What is derived
from the event is not filtered with it. A value that could not be read fulfils no filter (rule 18).

- `EVENT.args.NAME`: the names are those that the event prints. Compared are the raw value in
  decimal and the printed form: `openat.args.flags=0` is the same as `=O_RDONLY` (rule 7). `<` and
  the like are for numbers.
- `EVENT.retval`: what the call returned, a number with sign; an error is its negative number.
- `EVENT.context.FIELD`, by the names of the JSON output:
"""

LIMITS: Final = f"""\
## Limits

- Scopes: {MAX_SCOPES}.
- Values of one kind, in all scopes together: {MAX_VALUES:,}, the same value counted once.
- `comm` and `uts`, where any scope uses `*` with them: texts of {MAX_STATES:,} bytes together,
  counting one more for each without a `*` behind it.
- A path of `binary`: {values.PATH_BYTES} bytes. A longer path of a program equals no value.
- `uid`, `pid`, `tree`, INODE of `binary`: numbers of 32 bits; `mntns`, `pidns`: of 64 bits.

## Errors

What cannot be read, could never hold, or is more than the limits is refused before anything is
traced: one line on standard error that names the flag and the remedy, and exit status 2.
"""


def reference() -> str:
    """Return the page."""
    parts = [HEAD, "## Kinds\n", _kinds(), TEXTS, "## Examples\n", _examples()]
    return "\n".join([*parts, "## Filters on an event\n", FIELDS_HEAD + _fields(), LIMITS])


def _kinds() -> str:
    rows = (
        [_code(k.form), _others(k), _operators(k), _prose(k.takes), _prose(k.summary)]
        for k in KINDS
    )
    return _table(["Filter", "or", "Operators", "Values", "What it is about"], rows)


def _examples() -> str:
    return _table(["Example", "Shows"], ([_code(k.command), _prose(k.selects)] for k in KINDS))


def _fields() -> str:
    short: dict[str, list[str]] = {}
    for alias, name in fields.ALIASES.items():
        short.setdefault(name, []).append(alias)
    groups = {"numbers": fields.NUMBERS, "texts": fields.TEXTS, "without a value": fields.CONTAINER}
    lines = []
    for title, names in groups.items():
        shown = (" or ".join(map(_code, [name, *short.get(name, [])])) for name in sorted(names))
        lines.append(f"  - {title}: {', '.join(shown)}\n")
    return "".join(lines)


def _others(kind: Kind) -> str:
    return " ".join(map(_code, sorted(kind.spellings - {kind.form}, key=len)))


def _operators(kind: Kind) -> str:
    return " ".join(_code(op.value) for op in kind.operators) or "none"


def _code(text: str) -> str:
    return f"`{text}`"


def _prose(text: str) -> str:
    """Return a text in which no ``*`` begins what Markdown prints slanted."""
    return text.replace("*", r"\*")


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    print(reference(), end="")
