# SPDX-License-Identifier: Apache-2.0
"""Files of the corpus, with their origin and hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Final

from ...events.catalogue import EventDefinition, load_catalogue
from ..protocol.catalogue import catalogue_data, read_catalogue
from ..protocol.encoding import Data
from ..protocol.vector import CORPUS, SCHEMA, SEMANTICS, Vector, dump_line, vector_data
from .generate import GENERATOR, generated_decisions, generated_traces
from .hand_decisions import decisions, selections
from .hand_grammar import examples, grammar
from .hand_texts import texts
from .hand_traces import traces

SEED: Final = 20260112
GENERATED_DECISIONS: Final = 1600
GENERATED_TRACES: Final = 160
EVENTS: Final = (
    "open", "openat", "close", "execve", "execveat", "exit", "exit_group", "rt_sigreturn", "kill",
    "ptrace", "setuid", "sched_process_fork", "sched_process_exec", "sched_process_exit",
    "cgroup_mkdir", "security_file_open", "net_packet_ipv4", "net_packet_icmp", "container_create",
)  # fmt: skip
SIGNATURE: Final = EventDefinition(
    6018, "anti_debugging", False, frozenset({"signatures", "default"}), (), True
)
"""A signature event, which is not in ``events.catalogue``."""


def corpus_events() -> list[Data]:
    """Return the JSON data of the events of the corpus."""
    catalogue = load_catalogue()
    return catalogue_data([*(catalogue[name] for name in EVENTS), SIGNATURE])


def corpus(seed: int = SEED) -> Iterator[tuple[str, Iterable[Vector]]]:
    """Yield the name of each file and its vectors."""
    catalogue = read_catalogue(corpus_events())
    yield "decision.jsonl", decisions(catalogue)
    yield "decision-generated.jsonl", islice(generated_decisions(seed), GENERATED_DECISIONS)
    yield "selection.jsonl", selections()
    yield "grammar.jsonl", (*grammar(catalogue), *examples(catalogue))
    yield "trace.jsonl", traces(catalogue)
    yield "text.jsonl", texts()
    yield "trace-generated.jsonl", islice(generated_traces(seed), GENERATED_TRACES)


def write_corpus(directory: Path, seed: int = SEED) -> None:
    """Write all files; replace existing ones."""
    directory.mkdir(parents=True, exist_ok=True)
    schema = (CORPUS / SCHEMA).read_bytes()  # hand-written, with the version of the semantics
    (directory / SCHEMA).write_bytes(schema)
    write_json(directory / "catalogue.json", {"events": corpus_events()})
    counts = {}
    for name, vectors in corpus(seed):
        lines = [dump_line(vector_data(vector)) for vector in vectors]
        (directory / name).write_text("".join(lines), encoding="utf-8")
        counts[name] = len(lines)
    write_json(directory / "about.json", about(directory, counts, seed))


def about(directory: Path, counts: Mapping[str, int], seed: int) -> Data:
    """Return the origin of the corpus, and the hash of each file."""
    files = {
        path.name: {"sha256": sha256(path.read_bytes())}
        | ({"vectors": counts[path.name]} if path.name in counts else {})
        for path in sorted(directory.iterdir())
        if path.name != "about.json"
    }
    origin = {"generator": GENERATOR, "seed": seed, "model": model_version()}
    return {"semantics": SEMANTICS, **origin, "files": files}


def model_version() -> str:
    """Return the hash of the model's source, which gave the generated answers."""
    sources = sorted(
        (path.name, path.read_bytes())
        for path in resources.files("tracee_ref.model").iterdir()
        if path.name.endswith(".py")
    )
    return sha256(b"".join(text for _name, text in sources))


def sha256(content: bytes) -> str:
    """Return a SHA-256 hash in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def write_json(path: Path, data: Data) -> None:
    """Write an indented JSON file."""
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
