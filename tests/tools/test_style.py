# SPDX-License-Identifier: Apache-2.0
"""``tools/style``: each rule refuses a planted fault and accepts the cure."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
GOOD = {
    "docs/semantics.md": "# Semantics\n\n1. A run has scopes.\n2. An event has a mask.\n",
    "model/scope.py": '"""Scopes of a run (rules 1 and 2)."""\n\n\nclass Scope:\n    pass\n',
    "tracee_ref/__init__.py": '"""Tracer with scopes."""\n',
}
Check = Callable[[dict[str, str]], list[str]]


def run(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tool on a tree."""
    command = [str(PROJECT / "tools" / "style"), "--root", str(root), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def git(root: Path, *arguments: str) -> None:
    """Run git in a tree, as an author of its own."""
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *author, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Add files to a repository without violations; return the messages of the tool."""

    def checked(texts: dict[str, str]) -> list[str]:
        git(tmp_path, "init", "-q")
        for name, text in (GOOD | texts).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git(tmp_path, "add", ".")
        done = run(tmp_path)
        lines = done.stdout.splitlines()
        assert done.returncode == bool(lines)
        return lines

    return checked


def python(name: str, text: str) -> dict[str, str]:
    """Return a module with a good docstring on line 1 and a text from line 2 on."""
    return {name: f'"""Module of a test."""\n{text}'}


def test_style_good_tree(check: Check) -> None:
    assert check({}) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "1: rule 1: the module has no docstring"),
        ('"""What events are."""\n', "1: rule 1: the summary begins with What"),
        ('"""\nEvents.\n"""\n', "1: rule 1: the docstring does not begin on its first line"),
        ('"""Events of\na run."""\n', "2: rule 1: the summary is not followed by a blank line"),
        (f'"""{"e" * 81}"""\n', "1: rule 1: the summary has 81 characters"),
    ],
)
def test_style_module_docstring(check: Check, text: str, message: str) -> None:
    (line,) = check({"vmtests/new.py": text})
    assert line.startswith(f"vmtests/new.py:{message}")


def test_style_good_docstring(check: Check) -> None:
    """A summary of 80 characters, then a reason; a word that begins like a refused one."""
    assert check({"vmtests/new.py": f'"""{"e" * 80}\n\nWhy so.\n"""\n'}) == []
    assert check({"vmtests/new.py": '"""Whatever happens."""\n'}) == []


@pytest.mark.parametrize("name", ["ALL", "REST", "TEXTS", "KINDS", "NOTHING", "END"])
def test_style_constant_name(check: Check, name: str) -> None:
    text = f"{name}_BITS = 1\n{name}: int = 2\n\n\nclass Case:\n    A, {name} = 3, 4\n"
    assert check(python("tests/new.py", text)) == [
        f"tests/new.py:{line}: rule 3: the name of constant {name} does not say what it is"
        for line in (3, 7)
    ]


def test_style_class_name(check: Check) -> None:
    """Two public classes share a name; private ones, and those of tests, may."""
    text = "class Scope:\n    pass\n\n\nclass _Row:\n    pass\n"
    assert check(python("tracee_ref/new.py", text) | python("tests/new.py", text)) == [
        "tracee_ref/new.py:2: rule 3: class Scope has the name of the one at model/scope.py:4"
    ]


def test_style_header_name(check: Check) -> None:
    """Headers of the shim have the kernel's names."""
    texts = {"bpf/lib/task.h": "", "bpf/state/task.h": "", "bpf/shim/include/linux/task.h": ""}
    assert check(texts) == [
        "bpf/state/task.h:1: rule 3: the header's name is that of bpf/lib/task.h too"
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vmtests/new.py", '"""Events."""\n# Fine (rules 1\n# and 3).\n'),
        ("bpf/new.h", "int x;\n/* Fine (rules 1,\n * 3). */\n"),
        ("docs/new.md", "# New\n\nRule 3: no.\n"),
        (".ci/run", "\n\n# See rule 3.\n"),
    ],
)
def test_style_rule_number(check: Check, name: str, text: str) -> None:
    """A cited rule exists, in whatever language the comment is; ranges are read to their end."""
    (line,) = check({name: text})
    assert line.partition(": ")[2] == "rule 6: semantics.md has no rule 3"
    assert check({name: text.replace("3", "2")}) == []


@pytest.mark.parametrize(
    "text",
    ["the document says", "(facts, 4.2)", "table of facts", "Facts, section 6.1", "section 2"],
)
def test_style_unnamed_document(check: Check, text: str) -> None:
    (line,) = check(python("vmtests/new.py", f"# As {text}.\n"))
    assert line.startswith("vmtests/new.py:2: rule 6: ")
    assert check(python("vmtests/new.py", f'MESSAGE = "As {text}."\n')) == []


def test_style_named_section(check: Check) -> None:
    """The page is named before the number, once for a package, or is the page itself."""
    assert check(python("vmtests/new.py", "# As semantics.md, section 2.1.\n")) == []
    assert check(python("vmtests/new.py", "# As RFC 1035, section 2.1.\n")) == []
    assert check(python("vmtests/new.py", "# As Tracee v0.12 facts, 4.2.\n")) == []
    assert check({"docs/new.md": "# New\n\n## 2. Two\n\nSee section 2.1.\n"}) == []
    texts = python("vmtests/dialect/new.py", "# Section 2.3.\n")
    declared = '"""Dialect.\n\nSections are those of docs/semantics.md.\n"""\n'
    assert check(texts | {"vmtests/dialect/__init__.py": declared}) == []


def test_style_test_name(check: Check) -> None:
    good, bad = f"test_{'x' * 45}", f"test_{'x' * 46}"
    text = f"def {good}(): ...\nclass Case:\n    def {bad}(self): ...\n"
    assert check(python("tests/test_new.py", text)) == [
        f"tests/test_new.py:4: rule 10: {bad} has 51 characters; 50 are allowed"
    ]


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ("Add a check", "is not `area: imperative`"),
        ("tools: added a check", "added is no imperative"),
        ("tools: checking", "checking is no imperative"),
        ("tools: add a check.", "ends with a full stop"),
        (f"tools: add {'x' * 62}", "has 73 characters"),
        ("tools: add a check\nand more", "not followed by a blank line"),
        ("tools: fix a check\n\nFixes: 1234567", 'not `Fixes: COMMIT ("SUBJECT")`'),
    ],
)
def test_style_commit_message(tmp_path: Path, message: str, complaint: str) -> None:
    """The same message is refused before it is committed and after."""
    file = tmp_path / "message"
    file.write_text(f"{message}\n# a comment of git's\n")
    before = run(tmp_path, "--message", str(file))
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message)
    after = run(tmp_path)
    for done in (before, after):
        assert done.returncode == 1
        assert "rule 11: " in done.stdout
        assert complaint in done.stdout
    assert "is not in this history" in after.stderr


@pytest.mark.parametrize(
    "message",
    [
        f"tools: add {'x' * 61}",
        "kernel, vmtests: Bring the map's error to the user",
        'bpf: fix a mask\n\nWhy.\n\nFixes: dd25af024b5d ("Say which")',
    ],
)
def test_style_good_message(tmp_path: Path, message: str) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", message)
    assert run(tmp_path).returncode == 0


def test_style_commits_after_base(tmp_path: Path) -> None:
    """Older commits are left alone; of a shallow clone that lacks the base, one line says so."""
    git(tmp_path, "clone", "-q", "--no-checkout", str(PROJECT), "full")
    done = run(tmp_path / "full")
    assert not done.stderr
    assert "dd25af0" not in done.stdout
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{PROJECT}", "shallow")
    assert (
        len(
            run(
                tmp_path / "shallow",
            ).stderr.splitlines()
        )
        == 1
    )


def test_style_paths(check: Check, tmp_path: Path) -> None:
    check(python("tests/new.py", "ALL = 1\n") | python("vmtests/new.py", "ALL = 1\n"))
    lines = run(tmp_path, "tests/").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["tests/new.py"]


def test_style_words(check: Check, tmp_path: Path) -> None:
    """Words are counted in prose and in names that are defined; it is no check."""
    check(
        python(
            "tests/new.py",
            "# The place,\n# whose place a mask is\n# known by.\nold_place = some = 1\n",
        )
    )
    done = run(tmp_path, "--words")
    assert done.returncode == 0
    assert "tests/new.py: 6 (place 3, variable some 1, known 1, whose 1)" in done.stdout
