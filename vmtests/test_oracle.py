# SPDX-License-Identifier: Apache-2.0
"""BPF matcher of each kernel as a consumer of the oracle's vectors."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tracee_ref.oracle.protocol.vector import CORPUS
from vmtests.lab.kernel import Kernel

PROJECT = Path(__file__).parent.parent
CONSUMER = [sys.executable, "-m", "vmtests.consumer"]
ORACLE = [sys.executable, "-m", "tracee_ref.oracle", "run", "--case-seconds", "120"]
FEATURES = ("comm", "uts", "uid", "pid", "mntns", "pidns", "binary", "container", "tree", "follow")


@pytest.mark.oldest_and_newest
def test_oracle_kernel_matcher(kernel: Kernel) -> None:
    """The matcher gives the masks of the vectors; guests run only those written by hand."""
    by_hand = [] if kernel.name == "host" else ["--vectors", str(CORPUS / "decision.jsonl")]
    argv = [*ORACLE, *by_hand, "--start-seconds", "120", "--kind", "decision", "--", *CONSUMER]
    ask = kernel.ask if by_hand else kernel.ask_alone  # guests would take a minute for all
    answer = ask("basic.run", {"argv": argv, "cwd": str(PROJECT), "seconds": 600}, seconds=630)
    assert answer["exit"] == 0, answer["stdout"][-3000:] + answer["stderr"][-1000:]
    agreed = {row[0]: int(row[1]) for row in rows(answer["stdout"]) if row[1].isdigit()}
    assert agreed["total"] > (300 if by_hand else 1000)
    assert all(agreed[name] > 5 for name in FEATURES)


def rows(text: str) -> list[list[str]]:
    """Return the rows of the table of features, with the total."""
    start = text.index("\nfeature ")
    return [line.split() for line in text[start:].splitlines() if len(line.split()) == 5][1:]
