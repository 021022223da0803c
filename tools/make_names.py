# SPDX-License-Identifier: Apache-2.0
"""Addition of names from newer kernel headers to events/data/names.json.

Usage: ``.venv/bin/python tools/make_names.py [DIRECTORY]``: a directory with the headers of a
kernel, as in Debian's package linux-headers-VERSION-common.  Without one, the newest package is
fetched.  A value that has a name keeps it, as that is Tracee's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from vmtests.lab.archive import Archive
from vmtests.lab.kernels import SUITES

TARGET = Path(__file__).parents[1] / "tracee_ref" / "events" / "data" / "names.json"
NUMBER: Final = r"(0x[0-9a-fA-F]+|\d+)\b"


class Source(NamedTuple):
    """A header, and a pattern of the names: of an enum, or of the macros after ``directive``.

    Arguments of an option have a space after the '#'.
    """

    header: str
    pattern: str
    enum: str = ""
    directive: str = "#define"


UAPI, X86 = "include/uapi", "arch/x86/include/uapi"
SOURCES: Final[Mapping[str, tuple[Source, ...]]] = {
    "prctl_option": (Source(f"{UAPI}/linux/prctl.h", r"PR_(?!CFI_)\w+"),),
    "bpf_cmd": (Source(f"{UAPI}/linux/bpf.h", r"BPF_\w+", "bpf_cmd"),),
    "bpf_prog_type": (Source(f"{UAPI}/linux/bpf.h", r"BPF_PROG_TYPE_\w+", "bpf_prog_type"),),
    "address_family": (Source("include/linux/socket.h", r"AF_(?!MAX)\w+"),),
    "socket_type": (Source("include/linux/net.h", r"SOCK_\w+", "sock_type"),),
    "socket_level": (Source("include/linux/socket.h", r"SOL_\w+"),),
    "socket_option": (Source(f"{UAPI}/asm-generic/socket.h", r"SO_\w+"),),
    "ptrace_request": (
        Source(f"{UAPI}/linux/ptrace.h", r"PTRACE_(?!O_|EVENT_)\w+"),
        Source(f"{X86}/asm/ptrace-abi.h", r"PTRACE_\w+", directive="# ?define"),
    ),
}
"""Headers of the enumerations, by table."""


def names(text: str, source: Source) -> Mapping[str, int]:
    """Return the names in the text of a header, and their values."""
    if source.enum:
        return enumerators(text, source)
    macro = rf"^{source.directive}\s+({source.pattern})\s+{NUMBER}"
    return {name: int(number, 0) for name, number in re.findall(macro, text, re.M)}


def enumerators(text: str, source: Source) -> Mapping[str, int]:
    """Return the names of an enum that match the pattern; their values are numbers or names."""
    body = re.search(rf"enum {source.enum} \{{(.*?)\}}", text, re.S)
    assert body, source
    values: dict[str, int] = {}
    following = 0
    for entry in re.sub(r"/\*.*?\*/", "", body[1], flags=re.S).split(","):
        name, _, number = (part.strip() for part in entry.partition("="))
        if not name or "<<" in number:
            continue
        values[name] = values.get(number, int(number) if number.isdigit() else following)
        following = values[name] + 1
    return {name: value for name, value in values.items() if re.fullmatch(source.pattern, name)}


def extended(
    table: Mapping[str, int], headers: Path, sources: tuple[Source, ...]
) -> dict[str, int]:
    """Return a table with a name for each value of its headers."""
    found = {value: name for name, value in table.items()}
    for source in sources:
        for name, value in names((headers / source.header).read_text(), source).items():
            found.setdefault(value, name)
    return {found[value]: value for value in sorted(found)}


def release(headers: Path) -> str:
    """Return the version in the Makefile of a kernel's headers."""
    found = re.search(r"linux-headers-([0-9.]+)", str(headers.resolve()))
    return found[1] if found else ""


def fetched(directory: Path) -> Path:
    """Fetch the headers of the newest kernel into a directory; return theirs."""
    newest = list(SUITES)[-1]
    archive = Archive(SUITES[newest], directory / "apt")
    archive.update()
    package = archive.names(rf"linux-headers-{newest}\.[0-9.]+\+deb[0-9]+-common")[-1]
    (file,) = archive.download([package], directory)
    subprocess.run(["dpkg-deb", "-x", str(file), str(directory)], check=True)
    return directory / "usr" / "src" / package


def update(headers: Path) -> None:
    """Write the data file."""
    tables = json.loads(TARGET.read_text(encoding="utf-8"))
    for table, sources in SOURCES.items():
        before = tables["values"][table]
        tables["values"][table] = extended(before, headers, sources)
        print(table, sorted(set(tables["values"][table]) - set(before)))
    tables["source"] = f"Linux {release(headers)}"
    text = json.dumps(tables, indent=0, separators=(",", ":")).replace(":{", ": {")
    TARGET.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Extend the tables from the headers that are named, or from the newest ones."""
    if len(sys.argv) > 1:
        update(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as directory:
        update(fetched(Path(directory)))


if __name__ == "__main__":
    main()
