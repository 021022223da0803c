"""Deviations in what is selected, sent and derived (facts, sections 1.3, 2.7 and 3.8 to 3.11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from model.facts import Event, Process, Shown

from .difference import Deviation, Question

SRC: Final = {("args", "src"): Shown(b"::1", b"::1")}
ATTACH: Final = {("args", "pid"): Shown(7, b"7")}


def of(name: str, process: Process | None = None) -> list[Question]:
    """Return an event, of any process."""
    return [Question(Event(name, process or Process()))]


EVENT_DEVIATIONS: Final[Sequence[Deviation]] = (
    Deviation(
        "set-not-removed", (5,), "1.3",
        "set!= is read and then ignored",
        ("set!=fs",), of("openat"), ("event=openat,getpid",),
    ),
    Deviation(
        "exact-name-over-removal", (5,), "1.3",
        "an event asked for by its exact name stays although it is removed",
        ("event!=openat",), of("openat"), ("event=openat,getpid",),
    ),
    Deviation(
        "earlier-event-takes-bits", (3,), "2.7",
        "of two events that one program checks, the first takes bits from the second",
        ("1:event=security_file_mprotect", "2:event=mem_prot_alert"), of("mem_prot_alert"),
    ),
    Deviation(
        "packets-take-bits", (3,), "2.7",
        "so do the protocols of a packet",
        ("1:event=net_packet_ipv4", "2:event=net_packet_icmp"), of("net_packet_icmp"),
    ),
    Deviation(
        "cgroup-events-of-any-process", (3,), "2.7",
        "cgroup_mkdir and cgroup_rmdir ignore filters on processes",
        ("comm=a",), of("cgroup_mkdir", Process(comm=b"b")), ("event=cgroup_mkdir",),
    ),
    Deviation(
        "container-events-of-any-process", (15,), "2.7",
        "so do the events derived from them",
        ("comm=a",), of("container_create", Process(comm=b"b")), ("event=container_create",),
    ),
    Deviation(
        "derived-with-the-mask-of-its-base", (6, 15), "3.8",
        "a derived event that any scope keeps is sent with the mask of its base",
        ("1:net_packet_icmp.args.src=::2",),
        [Question(Event("net_packet_icmp", Process(), SRC))],
        ("1:event=net_packet_icmp", "2:event=net_packet_icmp"),
    ),
    Deviation(
        "signature-lost-with-its-trigger", (6, 15), "3.10",
        "a filter on the event that triggers a signature takes that away too",
        ("ptrace.args.pid=8",),
        [Question(Event("anti_debugging", Process()), Event("ptrace", Process(), ATTACH))],
        ("event=ptrace,anti_debugging",),
    ),
    Deviation(
        "outside-of-the-pipeline", (2, 3), "3.11",
        "existing_container is shown with mask 0",
        (), of("existing_container"), ("event=existing_container",),
    ),
)  # fmt: skip
