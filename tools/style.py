#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Style check of tracked files and commit messages: rules 1, 3, 6, 10 and 11.

    tools/style [PATH...]         check; PATHs limit it to files below them
    tools/style --words [PATH...] count the private words in each file; no check
    tools/style --message FILE    check the message of a commit, as a commit-msg hook

It is quiet and exits with 0, or prints ``file:line: rule N: message`` and exits with 1.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from style_rules import citations, commits, names, words
from style_rules.source import Message, tracked


def main() -> int:
    """Check the tree or a message, or count words; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--message", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("paths", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.message:
        text = "\n".join(
            line
            for line in options.message.read_text(encoding="utf-8").splitlines()
            if not line.startswith("#")
        )
        return report(commits.commit_message(str(options.message), text))
    sources = tracked(options.root)
    if options.words:
        print(*words.report(item for item in sources if below(item.name, options.paths)), sep="\n")
        return 0
    messages = [*names.check(sources), *citations.check(sources)]
    messages = [message for message in messages if below(message.file, options.paths)]
    if not options.paths:
        of_commits, remark = commits.check(options.root)
        messages += of_commits
        print(f"tools/style: {remark}\n" if remark else "", end="", file=sys.stderr)
    return report(messages)


def below(name: str, paths: Iterable[str]) -> bool:
    """Return whether a file is one of the paths or below one of them; true without paths."""
    prefixes = [path.rstrip("/") for path in paths]
    return not prefixes or any(f"{name}/".startswith(f"{prefix}/") for prefix in prefixes)


def report(messages: Iterable[Message]) -> int:
    """Print the messages by file and line; return the exit status."""
    found = sorted(messages, key=lambda message: (message.file, message.line, message.rule))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # quiet when piped into head
    sys.exit(main())
