# SPDX-License-Identifier: Apache-2.0
"""Checker of links in pages, and of file names in pages and sources.

Usage: ``python tools/links.py``.  A link must lead to a tracked file and a heading that is there.
A name that ends in ``.py`` or ``.md``, or begins with ``bpf/``, must be that of a tracked file, or
the end of its path; tests may name files that they make.  Prints ``FILE:LINE: message``; exit
status 1 if there is any.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAME: Final = re.compile(
    r"(?<![\w./<{*$~-])(?:\.\./)*((?:[\w.-]+/)*[\w-]+\.(?:py|md)\b(?![\w/*])|bpf/[\w/.-]+\.[hc]\b)"
)
HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)
SOURCES: Final = (".py", ".h", ".c", ".md", ".ini", ".toml", ".yml")

SKIPPED: Final = ("tracee_ref/oracle/vectors/", "tests/tools/")
"""Frozen files, and files with faults on purpose."""

ABOUT_OTHERS: Final = ("docs/design/tracee-v0.12-facts.md", "docs/design/vector-strength.md")
"""Pages that name files of other projects, or quote changes of lines."""

EXAMPLES: Final = frozenset({"my_signature.py", "mine.py", "plan.py", "version.py", "report.md"})
"""Names that stand for a reader's own files, or for a library's."""


def main() -> int:
    """Check all tracked files; return the exit status."""
    files = tracked()
    problems = [problem for name in files for problem in check(name, files)]
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


def tracked() -> list[str]:
    """Return the names of the files in the repository, new ones included."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\n")[
        :-1
    ]


def check(name: str, files: Sequence[str]) -> Iterator[str]:
    """Give the problems of a file."""
    path = Path(name)
    if path.suffix not in SOURCES or name.startswith(SKIPPED) or not path.is_file():
        return
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        found = bad_links(path, line, files) if path.suffix == ".md" else ()
        names = (
            () if name in ABOUT_OTHERS else bad_names(line, files, bare=path.parts[0] != "tests")
        )
        yield from (f"{name}:{number}: {message}" for message in (*found, *names))


def bad_links(page: Path, line: str, files: Sequence[str]) -> Iterator[str]:
    """Give a message for each link of a line that leads nowhere."""
    for link in LINK.findall(line):
        target, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        path = Path(PurePosixPath(normal(page.parent / target))) if target else page
        if str(path) not in files and not path.is_dir():
            yield f"no such page: {link}"
        elif anchor and anchor not in anchors(path):
            yield f"no such heading: {link}"


def normal(path: Path) -> str:
    """Return a path without ``..``, relative to the repository."""
    return str(path.resolve().relative_to(Path.cwd()))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and mkdocs make them."""
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


def bad_names(line: str, files: Sequence[str], *, bare: bool) -> Iterator[str]:
    """Give a message for each file that a line names and that is not there.

    ``bare`` checks names without a directory, too.
    """
    for name in NAME.findall(line):
        checked = name not in EXAMPLES and (bare or "/" in name)
        if checked and not any(file == name or file.endswith(f"/{name}") for file in files):
            yield f"no such file: {name}"


if __name__ == "__main__":
    sys.exit(main())
