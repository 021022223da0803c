# SPDX-License-Identifier: Apache-2.0
"""``scope-oracle`` run in this process, with what it prints and its exit status."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from tracee_ref.oracle.cli import main


class Ran(NamedTuple):
    status: int
    out: str
    err: str


def oracle(*arguments: object) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    status = ended.value.code
    assert isinstance(status, int)
    return Ran(status, out.getvalue(), err.getvalue())
