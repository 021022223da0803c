# SPDX-License-Identifier: Apache-2.0
"""Runs of Tracee's integration cases: shell commands, a daemon, a container."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing
from vmtests.handlers.tracing import PATH
from vmtests.handlers.tracing import run as run_tracer
from vmtests.lab.oci import BUSYBOX, Container, make_root

ID = "c0" * 32
TIMEOUT_SECONDS = 120.0

DAEMON = """
import os, sys
print(flush=True)
for line in sys.stdin:
    os.chmod(sys.argv[1], 0o600)
    print(flush=True)
"""


@handler
def as_command(*, flags: list[str], commands: list[str], seconds: float) -> Reply:
    """Trace shell commands as COMMAND; ``{dir}`` in them is a temporary directory.

    The reply also has the table, and the start time of the run in ns since the epoch.
    """
    with case_directory() as directory:
        argv = [*options(flags, directory), "--", *shell(commands, directory)]
        start_time = time.time_ns()
        return run_tracer(argv=argv, seconds=seconds) | outcome(directory, start_time)


@handler
def beside(*, flags: list[str], commands: list[str], daemon: bool, container: bool) -> Reply:
    """Run the commands with the tracer in the background, and a daemon older than it.

    The reply also has the process id of the daemon and the id of the container.
    """
    with (
        case_directory() as directory,
        running_daemon(directory) if daemon else nullcontext() as service,
    ):
        if container:
            make_root()
        start_time = time.time_ns()
        with tracing(options(flags, directory)) as reply:
            argv = shell(commands, directory)
            subprocess.run(argv, env={"PATH": PATH}, timeout=TIMEOUT_SECONDS, check=True)
            if service:
                trigger(service)
            if container:
                Container("runc", ID, f"/docker/{ID}").run("/bin/true")
        reply |= outcome(directory, start_time)
        return reply | {"daemon": service.pid if service else None, "container": ID}


@contextmanager
def case_directory() -> Iterator[Path]:
    """Yield a directory with a binary called ``which``; Debian's is a script."""
    with TemporaryDirectory(prefix="tracee-ref-") as name:
        shutil.copy(BUSYBOX, Path(name) / "which")
        yield Path(name)


@contextmanager
def running_daemon(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon, from a program file in the directory, that waits for requests."""
    shutil.copy(os.path.realpath("/usr/bin/python3"), directory / "daemon")
    argv = [str(directory / "daemon"), "-I", "-S", "-c", DAEMON, str(directory / "which")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        wait_for_line(process)
        yield process
        process.kill()


def trigger(daemon: subprocess.Popen[bytes]) -> None:
    """Send a request to the daemon and wait until it is done."""
    assert daemon.stdin
    daemon.stdin.write(b"\n")
    daemon.stdin.flush()
    wait_for_line(daemon)


def wait_for_line(daemon: subprocess.Popen[bytes]) -> None:
    assert daemon.stdout
    if not daemon.stdout.readline():
        raise RuntimeError("the daemon has ended")


def options(flags: Sequence[str], directory: Path) -> list[str]:
    filters = [word for flag in flags for word in ("-f", flag.format(dir=directory))]
    return [*filters, "-o", "json", "-o", f"table-verbose:{directory}/table"]


def shell(commands: Sequence[str], directory: Path) -> list[str]:
    return ["sh", "-ec", "\n".join(command.format(dir=directory) for command in commands)]


def outcome(directory: Path, start_time: int) -> Reply:
    return {"table": (directory / "table").read_text(), "start_time": start_time}
