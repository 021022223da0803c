# SPDX-License-Identifier: Apache-2.0
"""Columns of the tables: headers and formats.

See docs/design/tracee-v0.12-facts.md, 4.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..strings import cell

EVENT_WIDTH: Final = 25


class Containers(Enum):
    """Container columns of a table: none, container and both pids, or the image as well."""

    PLAIN = "plain"
    CONTAINERS = "containers"
    ENRICHED = "enriched"


@dataclass(frozen=True, slots=True)
class Column:
    """Header, ``%`` formats (with the space after the cell) and event fields of a column.

    ``cell`` formats the value of a column of strings; whatever is in it keeps the width.
    """

    header: str
    header_format: str
    row_format: str
    fields: tuple[str, ...]
    cell: Callable[[str], str] | None = None


def text(header: str, width: int, field: str, *, first: int | None = None) -> Column:
    """Return a column of strings, or of the ``first`` characters of strings."""
    return Column(header, f"%-{width}s ", "%s ", (field,), lambda value: cell(value[:first], width))


def wide_text(header: str, width: int, field: str) -> Column:
    """Return a column of strings that longer strings widen."""
    return Column(
        header, f"%-{width}s ", "%s ", (field,), lambda value: cell(value, width, cut=False)
    )


def number(header: str, width: int, field: str) -> Column:
    """Return a column of decimal numbers."""
    return Column(header, f"%-{width}s ", f"%-{width}d ", (field,))


def both(header: str, field: str) -> Column:
    """Return a column with the id in the pid namespace and the id on the host."""
    return Column(f"{header}/host", "%-15s ", "%-7d/%-7d ", (field, f"host_{field}"))


TIME: Final = Column("TIME", "%-16s ", "%-16s ", ())
TIME_END: Final = (TIME.row_format % "HH:MM:SS:uuuuuu").removeprefix("HH:MM:SS:uuuuuu")
"""Padding of the TIME cell: all times have the same length."""
SCOPES: Final = Column("SCOPES", "%-17s ", "%016x  ", ("matched_scopes",))
# As in Tracee v0.12 the header is one wider than the cells: later headers are off by one.
UTS_NAME: Final = Column("UTS_NAME", "%-17s ", "%s ", ("host_name",), lambda name: cell(name, 16))
CONTAINER_ID: Final = text("CONTAINER_ID", 13, "container_id", first=12)
IMAGE: Final = wide_text("IMAGE", 16, "container_image")
SHORT_IMAGE: Final = text("IMAGE", 16, "container_image", first=16)
MNT_NS: Final = number("MNT_NS", 12, "mount_namespace")
PID_NS: Final = number("PID_NS", 12, "pid_namespace")
UID: Final = number("UID", 6, "user_id")
COMM: Final = text("COMM", 16, "process_name")
PID: Final = number("PID", 7, "process_id")
TID: Final = number("TID", 7, "thread_id")
PPID: Final = number("PPID", 7, "parent_process_id")
RET: Final = number("RET", 16, "return_value")
EVENT: Final = wide_text("EVENT", EVENT_WIDTH, "event_name")
SHORT_EVENT: Final = text("EVENT", EVENT_WIDTH, "event_name")
ARGS: Final = Column("ARGS", "%s", "%s", ("args",))
PID_BOTH: Final = both("PID", "process_id")
TID_BOTH: Final = both("TID", "thread_id")
PPID_BOTH: Final = both("PPID", "parent_process_id")

WITH_PLAIN: Final = (CONTAINER_ID, MNT_NS, PID_NS, UID, COMM, PID, TID, PPID)
WITH_BOTH: Final = (MNT_NS, PID_NS, UID, COMM, PID_BOTH, TID_BOTH, PPID_BOTH)

VERBOSE: Final = {
    Containers.PLAIN: (SCOPES, UTS_NAME, *WITH_PLAIN, RET),
    Containers.CONTAINERS: (SCOPES, UTS_NAME, CONTAINER_ID, *WITH_BOTH, RET),
    Containers.ENRICHED: (SCOPES, UTS_NAME, CONTAINER_ID, IMAGE, *WITH_BOTH, RET),
}
"""The columns of table-verbose between TIME and EVENT."""

SHORT_TAIL: Final = (UID, COMM, PID_BOTH, TID_BOTH, RET)

SHORT: Final = {
    Containers.PLAIN: (UID, COMM, PID, TID, RET),
    Containers.CONTAINERS: (CONTAINER_ID, *SHORT_TAIL),
    Containers.ENRICHED: (CONTAINER_ID, SHORT_IMAGE, *SHORT_TAIL),
}
"""The columns of table between TIME and EVENT; there is no SCOPES column."""
