"""Requests for upstream's cases: shell commands, a daemon, a container, beside the tracer."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    """Trace shell commands as COMMAND.  ``{place}`` is a directory made for the run.

    The reply has the table too, and the time of the beginning in ns since the epoch.
    """
    with new_place() as place:
        argv = [*options(flags, place), "--", *shell(commands, place)]
        began = time.time_ns()
        return run_tracer(argv=argv, seconds=seconds) | outcome(place, began)


@handler
def beside(*, flags: list[str], commands: list[str], daemon: bool, container: bool) -> Reply:
    """The same with the tracer in the background, and a daemon that was there before it.

    The reply names the daemon's process id and the container's id.
    """
    with new_place() as place, running_daemon(place) if daemon else nothing() as service:
        if container:
            make_root()
        began = time.time_ns()
        with tracing(options(flags, place)) as reply:
            argv = shell(commands, place)
            subprocess.run(argv, env={"PATH": PATH}, timeout=TIMEOUT_SECONDS, check=True)
            if service:
                tell(service)
            if container:
                Container("runc", ID, f"/docker/{ID}").run("/bin/true")
        reply |= outcome(place, began)
        return reply | {"daemon": service.pid if service else None, "container": ID}


@contextmanager
def new_place() -> Iterator[Path]:
    """Make a directory with a program that is called ``which``; the shell's is a script."""
    with TemporaryDirectory(prefix="tracee-ref-") as name:
        shutil.copy(BUSYBOX, Path(name) / "which")
        yield Path(name)


@contextmanager
def running_daemon(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program file of our own that waits for work."""
    shutil.copy(os.path.realpath("/usr/bin/python3"), place / "daemon")
    argv = [str(place / "daemon"), "-I", "-S", "-c", DAEMON, str(place / "which")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        hear(process)
        yield process
        process.kill()


@contextmanager
def nothing() -> Iterator[None]:
    yield None


def tell(daemon: subprocess.Popen[bytes]) -> None:
    """Have the daemon do its work, and wait until it is done."""
    assert daemon.stdin
    daemon.stdin.write(b"\n")
    daemon.stdin.flush()
    hear(daemon)


def hear(daemon: subprocess.Popen[bytes]) -> None:
    assert daemon.stdout
    if not daemon.stdout.readline():
        raise RuntimeError("the daemon has ended")


def options(flags: Sequence[str], place: Path) -> list[str]:
    filters = [word for flag in flags for word in ("-f", flag.format(place=place))]
    return [*filters, "-o", "json", "-o", f"table-verbose:{place}/table"]


def shell(commands: Sequence[str], place: Path) -> list[str]:
    return ["sh", "-ec", "\n".join(command.format(place=place) for command in commands)]


def outcome(place: Path, began: int) -> Reply:
    return {"table": (place / "table").read_text(), "began": began}
