# SPDX-License-Identifier: Apache-2.0
"""Functions of libbpf, a dependency of BCC: maps, programs and BTF."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_char_p, c_int, c_int32, c_int64, c_uint, c_uint32, c_uint64, c_void_p
from functools import cache
from typing import Any, Final

from ...dependencies import missing_libbpf
from ...errors import exhausted

SIGNATURES: Final[dict[str, tuple[Any, Sequence[Any]]]] = {
    "btf__parse": (c_void_p, [c_char_p, c_void_p]),
    "btf__find_by_name_kind": (c_int32, [c_void_p, c_char_p, c_uint]),
    "btf__type_by_id": (c_void_p, [c_void_p, c_uint]),
    "btf__name_by_offset": (c_char_p, [c_void_p, c_uint]),
    "btf__resolve_size": (c_int64, [c_void_p, c_uint]),
    "bpf_map_create": (c_int, [c_uint, c_char_p, c_uint32, c_uint32, c_uint32, c_char_p]),
    "bpf_prog_load": (c_int, [c_uint, c_char_p, c_char_p, c_char_p, c_uint64, c_char_p]),
    "bpf_raw_tracepoint_open": (c_int, [c_char_p, c_int]),
    "bpf_map_update_elem": (c_int, [c_int, c_char_p, c_char_p, c_uint64]),
    "bpf_map_lookup_elem": (c_int, [c_int, c_char_p, c_void_p]),
    "bpf_map_delete_elem": (c_int, [c_int, c_char_p]),
    "bpf_map_get_next_key": (c_int, [c_int, c_char_p, c_void_p]),
    "libbpf_num_possible_cpus": (c_int, []),
    "libbpf_set_print": (c_void_p, [c_void_p]),
}
"""Result and arguments of each function; errors are negative."""


@cache
def libbpf() -> Any:
    """Load the library and silence its messages; raises HostError if it cannot be loaded."""
    try:
        lib = ctypes.CDLL("libbpf.so.1", use_errno=True)
    except OSError as error:
        raise exhausted(error) or missing_libbpf() from error
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    lib.libbpf_set_print(None)
    return lib
