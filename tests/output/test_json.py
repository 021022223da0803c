# SPDX-License-Identifier: Apache-2.0
"""Tests of the JSON output."""

from __future__ import annotations

import json

import pytest

from tests.output.samples import CONTAINER, exit_with
from tracee_ref.events.event import Argument, ContextFlags
from tracee_ref.output.json_lines import JsonPrinter
from tracee_ref.output.printer import Printer
from tracee_ref.strings import text_of

# The example of Tracee v0.12 facts, 4.3.
EXAMPLE = (
    '{"timestamp":1677848077074270123,"threadStartTime":1677848076990000000,"processorId":2,'
    '"processId":471990,"cgroupId":8821,"threadId":471990,"parentProcessId":470503,'
    '"hostProcessId":471990,"hostThreadId":471990,"hostParentProcessId":470503,"userId":1000,'
    '"mountNamespace":4026531841,"pidNamespace":4026531836,"processName":"id","hostName":"hb",'
    '"containerId":"","containerImage":"","containerName":"","podName":"","podNamespace":"",'
    '"podUID":"","podSandbox":false,"eventId":"714","eventName":"sched_process_exit",'
    '"matchedScopes":4,"argsNum":2,"returnValue":0,"syscall":"exit_group","stackAddresses":null,'
    '"contextFlags":{"containerStarted":false,"isCompat":false},"args":[{"name":"exit_code",'
    '"type":"long","value":0},{"name":"process_group_exit","type":"bool","value":true}]}\n'
)


def line(value: object) -> bytes:
    printer = JsonPrinter()
    return printer.line(exit_with(args=[Argument("a", "t", value)]))


def args_text(value: object) -> str:
    return line(value).decode().split('"args":')[1]


def test_json_example() -> None:
    """The example has the bytes of Tracee v0.12."""
    event = exit_with(
        timestamp=1677848077074270123,
        thread_start_time=1677848076990000000,
        processor_id=2,
        cgroup_id=8821,
    )
    printer: Printer = JsonPrinter()
    assert printer.header() == b""
    assert printer.line(event).decode() == EXAMPLE


def test_json_keys() -> None:
    """Fields that are empty in the example have their own keys."""
    event = exit_with(
        container_id="c", container_image="i", container_name="n", pod_name="p",
        pod_namespace="s", pod_uid="u", pod_sandbox=True, stack_addresses=[1, 2**64 - 1],
        context_flags=ContextFlags(container_started=True, is_compat=True),
    )  # fmt: skip
    text = JsonPrinter().line(event).decode()
    assert (
        '"containerId":"c","containerImage":"i","containerName":"n","podName":"p",'
        '"podNamespace":"s","podUID":"u","podSandbox":true,'
    ) in text
    assert (
        '"stackAddresses":[1,18446744073709551615],'
        '"contextFlags":{"containerStarted":true,"isCompat":true},'
    ) in text


def test_json_mask_of_scope_64() -> None:
    """A mask with bit 63 is a positive number."""
    data = JsonPrinter().line(exit_with(matched_scopes=9223372036854775809))
    assert b'"matchedScopes":9223372036854775809,' in data


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a>&b", r'"\u003ca\u003e\u0026b"'),
        ("a\u2028b\u2029c", r'"a\u2028b\u2029c"'),
        ('"\\\n\t\r\x1b', r'"\"\\\n\t\r\u001b"'),
        ("naïve 名前", '"naïve 名前"'),
        ("\x7f\x9b\u202e\ufeff", r'"\u007f\u009b\u202e\ufeff"'),
        ("\u00a0\U000e0041", r'"\u00a0\udb40\udc41"'),
        (None, "null"),
        (["a", "<"], r'["a","\u003c"]'),
        (
            {"sa_family": "AF_UNIX", "sun_path": "/run/x"},
            '{"sa_family":"AF_UNIX","sun_path":"/run/x"}',
        ),
    ],
)
def test_json_values(value: object, expected: str) -> None:
    """Values are encoded as Go does."""
    assert args_text(value) == f'[{{"name":"a","type":"t","value":{expected}}}]}}\n'
    assert json.loads(line(value))["args"][0]["value"] == value


def test_json_unreadable_argument() -> None:
    """Only an unreadable argument has a fourth key."""
    event = exit_with(args=[Argument("a", "t", None, unreadable=True), Argument("b", "t", None)])
    assert (
        JsonPrinter()
        .line(event)
        .endswith(
            b'[{"name":"a","type":"t","value":null,"unreadable":true},'
            b'{"name":"b","type":"t","value":null}]}\n'
        )
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"/tmp/\xff<", r'"/tmp/\ufffdff\u003c"'),
        (b"\xe2\x82", r'"\ufffde2\ufffd82"'),  # one for each byte of a sequence cut short
        (b"\xed\xa0\x80\\", r'"\ufffded\ufffda0\ufffd80\\"'),  # a surrogate is not UTF-8
    ],
)
def test_json_invalid_utf8(raw: bytes, expected: str) -> None:
    """Each byte that is not UTF-8 is U+FFFD and two digits, also where Python made the string."""
    expected = expected.replace(r"\ufffd", "\ufffd")
    assert args_text(text_of(raw)) == f'[{{"name":"a","type":"t","value":{expected}}}]}}\n'
    text = raw.decode(errors="surrogateescape")
    assert args_text(text) == f'[{{"name":"a","type":"t","value":{expected}}}]}}\n'
    assert f'"value":[{expected}]' in args_text([text])
    assert f'{{"k":{expected}}}' in args_text({"k": text})
    assert f'"processName":{expected}' in JsonPrinter().line(exit_with(process_name=text)).decode()


def test_json_structure() -> None:
    """A structure is an object."""
    data = json.loads(JsonPrinter().line(CONTAINER))
    assert data["args"][2]["value"] == {
        "type_code": "EchoRequest",
        "checksum": 38257,
        "id": 8,
        "seq": 0,
    }
