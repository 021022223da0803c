# SPDX-License-Identifier: Apache-2.0
"""A list of values equals a flag for each value (rule 4), by the tracer's parser."""

import pytest

pytest.importorskip("msgspec", reason="the tracer's own packages are not here, only the model")

from hypothesis import given
from hypothesis import strategies as st

from tracee_ref.events.catalogue import EventDefinition
from tracee_ref.filters.flag import read_filter
from tracee_ref.filters.parse import build_scopes

CATALOGUE = {"open": EventDefinition(0, "open", True, frozenset({"default"}), (), True)}
NUMBERS = st.integers(0, 2**32 - 2).map(str)
KEYS = {
    **dict.fromkeys(["uid", "pid", "tree", "mntns", "pidns"], NUMBERS),
    **dict.fromkeys(["comm", "uts"], st.sampled_from(["a", "b*", "*c", "*d*"])),
    "binary": st.sampled_from(["/a", "/b", "host:/c", "5:/d"]),
    "container": st.sampled_from(["abc", "def", "012"]),
}
flags = st.sampled_from(sorted(KEYS)).flatmap(
    lambda key: st.tuples(
        st.just(key), st.sampled_from(["=", "!="]), st.lists(KEYS[key], min_size=2, max_size=4)
    )
)


@given(flags)
def test_list_equals_two_flags(flag: tuple[str, str, list[str]]) -> None:
    """A list of values equals a flag for each value."""
    key, op, values = flag
    together = read_filter(f"{key}{op}{','.join(values)}", CATALOGUE)
    apart = [read_filter(f"{key}{op}{value}", CATALOGUE) for value in values]
    assert build_scopes([together], CATALOGUE) == build_scopes(apart, CATALOGUE)
