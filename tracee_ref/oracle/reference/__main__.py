# SPDX-License-Identifier: Apache-2.0
"""Reference consumer: the model, answering over the protocol.

``scope-oracle run -- python -m tracee_ref.oracle.reference`` tests the whole path.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import IO

from ..protocol.catalogue import read_catalogue
from ..protocol.encoding import Data
from ..protocol.messages import ALL_FEATURES, VERSION
from ..protocol.vector import dump_line
from .answers import Catalogue, model_answer

Answer = Callable[[str, Data, Catalogue], Data]


def serve(lines: Iterable[str], output: IO[str], answer: Answer = model_answer) -> None:
    """Answer each line of `lines` on `output`, until the input ends."""
    catalogue: Catalogue = {}
    for line in lines:
        message = json.loads(line)
        if message["type"] == "hello":
            catalogue = read_catalogue(message["catalogue"])
            reply = {"type": "hello", "protocol": VERSION, "name": "model", "version": "1"}
            reply["features"] = [ALL_FEATURES]
        else:
            reply = {"type": "answer", "id": message["id"]}
            reply |= answer(message["kind"], message, catalogue)
        output.write(dump_line(reply))
        output.flush()


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
