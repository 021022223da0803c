# SPDX-License-Identifier: Apache-2.0
"""What ``-o`` flags ask for, and the exact line for each malformed one (facts, 4.1)."""

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.output.flags import OutputPlan, Sink, parse_outputs

PARSED = frozenset({"parse-arguments"})
MORE = "use '--output help' for more info"
NOT_YET = "is not supported yet"

PLANS = {
    "": OutputPlan((Sink("table"),), PARSED),
    "table": OutputPlan((Sink("table"),), PARSED),
    "format:table": OutputPlan((Sink("table"),), PARSED),
    "json": OutputPlan((Sink("json"),)),
    "format:json": OutputPlan((Sink("json"),)),
    "table-verbose": OutputPlan((Sink("table-verbose"),), PARSED),
    "format:table-verbose:/a": OutputPlan((Sink("table-verbose", "/a"),), PARSED),
    "json:/a,b": OutputPlan((Sink("json", "/a"), Sink("json", "b"))),
    "json:/a:b": OutputPlan((Sink("json", "/a:b"),)),
    "json:stdout": OutputPlan((Sink("json"),)),
    "json table:/a": OutputPlan((Sink("json"), Sink("table", "/a")), PARSED),
    "none": OutputPlan(()),
    "none json:/a": OutputPlan((Sink("json", "/a"),)),
    "option:exec-env": OutputPlan((Sink("table"),), PARSED | {"exec-env"}),
    "option:exec-env json option:relative-time,parse-arguments": OutputPlan(
        (Sink("json"),), PARSED | {"exec-env", "relative-time"}
    ),
}
EMPTY = {
    "json:": "format",
    "format:json:/a,": "format",
    "format:": "format",
    "option": "option",
    "option:": "option",
    "log-file:": "log-file",
    "forward:": "forward",
    "webhook": "webhook",
}
UNSUPPORTED = {
    "gob": "gob output",
    "format:gob:/a": "gob output",
    "gotemplate=x:/a": "gotemplate output",
    "log-file:/a": "log-file output",
    "forward:tcp://localhost:24224?tag=a": "forward output",
    "webhook:https://localhost/": "webhook output",
    "option:stack-addresses": "stack-addresses option",
    "option:exec-env,exec-hash": "exec-hash option",
    "option:parse-arguments-fds": "parse-arguments-fds option",
    "option:sort-events": "sort-events option",
}
TWICE = "cannot use the same path for multiple outputs"
MESSAGES = {
    **{
        text: f"output {text!r}: {what} flag can't be empty, {MORE}" for text, what in EMPTY.items()
    },
    **{text: f"output {text!r}: the {what} {NOT_YET}" for text, what in UNSUPPORTED.items()},
    "foo": f"invalid output flag: foo, {MORE}",
    "Table": f"invalid output flag: Table, {MORE}",
    "out-file:/a": f"invalid output flag: out-file, {MORE}",
    "option:foo": f"invalid output option: foo, {MORE}",
    "option:exec-env,": f"invalid output option: '', {MORE}",
    "format:foo": "unrecognized output format: foo. "
    "Valid format values: 'table', 'table-verbose', 'json'",
    "none:/a": "output 'none:/a': none output does not support path. "
    "Use '--output help' for more info",
    "forward:x": "invalid uri for forward output \"x\". Use '--output help' for more info",
    "webhook:http:x": (
        "invalid uri for webhook output \"http:x\". Use '--output help' for more info"
    ),
    "webhook:http://[": (
        "invalid uri for webhook output \"http://[\". Use '--output help' for more info"
    ),
    "table json": f"{TWICE}: stdout, {MORE}",
    "json json": f"{TWICE}: stdout, {MORE}",
    "none json": f"{TWICE}: stdout, {MORE}",
    "table:/a json:b,/a": f"{TWICE}: /a, {MORE}",
}


@pytest.mark.parametrize(("outputs", "plan"), PLANS.items())
def test_plan(outputs: str, plan: OutputPlan) -> None:
    assert parse_outputs(outputs.split()) == plan


@pytest.mark.parametrize(("outputs", "message"), MESSAGES.items())
def test_malformed_output_has_its_exact_message(outputs: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_outputs(outputs.split())
    assert str(error.value) == message


def test_empty_output_is_named() -> None:
    with pytest.raises(UsageError) as error:
        parse_outputs([""])
    assert str(error.value) == f"invalid output flag: '', {MORE}"
