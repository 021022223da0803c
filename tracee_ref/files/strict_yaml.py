# SPDX-License-Identifier: Apache-2.0
"""Reader of YAML that is data only: no tags, no aliases, no key twice, few levels."""

from __future__ import annotations

from typing import Any, Final

import yaml

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 32


class YamlError(ValueError):
    """A text that is not such YAML; the message names the line."""


class DataLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Loader of mappings, lists, strings, numbers and booleans."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return a node; raises YamlError for an alias, and for too many levels."""
        if self.check_event(yaml.AliasEvent):
            raise YamlError(f"line {self.peek_event().start_mark.line + 1}: aliases are not taken")
        if self._depth >= MAX_DEPTH:
            raise YamlError(f"more than {MAX_DEPTH} levels")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_mapping(self, node: Any, deep: bool = True) -> Any:
        """Return a mapping; raises YamlError for a key that is no string, or is there twice."""
        keys: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise YamlError(f"line {line}: the key {key!r} is no string")
            if key in keys:
                raise YamlError(f"line {line}: the key {key!r} is there twice")
            keys.add(key)
        return super().construct_mapping(node, deep=deep)


def parse_yaml(data: bytes) -> Any:
    """Return the data of a text; raises YamlError."""
    if len(data) > MAX_BYTES:
        raise YamlError(f"more than {MAX_BYTES >> 20} MiB")
    try:
        loader = DataLoader(data.decode())
        return loader.get_single_data()
    except YamlError:
        raise
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(f"line {line}: {error.problem or error}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise YamlError(" ".join(str(error).split())) from None
