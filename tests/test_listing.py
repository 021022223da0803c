# SPDX-License-Identifier: Apache-2.0
"""Output of ``--list``."""

from __future__ import annotations

from tracee_ref.events.catalogue import EventDefinition, load_catalogue
from tracee_ref.filters.events import MissingFeature, no_missing_feature
from tracee_ref.listing import listing


def without_functions(event: EventDefinition) -> str:
    return "magic" if event.functions else ""


def sections(missing_feature: MissingFeature = without_functions) -> dict[str, list[str]]:
    parts = [
        part.splitlines()
        for part in listing(load_catalogue(), missing_feature).strip().split("\n\n")
    ]
    return {lines[0]: lines[1:] for lines in parts}


def test_listing_sections() -> None:
    """The sections in order."""
    everywhere = ["System Calls", "Other Events", "Sets", "Not supported yet"]
    assert list(sections(no_missing_feature)) == everywhere
    assert list(sections()) == [*everywhere[:2], "Unavailable here: needs magic", *everywhere[2:]]


def test_listing_lines() -> None:
    """Lines to the character."""
    assert sections()["System Calls"][:2] == [
        "NAME                           SETS                                     ARGUMENTS",
        "read                           fs fs_read_write syscalls                "
        "(int fd, void* buf, size_t count)",
    ]
    assert (
        "sched_process_exit             proc proc_life                           "
        "(long exit_code, bool process_group_exit)"
    ) in sections()["Other Events"]
    default = [e for e in load_catalogue().values() if "default" in e.sets and e.available]
    hooked = sum(bool(event.functions) for event in default)
    assert hooked == 5
    assert f"default                        {len(default) - hooked} of 41" in sections()["Sets"]
    assert (
        f"default                        {len(default)} of 41"
        in sections(no_missing_feature)["Sets"]
    )
    assert "32bit_unique                   86 of 86" in sections()["Sets"]


def test_listing_has_each_event_once() -> None:
    """An event is listed once and where it belongs."""
    found = sections()
    traced = [line.split()[0] for title in list(found)[:2] for line in found[title][1:]]
    missing = " ".join(found["Not supported yet"]).split()
    unavailable = " ".join(found["Unavailable here: needs magic"]).split()
    assert sorted(unavailable) == sorted(e.name for e in load_catalogue().values() if e.functions)
    assert sorted(traced + unavailable + missing) == sorted(load_catalogue())
    assert len(found["System Calls"]) == 1 + 471
    assert "net_packet_icmp" in traced
    assert "sched_process_exec" in traced
