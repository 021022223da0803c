# SPDX-License-Identifier: Apache-2.0
"""Fixtures and options of tests on kernels, such as ``--kernels host,6.1``."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from vmtests.lab.ensemble import Ensemble, parse_names
from vmtests.lab.features import unjustified
from vmtests.lab.kernel import Answers, Kernel
from vmtests.runs.matrix import KernelResult, report_lines, write_json

MATRIX = pytest.StashKey[dict[str, KernelResult]]()
NO_PARAMETERS = SimpleNamespace(params={})
SECONDS_TO_VERIFY = 300.0
BOOTING = ("test_guest.py", "test_lockdown.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    help_text = (
        "comma-separated kernel series to test on; host is this machine's own: host,5.10,7.x"
    )
    parser.addoption("--kernels", default="host", help=help_text)
    plans = "random workload plans traced on each kernel; the full run has 200"
    parser.addoption("--plans", type=int, default=20, help=plans)
    soak = "seconds that the soak test traces the default set under load in each guest"
    parser.addoption("--soak", type=float, default=5, help=soak)
    report = (
        "write the matrix as JSON, with the number of instructions that each verifier processed"
    )
    parser.addoption("--report", type=Path, help=report)


def pytest_configure(config: pytest.Config) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that fixtures end the guests
    config.stash[MATRIX] = {name: KernelResult(name) for name in kernel_names(config)}


def kernel_names(config: pytest.Config) -> list[str]:
    return parse_names(config.getoption("--kernels"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore the tests that boot guests of their own in a run without a guest."""
    alone = kernel_names(config) == ["host"]
    return True if alone and collection_path.name in BOOTING else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = kernel_names(metafunc.config)
    if "kernel_name" in metafunc.fixturenames:
        metafunc.parametrize("kernel_name", names, scope="session")
    guests = [name for name in names if name != "host"]
    if "boundary_series" in metafunc.fixturenames:
        metafunc.parametrize("boundary_series", dict.fromkeys([*guests[:1], *guests[-1:]]))
    if "guest_series" in metafunc.fixturenames:
        metafunc.parametrize(
            "guest_series", guests[:1]
        )  # guests end in the same way on every kernel


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that are not meant for their kernel, and sort the others."""
    names = kernel_names(config)
    deselected = [item for item in items if not is_for(kernel_of(item), names, item)]
    items[:] = [item for item in items if item not in deselected]
    items.sort(key=sort_key)
    config.hook.pytest_deselected(items=deselected)


def sort_key(item: pytest.Item) -> int:
    """Return the rank of a test: this machine's first, so that guests work meanwhile.

    Tests of containers are last: the cgroup hierarchies that they mount cannot be unmounted.
    """
    if item.path.name == "test_containers.py":
        return 3
    if item.path.name in BOOTING:
        return 1
    return 0 if kernel_of(item) == "host" else 2


def is_for(kernel: str | None, names: Sequence[str], item: pytest.Item) -> bool:
    """Return whether the markers of a test allow it on ``kernel``."""
    guests = [name for name in names if name != "host"]
    if item.get_closest_marker("guest_only" if kernel == "host" else "host_only"):
        return False
    return kernel not in guests[1:-1] or not item.get_closest_marker("oldest_and_newest")


def kernel_of(item: pytest.Item) -> str | None:
    """Return the kernel that a test runs on; None if it uses all of them, or none."""
    name: str | None = getattr(item, "callspec", NO_PARAMETERS).params.get("kernel_name")
    return name


@pytest.fixture(scope="session")
def ensemble(request: pytest.FixtureRequest) -> Iterator[Ensemble]:
    """Start all kernels; tests of a kernel that does not boot fail."""
    config, session = request.config, request.session
    with Ensemble(kernel_names(config)) as booted:
        yield booted
        interrupted = session.exitstatus == pytest.ExitCode.INTERRUPTED
        if not interrupted and not session.shouldfail:  # with -x, requests may still be queued
            complete(config.stash[MATRIX], booted, verify=bool(config.getoption("--report")))


@pytest.fixture(scope="session")
def answers() -> Answers:
    """Return the answers that kernels gave before the test on them ran."""
    return {}


@pytest.fixture
def kernel(
    request: pytest.FixtureRequest,
    ensemble: Ensemble,
    kernel_name: str,
    answers: Answers,
) -> Kernel:
    """Return one kernel of the run; a test that uses this runs once on each."""
    names = kernel_names(request.config)
    concerned = [name for name in ensemble.members if is_for(name, names, request.node)]
    return Kernel(kernel_name, ensemble, answers, concerned)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Record the outcome in the matrix rows of the kernels that the test ran on."""
    report = yield
    if report.when == "call" or report.outcome != "passed":
        rows = item.config.stash[MATRIX]
        name = kernel_of(item)
        text = str(call.excinfo.value) if call.excinfo else ""
        if unjustified(name, call.excinfo.value if call.excinfo else None):
            text = f"skipped without skip_unless or skip_on_host: {text}"
            report.outcome, report.longrepr = "failed", text
        for row in [rows[name]] if name else concerned(item, rows, text):
            note(row, report, text)
    return report


def concerned(item: pytest.Item, rows: dict[str, KernelResult], text: str) -> list[KernelResult]:
    """Return the rows of a test of all kernels: those that its failure names, or all."""
    if "ensemble" not in getattr(item, "fixturenames", ()):
        return []
    return [row for name, row in rows.items() if text.startswith(f"{name}:")] or [*rows.values()]


def note(row: KernelResult, report: pytest.TestReport, text: str) -> None:
    if report.outcome == "passed":
        row.passed += 1
    elif report.outcome == "skipped":
        row.skipped[report.nodeid] = text
    else:
        row.failed.append(report.nodeid)


def complete(rows: dict[str, KernelResult], ensemble: Ensemble, *, verify: bool) -> None:
    """Fill in the columns that are read from the kernels at the end of the run."""
    verified = ensemble.submit("programs.verified", seconds=SECONDS_TO_VERIFY) if verify else {}
    lost = ensemble.lost
    for name, member in ensemble.members.items():
        row = rows[name]
        if name in lost:
            row.lost = str(lost[name])
            continue
        row.release, row.boot_seconds = member.agent.release, member.agent.boot_seconds
        row.decisions, row.plans = ensemble.counts["decisions"], ensemble.counts["plans"]
        if name in verified and not verified[name].exception():
            row.verified = verified[name].result()["programs"]
        row.lost = member.agent.lost_because


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    rows = [row for row in config.stash[MATRIX].values() if row.release or row.lost]
    if rows:
        terminalreporter.section("kernels")
        for line in report_lines(rows):
            terminalreporter.write_line(line)
    if path := config.getoption("--report"):
        write_json(rows, path)
