# SPDX-License-Identifier: Apache-2.0
"""Agents: the protocol, the basic requests, and the loss of an agent."""

import os
import signal

import pytest

from vmtests.lab.agent_process import GuestLostError, RequestError
from vmtests.lab.guest import HostGuest
from vmtests.lab.kernel import Answers, Kernel


def test_agent_kernel_release(kernel: Kernel, kernel_name: str) -> None:
    """A guest runs a kernel of its series."""
    release = str(kernel.ask("basic.uname")["release"])
    assert kernel_name == "host" or release.startswith(kernel_name + ".")


def test_agent_ping(kernel: Kernel) -> None:
    """Values of all JSON types come back unchanged."""
    sent = {"text": 'line\nline "ü" \\', "number": 2**64 - 1, "list": [None, True, 0.5]}
    assert kernel.ask("basic.ping", sent) == sent


@pytest.mark.guest_only
def test_agent_guest_only_skips_host(kernel: Kernel, answers: Answers) -> None:
    """Requests of a guest-only test are not sent to this machine."""
    kernel.ask("basic.ping", {"for": "guests"})
    (futures,) = [futures for request, futures in answers.items() if '"guests"' in request]
    assert "host" not in futures


def test_agent_long_line(kernel: Kernel) -> None:
    sent = {"text": "0123456789" * 100_000}
    assert kernel.ask("basic.ping", sent) == sent


def test_run_exit_code_and_outputs(kernel: Kernel) -> None:
    argv = ["sh", "-c", 'cat; echo "$A" >&2; exit 3']
    answer = kernel.ask("basic.run", {"argv": argv, "env": {"A": "b"}, "stdin": "in"})
    assert answer == {"exit": 3, "stdout": "in", "stderr": "b\n"}


def test_run_binary_output(kernel: Kernel) -> None:
    """With ``text`` false, output bytes come back as base64."""
    answer = kernel.ask("basic.run", {"argv": ["printf", r"\377\000"], "text": False})
    assert answer["stdout"] == "/wA="


def test_run_timeout(kernel: Kernel) -> None:
    """A command that takes too long is killed with its children."""
    argv = ["sh", "-c", "echo first; sleep 100 & sleep 100"]
    answer = kernel.ask("basic.run", {"argv": argv, "seconds": 1}, seconds=20)
    assert answer == {"exit": None, "stdout": "first\n", "stderr": ""}


@pytest.mark.parametrize(
    ("request_name", "message"), [("basic.nothing", "KeyError"), ("no_such.thing", "no_such")]
)
def test_agent_unknown_request(kernel: Kernel, request_name: str, message: str) -> None:
    """An unknown request is an error; the agent continues."""
    with pytest.raises(RequestError, match=message):
        kernel.ask(request_name)
    assert kernel.ask("basic.ping", {"still": "there"}) == {"still": "there"}


def test_agent_output_of_children() -> None:
    """Output of handlers and children goes to the console, not to the protocol."""
    argv = ["sh", "-c", 'echo \'{"id": 1, "result": {}}\' >/proc/$PPID/fd/1']
    with HostGuest().wait_until_up() as agent:
        assert agent.ask("basic.run", {"argv": argv})["exit"] == 0
        assert agent.ask("basic.ping", {"a": 1}) == {"a": 1}
    assert '"result": {}' in agent.console.read_text()


def test_agent_killed_is_lost() -> None:
    """A request to a killed agent raises GuestLostError."""
    with HostGuest().wait_until_up() as agent:
        os.killpg(agent.pid, signal.SIGKILL)
        with pytest.raises(GuestLostError, match="ended unexpectedly"):
            agent.ask("basic.ping")


def test_agent_silent_is_lost() -> None:
    """An agent that does not answer in time is killed."""
    with HostGuest().wait_until_up() as agent:
        with pytest.raises(GuestLostError, match=r"host: no answer in 0\.5 s"):
            agent.ask("basic.run", {"argv": ["sleep", "50"]}, seconds=0.5)
        with pytest.raises(GuestLostError, match="lost before"):
            agent.ask("basic.ping")


def test_agent_not_reading_is_lost() -> None:
    """A send to an agent that does not read times out."""
    with HostGuest().wait_until_up() as agent:
        agent.send("basic.run", {"argv": ["sleep", "50"]})
        with pytest.raises(GuestLostError, match="no answer in 1 s"):
            agent.send("basic.ping", {"text": "x" * 1_000_000}, seconds=1)
