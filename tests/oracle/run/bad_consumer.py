# SPDX-License-Identifier: Apache-2.0
"""Consumer that is correct but for one fault, which its argument names.

The fault occurs at every third case; the other answers are correct.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from tracee_ref.oracle.protocol.catalogue import read_catalogue
from tracee_ref.oracle.protocol.messages import MAX_LINE_BYTES
from tracee_ref.oracle.reference.answers import model_answer

Reply = dict[str, Any]

HELLO: Reply = {
    "type": "hello", "protocol": 1, "name": "bad", "version": "1", "features": ["all"],
}  # fmt: skip


def say(line: str) -> None:
    print(line, flush=True)


def tell(reply: Reply) -> None:
    say(json.dumps(reply))


def crash(_: Reply) -> None:
    print("first words\nlast words", file=sys.stderr, flush=True)
    sys.exit(7)


def killed(_: Reply) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def silent(_: Reply) -> None:
    time.sleep(60)


def hangs_with_child(_: Reply) -> None:
    """A child holds the output open, in a session that no signal to ours reaches."""
    subprocess.Popen(["sleep", "5"], start_new_session=True)
    sys.exit(9)


def half(reply: Reply) -> None:
    sys.stdout.write(json.dumps(reply))
    sys.stdout.flush()
    sys.exit(0)


def twice(reply: Reply) -> None:
    tell(reply)
    tell(reply)


WAYS: dict[str, Callable[[Reply], None]] = {
    "crash": crash,
    "killed": killed,
    "silent": silent,
    "hangs-with-child": hangs_with_child,
    "half": half,
    "end": lambda _: sys.exit(0),
    "garbage": lambda _: say("\x1b[31mgarbage"),
    "empty": lambda _: say(""),
    "list": lambda reply: say(json.dumps([reply])),
    "deep": lambda _: say("[" * 100_000),
    "long": lambda reply: say(json.dumps(reply | {"more": "x" * MAX_LINE_BYTES})),
    "other-id": lambda reply: tell(reply | {"id": "decision-99-999"}),
    "no-id": lambda reply: tell({key: reply[key] for key in reply if key != "id"}),
    "other-type": lambda reply: tell(reply | {"type": "agreed"}),
    "hello": lambda _: tell(HELLO),
    "twice": twice,
    "number": lambda reply: tell(reply | {"mask": int(reply["mask"])}),
    "no-mask": lambda reply: tell({key: reply[key] for key in reply if key != "mask"}),
    "wide-mask": lambda reply: tell(reply | {"mask": str(1 << 64)}),
    "hex-mask": lambda reply: tell(reply | {"mask": hex(int(reply["mask"]))}),
    "wrong": lambda reply: tell(reply | {"mask": str(int(reply["mask"]) ^ 1)}),
    "wrong-hex": lambda reply: tell(reply | {"hex": "f" * 16}),
    "skips": lambda reply: tell({"type": "skipped", "id": reply["id"], "reason": "no \x07bell"}),
    "skips-silently": lambda reply: tell({"type": "skipped", "id": reply["id"]}),
    "fails": lambda reply: tell({"type": "errored", "id": reply["id"], "reason": "lost"}),
}

HELLOS: dict[str, Any] = {
    "hello-garbage": "hello",
    "hello-late": None,
    "hello-old": {"type": "hello", "protocol": 0, "name": "a", "version": "1", "features": []},
    "hello-nameless": {"type": "hello", "protocol": 1, "version": "1", "features": ["all"]},
    "hello-no-features": {"type": "hello", "protocol": 1, "name": "a", "version": "1"},
    "hello-answer": {"type": "answer", "id": "x", "mask": "0"},
}


def main(way: str) -> None:
    catalogue: Any = {}
    for number, line in enumerate(sys.stdin):
        message = json.loads(line)
        if message["type"] == "hello":
            catalogue = read_catalogue(message["catalogue"])
            if way == "hello-late":
                time.sleep(60)
            tell(HELLOS.get(way, HELLO))
            continue
        reply = {"type": "answer", "id": message["id"]}
        reply |= model_answer(message["kind"], message, catalogue)
        if number % 3 == 0 and way in WAYS:
            WAYS[way](reply)
        else:
            tell(reply)
    if way == "lingers":
        time.sleep(60)
    if way == "unasked":
        tell({"type": "answer", "id": "decision-01-001", "mask": "0"})
    if way == "bad-end":
        sys.exit(3)


if __name__ == "__main__":
    main(sys.argv[1])
