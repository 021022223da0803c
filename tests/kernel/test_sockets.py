# SPDX-License-Identifier: Apache-2.0
"""Owners of sockets older than the tracer, from /proc."""

from __future__ import annotations

import os
import socket
import time

from tracee_ref.containers.cgroups import own_hierarchy
from tracee_ref.decode.records import HEADER
from tracee_ref.kernel.attach.cgroup_skb import own_cgroup
from tracee_ref.kernel.seed.sockets import (
    accepted,
    inet_sockets,
    open_sockets,
    read_owner,
    record_header,
    sockets_of_processes,
)
from tracee_ref.model.filters import Condition, Key, Op
from tracee_ref.model.scope import Scope
from tracee_ref.procfs import inner_ids


def test_sockets_owner_is_youngest_process() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socketpair()[0] as pair:
        one.bind(("127.0.0.1", 0))
        inode = os.fstat(one.fileno()).st_ino
        assert {inode, os.fstat(pair.fileno()).st_ino} <= {*open_sockets(os.getpid())}
        assert inode in inet_sockets()
        assert os.fstat(pair.fileno()).st_ino not in inet_sockets()
        go, gate = os.pipe()
        child = os.fork()
        if child == 0:
            os.read(go, 1)
            os._exit(0)
        found = sockets_of_processes()
        os.write(gate, b"x")
        os.waitpid(child, 0)
        # The tracer owns no socket, so its packets are not reported.
        assert inode in found[child]
        assert os.getpid() not in found


def test_sockets_of_processes_deadline() -> None:
    """After the deadline no process is read, and no socket is an IP socket."""
    assert not inet_sockets(time.monotonic())
    assert not sockets_of_processes(time.monotonic())


def test_read_owner_facts() -> None:
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), 19)
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    facts = read_owner(child, own_hierarchy(), track=True)
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert facts is not None
    process = facts.process
    assert (process.pid, process.uid, facts.ppid) == (child, os.getuid(), os.getpid())
    assert os.fsencode(os.uname().nodename).startswith(process.uts)
    assert {child, os.getpid()} <= process.ancestry
    assert not process.tracer
    header = HEADER.unpack(record_header(facts, 701))
    assert header[2] == 701
    assert header[7:10] == (child, child, os.getpid())
    of_root = Condition(Key.UID, Op.EQ, os.getuid())
    scopes = [Scope(3, frozenset(), frozenset({of_root})), Scope(4, frozenset())]
    scopes.append(Scope(5, frozenset(), frozenset({Condition(Key.UID, Op.NE, os.getuid())})))
    assert accepted(scopes, facts.process) == 0b1100


def test_read_owner_tracer_and_exited() -> None:
    facts = read_owner(os.getpid(), own_hierarchy(), track=True)
    assert facts is not None
    assert accepted([Scope(1, frozenset())], facts.process) == 0
    assert read_owner((1 << 22) + 1, own_hierarchy(), track=True) is None


def test_inner_ids() -> None:
    assert inner_ids({"NSpid": "70\t8"}, {"NSpid": "69\t1"}) == (8, 1)
    assert inner_ids({"NSpid": "70\t1"}, {"NSpid": "69"}) == (1, 0)
    assert inner_ids({"NSpid": "70"}, {"NSpid": "69\t5"}) == (70, 69)
    assert inner_ids({"NSpid": "1"}, {}) == (1, 0)


def test_own_cgroup_v2() -> None:
    assert own_cgroup("4:cpu:/x\n0::/user.slice/a\n") == "user.slice/a"
    assert own_cgroup("4:cpu:/x\n") == ""


def test_sockets_owner_of_two_children() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        inode = os.fstat(one.fileno()).st_ino
        go, gate = os.pipe()
        children = [os.fork()]
        if children[0]:
            time.sleep(0.03)  # a later hundredth of a second
            children.append(os.fork())
        if 0 in children:
            os.read(go, 1)
            os._exit(0)
        found = sockets_of_processes()
        os.write(gate, b"xx")
        for child in children:
            os.waitpid(child, 0)
        assert inode in found[children[1]]
        assert inode not in found.get(children[0], [])
