# SPDX-License-Identifier: Apache-2.0
"""Consumer of ``scope-oracle run`` that runs the BPF matcher in the kernel.

    scope-oracle run -- python -m vmtests.consumer      # as root, on the kernel to be tested

The matcher runs under BPF_PROG_TEST_RUN.  It answers decisions about processes only, not cases of
event fields, event selection, flags or process life.  docs/reference/oracle-protocol.md has the
protocol.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from string import hexdigits
from typing import IO, Any, Final

from tracee_ref.model.facts import Process
from tracee_ref.model.scope import ContainerId, Scope
from tracee_ref.oracle.protocol.encoding import mask_data
from tracee_ref.oracle.protocol.facts import read_event
from tracee_ref.oracle.protocol.scopes import read_scopes
from tracee_ref.tables.compile import keys_beyond_exact
from vmtests.decision_program import ANCESTORS, compile_all_tables
from vmtests.handlers.decisions import roomy_program

FEATURES: Final = (
    "decision", "comm", "uts", "uid", "pid", "mntns", "pidns", "binary", "container", "tree",
    "pid-new", "container-new", "container-id", "binary-mntns", "wildcards", "follow", "tracer",
    "raw-bytes",
)  # fmt: skip
HEX: Final = frozenset(hexdigits.lower())
HELLO: Final[Mapping[str, Any]] = {
    "type": "hello", "protocol": 1, "name": "tracee-ref-kernel", "version": "1",
    "features": FEATURES,
}  # fmt: skip


class Matcher:
    """The BPF matcher, with the tables of the last scopes loaded."""

    def __init__(self) -> None:
        self._loaded: tuple[bool, tuple[Scope, ...]] | None = None
        self._numbers: dict[str, int] = {}

    def answer(self, case: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the reply to a case, without its id."""
        scopes, event = read_scopes(case["scopes"]), read_event(case["event"])
        if reason := unsupported(scopes, event.process):
            return {"type": "skipped", "reason": reason}
        single = not keys_beyond_exact(scopes)
        program = roomy_program(single=single)
        if self._loaded != (single, scopes):
            names = sorted({name for scope in scopes for name in scope.events} | {event.name})
            self._numbers = {name: number for number, name in enumerate(names, start=1)}
            program.fill(compile_all_tables(scopes, single=single), self._numbers)
            self._loaded = single, scopes
        number = self._numbers.get(event.name, len(self._numbers) + 1)
        return {"type": "answer", **mask_data(program.ask(number, event.process))}


def unsupported(scopes: Iterable[Scope], process: Process) -> str:
    """Return why the BPF program cannot represent a process; empty if it can."""
    if len(process.ancestry) > ANCESTORS:
        return f"more than {ANCESTORS} ancestors"
    if process.container is None:
        return ""
    id_ = process.container.id
    if not set(id_) <= HEX:
        return "a container id that is not hexadecimal"
    values = (condition.value for scope in scopes for condition in scope.conditions)
    prefixes = (value.prefix for value in values if isinstance(value, ContainerId))
    if any(len(prefix) > len(id_) and prefix.startswith(id_) for prefix in prefixes):
        return "a container id with fewer digits than a filter names; real ones have 64"
    return ""


def serve(lines: Iterable[str], output: IO[str]) -> None:
    """Answer every message of ``lines`` until the input ends."""
    matcher = Matcher()
    for line in lines:
        message = json.loads(line)
        is_hello = message["type"] == "hello"
        reply = HELLO if is_hello else {"id": message["id"], **matcher.answer(message)}
        print(json.dumps(reply), file=output, flush=True)


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
