# SPDX-License-Identifier: Apache-2.0
"""The CI workflow: the environments of tox.ini, and a job for each kernel series."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

from vmtests.lab.kernels import SUITES

PROJECT = Path(__file__).parents[2]
WORKFLOW = (PROJECT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


def tox() -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read(PROJECT / "tox.ini", encoding="utf-8")
    return parser


def lists(key: str) -> list[set[str]]:
    """Return the values of each ``key: [a, b]``."""
    found = re.findall(rf"^ +{key}: \[(.+)\]$", WORKFLOW, re.MULTILINE)
    return [{value.strip('" ') for value in values.split(",")} for values in found]


def test_workflow_environments() -> None:
    """Every environment that CI runs is there, and it runs all of ``make test``."""
    named = set(re.findall(r"environment: (\w+)$", WORKFLOW, re.MULTILINE))
    environments = named.union(*lists("environment"))
    assert {f"testenv:{name}" for name in environments} <= set(tox().sections())
    assert set(tox()["tox"]["env_list"].split(", ")) <= environments


def test_workflow_series() -> None:
    """A change is tested on the series of the environment guest, a night on all of them."""
    each_change, night = lists("series")
    (series,) = re.findall(r"--kernels (\S+)", tox()["testenv:guest"]["commands"])
    assert each_change == set(series.split(","))
    assert {name.removesuffix(".x") for name in night} == set(SUITES)


def test_workflow_pythons() -> None:
    """The Pythons are those that pyproject.toml claims."""
    project = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    assert lists("python") == [set(re.findall(r'Python :: (3\.\d+)"', project))]
