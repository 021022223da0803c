# SPDX-License-Identifier: Apache-2.0
"""Masks computed by the BPF matcher on this kernel, under BPF_PROG_TEST_RUN."""

from __future__ import annotations

from functools import cache

from tracee_ref.kernel.attach.features import types
from tracee_ref.kernel.maps.filter_maps import defines
from tracee_ref.model.scope import Scope
from tracee_ref.tables import compile_tables
from vmtests.decision_program import (
    PATTERNS_AND_INTERVALS,
    SINGLE_VALUES,
    DecisionProgram,
    compile_all_tables,
)
from vmtests.handlers import Reply, handler
from vmtests.lab.wire import unpack_questions, unpack_scopes
from vmtests.plans.strategies import EVENTS


@handler
def masks(*, scopes: str, questions: str) -> Reply:
    """Return the mask of each question, by a program with room for any tables."""
    return roomy(scopes, questions, single=False)


@handler
def single(*, scopes: str, questions: str) -> Reply:
    """Return the masks by a program for single values, without ``*``, ``<`` and ``>``."""
    return roomy(scopes, questions, single=True)


@handler
def fitted(*, scopes: str, questions: str) -> Reply:
    """Return the masks by a program compiled for these scopes, as the tracer does."""
    program = fitted_program(unpack_scopes(scopes))
    try:
        return answers(program, questions)
    finally:
        program.close()


def roomy(scopes: str, questions: str, *, single: bool) -> Reply:
    program = roomy_program(single=single)
    program.fill(compile_all_tables(unpack_scopes(scopes), single=single), EVENTS)
    return answers(program, questions)


def answers(program: DecisionProgram, questions: str) -> Reply:
    return {"masks": [program.ask(*question) for question in unpack_questions(questions)]}


@cache
def roomy_program(*, single: bool) -> DecisionProgram:
    return DecisionProgram(SINGLE_VALUES if single else PATTERNS_AND_INTERVALS, types())


def fitted_program(scopes: tuple[Scope, ...]) -> DecisionProgram:
    tables = compile_tables(scopes)
    program = DecisionProgram(defines(tables), types())
    program.fill(tables, EVENTS)
    return program
