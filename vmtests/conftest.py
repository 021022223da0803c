"""The kernels of a pytest run: ``--kernels host,6.1`` boots all before the first test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vmtests.agent_process import AgentProcess
from vmtests.ensemble import Ensemble, parse_names

REPORT = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    help_text = "kernels to test on, by series, and this machine's own: host,5.10,6.1,7.x"
    parser.addoption("--kernels", default="host", help=help_text)


def kernel_names(config: pytest.Config) -> list[str]:
    return parse_names(config.getoption("--kernels"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Tests of guests are no tests of this machine's kernel."""
    only_host = kernel_names(config) == ["host"]
    return True if only_host and collection_path.name == "test_guest.py" else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = kernel_names(metafunc.config)
    if "kernel_name" in metafunc.fixturenames:
        metafunc.parametrize("kernel_name", names, scope="session")
    if "guest_series" in metafunc.fixturenames:
        guests = [name for name in names if name != "host"]
        metafunc.parametrize("guest_series", guests[:1])  # how guests end is the same for all


@pytest.fixture(scope="session")
def ensemble(pytestconfig: pytest.Config) -> Iterator[Ensemble]:
    """All kernels, booted together; a kernel that does not boot fails what asks for it."""
    with Ensemble(kernel_names(pytestconfig)) as booted:
        yield booted
        pytestconfig.stash[REPORT] = report_lines(booted)


@pytest.fixture
def kernel(ensemble: Ensemble, kernel_name: str) -> AgentProcess:
    """Each kernel of the run in turn: a test that uses this runs once on each."""
    if kernel_name in ensemble.lost:
        raise ensemble.lost[kernel_name]
    return ensemble.members[kernel_name]


def report_lines(ensemble: Ensemble) -> list[str]:
    """One line per kernel: what it was, how long it took, or that it was lost."""
    up = [
        f"{name:<6} {agent.release:<24} up after {agent.boot_seconds:.1f} s"
        + (f", LOST later: {agent.lost_because}" if agent.lost_because else "")
        for name, agent in ensemble.members.items()
    ]
    return up + [f"{name:<6} LOST: {error}" for name, error in ensemble.lost.items()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if lines := terminalreporter.config.stash.get(REPORT, []):
        terminalreporter.section("kernels")
        for line in lines:
            terminalreporter.write_line(line)
