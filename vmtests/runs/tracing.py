# SPDX-License-Identifier: Apache-2.0
"""Runs of the tracer on a kernel, with a command to trace."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from vmtests.handlers.tracing import PATH
from vmtests.lab.kernel import Kernel

TRACEE_REF = str(Path(sys.executable).parent / "tracee-ref")
MISSING = "/proc/missing"
"""A path that no machine has: files of /proc are the kernel's."""

TEMPORARY = f"/tmp/tracee-ref-{uuid4().hex}"
"""Prefix of new files, the same on all kernels of a test run."""

TIMEOUT_SECONDS = 240.0
"""Timeout of one run: an emulated guest that shares the machine with four others is slow."""

ACCOUNT = re.compile(
    r"events: seen (\d+) = filtered (\d+) \+ submitted (\d+) \+ lost (\d+);"
    r" submitted \d+ = delivered (\d+) \+ filtered (\d+) \+ dropped (\d+)"
    r"(?: \+ dependencies (\d+))?"
)


@dataclass(frozen=True)
class Account:
    """The event counts that the tracer printed at its end.

    ``withheld`` events were filtered in user space; ``dependencies`` only served to derive
    others.
    """

    seen: int
    filtered: int
    submitted: int
    lost: int
    delivered: int
    withheld: int
    dropped: int
    dependencies: int = 0

    def balances(self) -> bool:
        return (
            self.seen == self.filtered + self.submitted + self.lost
            and self.submitted == self.delivered + self.withheld + self.dropped + self.dependencies
        )


@dataclass(frozen=True)
class Traced:
    """Exit status and output of a run of the tracer and its command."""

    status: int
    stdout: str
    stderr: str

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> Traced:
        return cls(reply["exit"], reply["stdout"], reply["stderr"])

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if line.startswith('{"timestamp"')]

    @property
    def account(self) -> Account:
        found = ACCOUNT.search(self.stderr)
        assert found, self.stderr
        return Account(*map(int, found.groups(default="0")))


def trace(
    kernel: Kernel,
    options: str,
    command: Sequence[str],
    *,
    cached: bool = False,
    programs: str = "",
) -> Traced:
    """Run the tracer with ``options``, which are split at spaces, on a command.

    A ``cached`` run serves all tests with the same options and command; ``programs`` is another
    directory for compiled programs.
    """
    argv = [*options.split(), "--", *command]
    request = {"argv": argv, "seconds": TIMEOUT_SECONDS, "programs": programs}
    result = kernel.ask("tracing.run", request, seconds=TIMEOUT_SECONDS + 10, cached=cached)
    return Traced.from_reply(result)


def run(kernel: Kernel, argv: Sequence[str]) -> Traced:
    request = {"argv": list(argv), "seconds": TIMEOUT_SECONDS, "env": {"PATH": PATH}}
    result = kernel.ask("basic.run", request, seconds=TIMEOUT_SECONDS + 10)
    return Traced.from_reply(result)


def python(source: str) -> list[str]:
    """Return a command that runs Python code, isolated and without site packages."""
    return ["/usr/bin/python3", "-I", "-S", "-c", source]


def arguments(event: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a JSON event by name."""
    return {argument["name"]: argument["value"] for argument in event["args"]}
