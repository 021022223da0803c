# SPDX-License-Identifier: Apache-2.0
"""Tests of ``-o`` flags, and their exact error messages (Tracee v0.12 facts, 4.1)."""

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.output.flags import OutputPlan, OutputTarget, parse_outputs

PARSED = frozenset({"parse-arguments"})
MORE = "use '--output help' for more info"
NOT_YET = "is not supported yet"

PLANS = {
    "": OutputPlan((OutputTarget("table"),), PARSED),
    "table": OutputPlan((OutputTarget("table"),), PARSED),
    "format:table": OutputPlan((OutputTarget("table"),), PARSED),
    "json": OutputPlan((OutputTarget("json"),)),
    "format:json": OutputPlan((OutputTarget("json"),)),
    "table-verbose": OutputPlan((OutputTarget("table-verbose"),), PARSED),
    "format:table-verbose:/a": OutputPlan((OutputTarget("table-verbose", "/a"),), PARSED),
    "json:/a,b": OutputPlan((OutputTarget("json", "/a"), OutputTarget("json", "b"))),
    "json:/a:b": OutputPlan((OutputTarget("json", "/a:b"),)),
    "json:stdout": OutputPlan((OutputTarget("json"),)),
    "json:/dev/stdout": OutputPlan((OutputTarget("json"),)),
    "json:fifo:/a": OutputPlan((OutputTarget("json", "fifo:/a"),)),
    "json option:mode=0640": OutputPlan((OutputTarget("json"),), mode=0o640),
    "json option:mode=600,exec-env": OutputPlan(
        (OutputTarget("json"),), frozenset({"exec-env"}), 0o600
    ),
    "json table:/a": OutputPlan((OutputTarget("json"), OutputTarget("table", "/a")), PARSED),
    "none": OutputPlan(()),
    "none json:/a": OutputPlan((OutputTarget("json", "/a"),)),
    "option:exec-env": OutputPlan((OutputTarget("table"),), PARSED | {"exec-env"}),
    "option:exec-env json option:relative-time,parse-arguments": OutputPlan(
        (OutputTarget("json"),), PARSED | {"exec-env", "relative-time"}
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
    "Table": f"invalid output flag: Table, {MORE}; did you mean table?",
    "jsn": f"invalid output flag: jsn, {MORE}; did you mean json?",
    "option:exec_env": f"invalid output option: exec_env, {MORE}; did you mean exec-env?",
    "out-file:/a": f"invalid output flag: out-file, {MORE}",
    "option:foo": f"invalid output option: foo, {MORE}",
    "option:exec-env,": f"invalid output option: '', {MORE}",
    **{
        f"option:mode={digits}": f"invalid output option: mode={digits}; give one mode of three"
        f" octal digits, as in option:mode=0640, {MORE}"
        for digits in ("", "9", "0o640", "4755", "-1", "0680")
    },
    "option:mode=640 option:mode=600": "invalid output option: mode=600 and 640; give one mode of"
    f" three octal digits, as in option:mode=0640, {MORE}",
    "json:/dev/stdout table": f"{TWICE}: stdout, {MORE}",
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
def test_parse_outputs_valid(outputs: str, plan: OutputPlan) -> None:
    assert parse_outputs(outputs.split()) == plan


@pytest.mark.parametrize(("outputs", "message"), MESSAGES.items())
def test_parse_outputs_invalid(outputs: str, message: str) -> None:
    """A malformed output has the message of Tracee v0.12."""
    with pytest.raises(UsageError) as error:
        parse_outputs(outputs.split())
    assert str(error.value) == message


def test_parse_outputs_empty_value() -> None:
    """The message quotes an empty value, so that it is seen."""
    with pytest.raises(UsageError) as error:
        parse_outputs([""])
    assert str(error.value) == f"invalid output flag: '', {MORE}"
