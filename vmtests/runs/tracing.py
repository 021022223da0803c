"""Running the tracer on a kernel, with a command whose events are known."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vmtests.handlers.tracing import PATH
from vmtests.lab.kernel import Kernel

TRACEE_REF = str(Path(sys.executable).parent / "tracee-ref")
SECONDS = 240.0
"""For one run: an emulated guest that shares the machine with four others is slow."""

ACCOUNT = re.compile(
    r"events: seen (\d+) = filtered (\d+) \+ submitted (\d+) \+ lost (\d+);"
    r" submitted \d+ = delivered (\d+) \+ filtered (\d+) \+ dropped (\d+)"
    r"(?: \+ taken in (\d+))?"
)


@dataclass(frozen=True)
class Account:
    """The sums that the tracer printed at its end.

    ``withheld`` is what user space filtered, ``taken_in`` what only served derived events.
    """

    seen: int
    filtered: int
    submitted: int
    lost: int
    delivered: int
    withheld: int
    dropped: int
    taken_in: int = 0

    def balances(self) -> bool:
        return (
            self.seen == self.filtered + self.submitted + self.lost
            and self.submitted == self.delivered + self.withheld + self.dropped + self.taken_in
        )


@dataclass(frozen=True)
class Traced:
    """What a run of the tracer wrote, with what its command wrote in between."""

    status: int
    stdout: str
    stderr: str

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> Traced:
        """What an agent told of a run."""
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
    kept: bool = False,
    programs: str = "",
) -> Traced:
    """Run the tracer with options that hold no spaces, and a command.

    A run that is ``kept`` serves all tests that ask for the same; ``programs`` names another
    directory for compiled programs.
    """
    argv = [*options.split(), "--", *command]
    request = {"argv": argv, "seconds": SECONDS, "programs": programs}
    result = kernel.ask("tracing.run", request, seconds=SECONDS + 10, kept=kept)
    return Traced.from_reply(result)


def run(kernel: Kernel, argv: Sequence[str]) -> Traced:
    """Run a program on the kernel."""
    request = {"argv": list(argv), "seconds": SECONDS, "env": {"PATH": PATH}}
    result = kernel.ask("basic.run", request, seconds=SECONDS + 10)
    return Traced.from_reply(result)


def python(source: str) -> list[str]:
    """A command that runs Python code, with little else around it."""
    return ["/usr/bin/python3", "-I", "-S", "-c", source]


def arguments(event: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a JSON event by name."""
    return {argument["name"]: argument["value"] for argument in event["args"]}
