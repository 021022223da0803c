# SPDX-License-Identifier: Apache-2.0
"""Shares of scopes: each kernel computes what tracee_ref/shares.py does."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from tracee_ref.shares import Shares
from vmtests.lab.ensemble import Ensemble

BITS = (0, 9, 10, 63)
SCOPES = sum(1 << bit for bit in BITS)
CAPACITY = 1 << 16
ALIGNMENT = HEADER = 8
"""Of a record in a ring buffer."""

RECORDS = st.lists(
    st.tuples(
        st.integers(1, SCOPES).map(lambda mask: mask & SCOPES or 1 << 9),
        st.integers(1, 5000),
        st.integers(0, 6000),
    ),
    max_size=100,
)
"""Mask, size in bytes, and what the reader has read before."""


@settings(max_examples=30, deadline=None)
@given(RECORDS)
def test_shares_of_kernel(ensemble: Ensemble, drawn: list[tuple[int, int, int]]) -> None:
    positions = accumulate(read for *_, read in drawn)
    records = [(*record[:2], at) for record, at in zip(drawn, positions, strict=True)]
    request = {"scopes": SCOPES, "capacity": CAPACITY, "records": records}
    answers = ensemble.submit("shares.admitted", request)
    shares = Shares(SCOPES, CAPACITY)
    expected = [
        shares.admit(mask, size + HEADER + -size % ALIGNMENT, CAPACITY, position)
        for mask, size, position in records
    ]
    assert {name: answer.result()["admitted"] for name, answer in answers.items()} == (
        dict.fromkeys(answers, expected)
    )
