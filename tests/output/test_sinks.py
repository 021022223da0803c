# SPDX-License-Identifier: Apache-2.0
"""Tests of sinks: files, pipes and standard output, and their errors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracee_ref.errors import HostError
from tracee_ref.output.sinks import open_sink, open_sinks
from tracee_ref.output.writer import end_outputs


def run_python(code: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [
            sys.executable,
            "-c",
            "from tracee_ref.output.sinks import *\n"
            f"from tracee_ref.output.writer import *\n{code}",
        ],
        cwd=Path(__file__).parents[2],
        text=True,
        stderr=subprocess.PIPE,
        check=False,
        timeout=30,
        **options,
    )


def test_open_sink_file(tmp_path: Path) -> None:
    """A file is appended to, and its directories are made."""
    path = tmp_path / "a" / "b" / "events"
    for content in (b"first\n", b"next\n"):
        sink = open_sink(str(path))
        sink.write(content)
        end_outputs([sink], bool)
    assert path.read_bytes() == b"first\nnext\n"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("{tmp}", "it is a directory; name a file in it"),
        ("{tmp}/file/events", "a part of the path is a file; name another path"),
        ("{tmp}/file/more/events", "a part of the path is a file; name another path"),
        ("/sys/kernel/nope/events", "permission denied; name a path that you may write"),
    ],
)
def test_open_sink_error(tmp_path: Path, path: str, reason: str) -> None:
    """The error of a path has its reason and a remedy."""
    (tmp_path / "file").touch()
    name = path.format(tmp=tmp_path)
    with pytest.raises(HostError) as refused:
        open_sink(name)
    assert str(refused.value) == f"cannot open output {name}: {reason}"


def test_open_sink_error_escapes_path(tmp_path: Path) -> None:
    """The error is one line for any path."""
    (tmp_path / "a\nb").mkdir()
    with pytest.raises(HostError, match=r"a\\nb: it is a directory"):
        open_sink(str(tmp_path / "a\nb"))


def test_open_sink_read_only_file_system(tmp_path: Path) -> None:
    """The error names the read-only file system."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting a read-only file system needs root and unshare")
    code = f"try: open_sink({str(tmp_path / 'd/x')!r})\nexcept HostError as e: print(e)"
    script = f'mount -t tmpfs -o ro tmpfs {tmp_path} || exit 77; exec "$0" -c "$1"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, sys.executable,
         f"from tracee_ref.output.sinks import *\n{code}"],
        cwd=Path(__file__).parents[2], text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip(f"this machine refuses root a mount: {done.stderr.strip()}")
    reason = "the file system is read-only; name a path on another one"
    assert done.stdout == f"cannot open output {tmp_path}/d/x: {reason}\n", done.stderr


def test_open_sinks_twice(tmp_path: Path) -> None:
    """Two outputs are not one file, whatever its names; a device takes several."""
    (tmp_path / "d").mkdir()
    path = tmp_path / "events"
    path.touch()
    (tmp_path / "hard").hardlink_to(path)
    (tmp_path / "soft").symlink_to(path)
    for other in ("hard", "soft", "d/../events", "./events"):
        with pytest.raises(HostError, match=r"the same file for multiple outputs: .*events and"):
            open_sinks([str(path), f"{tmp_path}/{other}"])
    assert len(open_sinks(["/dev/null", "/dev//null"])) == 2


def test_open_sinks_stdout_file(tmp_path: Path) -> None:
    """A file that is standard output, too, is refused."""
    path = tmp_path / "events"
    code = f"try: open_sinks([None, {str(path)!r}])\nexcept HostError as e: exit(str(e))"
    with path.open("wb") as out:
        done = run_python(code, stdout=out)
    assert "cannot use the same file for multiple outputs: standard output and" in done.stderr


def test_write_truncated_file(tmp_path: Path) -> None:
    """Lines go to the end of a file, also after somebody truncated it."""
    path = tmp_path / "events"
    sink = open_sink(str(path))
    for line in (b"first\n", b"next\n"):
        os.truncate(path, 0)
        sink.write(line)
        sink.flush()
        while not path.stat().st_size:
            time.sleep(0.001)
    assert path.read_bytes() == b"next\n"


def test_open_sink_closed_stdout() -> None:
    """A descriptor 1 closed at the start is an error."""
    script = 'exec "$0" -c "$1" >&-'
    code = (
        "from tracee_ref.output.sinks import *\n"
        "try: open_sink(None)\nexcept HostError as e: exit(str(e))"
    )
    done = subprocess.run(
        ["sh", "-c", script, sys.executable, code],
        cwd=Path(__file__).parents[2],
        text=True,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert done.stderr.startswith("standard output is closed; ")
    assert done.returncode == 1


def test_close_stdout() -> None:
    """Standard output stays open after its sink is closed."""
    code = "s = open_sink(None)\ns.write(b'first\\n')\nend_outputs([s], bool)\nprint('second')"
    assert run_python(code, stdout=subprocess.PIPE).stdout == "first\nsecond\n"
