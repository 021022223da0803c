# SPDX-License-Identifier: Apache-2.0
"""Roots of sources in C: arguments of functions, tracepoints and system calls."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from ...abi import SYSCALL_ARGUMENTS
from ...events.declarations import Root
from .btf import AGGREGATES, Btf
from .value_reads import Expression, MissingTypeError, RootValue

REGISTER_BYTES: Final = 8
BY_VALUE_BYTES: Final = 16
"""A larger structure is passed on the stack on x86-64, by its address on arm64."""

KEPT_ARGUMENTS: Final = SYSCALL_ARGUMENTS
"""Arguments in registers on x86-64, as many as those of system calls."""

FUNCTION_ARGUMENT: Final = "function_argument(ctx, "
NUMBERED: Final = re.compile(r"\$(arg|syscall_arg)(\d+)")
TRACEPOINT_FUNCTION: Final = "__traceiter_{}"
"""Function that calls the programs of a tracepoint: its arguments are those of the tracepoint,
after one of its own.  Linux v5.10, d25e37d89dd2 ("tracepoint: Optimize using static_call()")."""

CURRENT_RANGE: Final = "\tstruct mprotect_range range = current_range();"
MPROTECT: Final = {
    Root.MPROTECT_ADDR: "range.address",
    Root.MPROTECT_LEN: "range.length",
    Root.MPROTECT_PKEY: "range.key",
}


def function_root(btf: Btf, function: str, name: str, *, at_return: bool) -> RootValue:
    """Return the value of a root in a program at a function; raises MissingTypeError."""
    if name == Root.RETVAL.value and at_return:
        prototype = btf.prototype(function)
        if prototype and not prototype.returns:
            raise MissingTypeError(f"a value that {function} returns")
        return RootValue(Expression("function_result(ctx)", prototype.returns if prototype else 0))
    if not name.startswith("$") or name.startswith("$arg"):
        if at_return:
            raise MissingTypeError(f"the argument {name} at the return of {function}")
        return function_argument(btf, function, name)
    return common_root(btf, name)


def joined_root(btf: Btf, function: str, name: str) -> RootValue:
    """Return the value of a root at the return of a function whose arguments were kept."""
    if name == Root.RETVAL.value or (name.startswith("$") and not name.startswith("$arg")):
        return function_root(btf, function, name, at_return=True)
    value, variable, _ = function_argument(btf, function, name)
    index = int(value.text.removeprefix(FUNCTION_ARGUMENT).rstrip(")"))
    if index >= KEPT_ARGUMENTS:
        raise MissingTypeError(f"the argument {name} of {function} in a register")
    return RootValue(replace(value, text=f"record->arguments[{index}]"), variable)


def function_argument(btf: Btf, function: str, name: str) -> RootValue:
    """Return an argument of a function by its name, or as $argN; raises MissingTypeError."""
    prototype = btf.prototype(function)
    arguments = prototype.arguments if prototype else ()
    numbered = NUMBERED.fullmatch(name)
    names = [argument for argument, _ in arguments]
    index = int(numbered[2]) - 1 if numbered else names.index(name) if name in names else -1
    if index < 0 or (index >= len(arguments) and arguments):
        raise MissingTypeError(f"the argument {name} of the kernel function {function}")
    type_ = arguments[index][1] if arguments else 0
    before = [registers_of(btf, passed) for _, passed in arguments[: index + 1]] or [1] * index
    if -1 in before:
        raise MissingTypeError(f"the argument {name} of {function} in a register")
    text = f"{FUNCTION_ARGUMENT}{sum(before[:index])})"
    return RootValue(Expression(text, type_), f"arg_{name.removeprefix('$arg')}")


def registers_of(btf: Btf, type_: int) -> int:
    """Return the number of registers that an argument takes; -1 if it is passed in memory."""
    size = btf.size_of(type_)
    if size > BY_VALUE_BYTES:
        return -1
    aggregate = btf.kind(btf.strip(type_)) in AGGREGATES
    return 2 if aggregate and size > REGISTER_BYTES else 1


def tracepoint_root(btf: Btf, tracepoint: str, name: str) -> RootValue:
    """Return the value of a root in a program at a raw tracepoint; raises MissingTypeError."""
    if name.startswith("$") and not name.startswith("$arg"):
        return common_root(btf, name)
    prototype = btf.prototype(TRACEPOINT_FUNCTION.format(tracepoint))
    if prototype is None:
        raise MissingTypeError(f"the tracepoint {tracepoint}")
    numbered = NUMBERED.fullmatch(name)
    arguments = prototype.arguments[1:]
    for index, (argument, type_) in enumerate(arguments):
        if argument == name or (numbered and int(numbered[2]) == index + 1):
            text = f"ctx->args[{index}]"
            return RootValue(Expression(text, type_), f"arg_{name.removeprefix('$arg')}")
    raise MissingTypeError(f"the argument {name} of the tracepoint {tracepoint}")


def syscall_root(btf: Btf, name: str) -> RootValue:
    """Return the value of a root at the end of a system call; raises MissingTypeError."""
    if name == Root.RETVAL.value:
        return RootValue(Expression("returned", 0))
    if name == Root.RETURNED_SOCKET.value:
        return _pointer(btf, "socket", "(u64)returned_socket(returned)", "socket")
    if (numbered := NUMBERED.fullmatch(name)) and name.startswith("$syscall_arg"):
        return RootValue(Expression(f"read_register(regs, compat, {int(numbered[2]) - 1})", 0))
    return common_root(btf, name)


def common_root(btf: Btf, name: str) -> RootValue:
    """Return the value of a root that every hook has; raises MissingTypeError."""
    if name == Root.TASK.value:
        return _pointer(btf, "current", "(u64)bpf_get_current_task()", "task_struct")
    if name == Root.CPU.value:
        return RootValue(Expression("bpf_get_smp_processor_id()", 0))
    if name == Root.SOCKET_ARGUMENT.value:
        return RootValue(Expression("descriptor_argument()", 0))
    for root, text in MPROTECT.items():
        if name == root.value:
            return RootValue(Expression(text, 0), before=CURRENT_RANGE)
    if (numbered := NUMBERED.fullmatch(name)) and name.startswith("$syscall_arg"):
        return RootValue(Expression(f"syscall_argument({int(numbered[2]) - 1})", 0))
    raise MissingTypeError(f"{name} at such a hook")


def _pointer(btf: Btf, name: str, text: str, struct: str) -> RootValue:
    return RootValue(Expression(text, 0, btf.structure(struct)), name)
