# SPDX-License-Identifier: Apache-2.0
"""Descriptions of single events, for ``--list EVENT`` and ``--list --json``."""

from __future__ import annotations

import json
import shlex

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.event_details import event_data, event_text
from tracee_ref.events.catalogue import EventDefinition, load_catalogue
from tracee_ref.filters.events import no_missing_feature
from tracee_ref.filters.parse import parse_filters
from tracee_ref.listing import json_listing, named_listing

CATALOGUE = load_catalogue()

OPENAT = """\
openat
  id           257
  sets         fs fs_file_ops syscalls
  hook         end of the system call
  available    yes
  arguments    int dirfd                                number
               const char* pathname                     string
               int flags                                number
               mode_t mode                              number
  example      tracee-ref -f event=openat -f 'openat.args.pathname=/etc/*'
"""


def kprobes(event: EventDefinition) -> str:
    return "kprobes" if event.functions else ""


def test_event_text() -> None:
    """The description of an event to the character."""
    assert event_text(event_data(CATALOGUE["openat"], no_missing_feature)) == OPENAT


def test_event_availability() -> None:
    """What this kernel lacks, what it is derived from, and where it is hooked."""
    text = event_text(event_data(CATALOGUE["security_file_open"], kprobes))
    assert "  available    not here: needs kprobes\n" in text
    assert "  hook         kprobe security_file_open\n" in text
    assert "derived from cgroup_mkdir\n" in event_text(
        event_data(CATALOGUE["container_create"], kprobes)
    )


@pytest.mark.parametrize("name", [name for name, e in CATALOGUE.items() if e.available])
def test_event_example_parses(name: str) -> None:
    """The example of every event is accepted."""
    (row,) = (
        line
        for line in event_text(event_data(CATALOGUE[name], no_missing_feature)).splitlines()
        if line.startswith("  example")
    )
    flags = [word for word in shlex.split(row)[2:] if word != "-f"]
    assert parse_filters(flags, CATALOGUE)


def test_named_listing() -> None:
    """A pattern lists the events that it stands for; a wrong name names the nearest."""
    lines = named_listing("open_*", CATALOGUE, no_missing_feature).splitlines()
    assert lines[0] == f"{len(lines) - 1} events"
    assert lines[1].startswith("open_by_handle_at (int mount_fd, ")
    assert lines[2].startswith("open_tree         (int dfd, ")
    with pytest.raises(UsageError, match="did you mean openat\\?"):
        named_listing("opnat", CATALOGUE, no_missing_feature)


def test_json_listing() -> None:
    """JSON has every event, or those of a name."""
    events = json.loads(json_listing("", CATALOGUE, kprobes))
    assert [event["name"] for event in events] == sorted(CATALOGUE)
    (openat,) = json.loads(json_listing("openat", CATALOGUE, kprobes))
    assert openat["arguments"][1] == {
        "name": "pathname", "type": "const char*", "form": "string",
    }  # fmt: skip
    assert openat["example"] == ["event=openat", "openat.args.pathname=/etc/*"]
    assert {event["needs"] for event in events} == {"", "kprobes"}
