# SPDX-License-Identifier: Apache-2.0
"""Exact error message of every malformed ``-f`` flag.

The messages are those of docs/design/tracee-v0.12-facts.md, 1.4.
"""

import shutil
from pathlib import Path

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.strings import visible

EXPECTED = "expected [SCOPE:]NAME=VALUE[,VALUE]; see -f help"
U32 = "expected a number from 0 to 4294967295"
U64 = "expected a number from 0 to 18446744073709551615"
S64 = "expected a number from -9223372036854775808 to 9223372036854775807"
ANY64 = "expected a number from -9223372036854775808 to 18446744073709551615"
STARS = "expected a string with at most one '*' before and after it"
PATHS = "expected /PATH, host:/PATH or INODE:/PATH"
SCOPES = "scopes must be between 1 and 64"
EMPTY = "a value between the commas is empty"
NEVER = "this can never hold"
NEW = "'new' takes = or != and must be the only value of its flag"
SEE = "see --list for the events"
OPEN = "; did you mean open?"
LONG = "the kernel truncates names to 15 bytes and this one has"
LONG_PATH = "/" + "x" * 480

SCOPE_ERRORS = {
    "65:comm=x": SCOPES,
    "0:comm=x": SCOPES,
    "-1:comm=x": SCOPES,
    "99999999999999999999999999:comm=x": SCOPES,
    f"{'9' * 5000}:comm=x": SCOPES,
    "a:comm=x": f"'a' is not a number; {SCOPES}",
    ":comm=x": f"'' is not a number; {SCOPES}",
    "1_0:comm=x": f"'1_0' is not a number; {SCOPES}",
    " 1:comm=x": f"' 1' is not a number; {SCOPES}",
    "\u0663:comm=x": f"'\u0663' is not a number; {SCOPES}",
    "65:container": SCOPES,
    "1.5:comm=x": f"'1.5' is not a number; {SCOPES}",
    "0x1:comm=x": f"'0x1' is not a number; {SCOPES}",
    "--1:comm=x": f"'--1' is not a number; {SCOPES}",
}
UNKNOWN_NAMES = [
    *("3:", "help", "a.b.args=1", "xyzzy=1", "/", "9"),
]
NEAR_NAMES = {
    "1:2:comm=x": "comm",
    "!follow": "follow",
    "UID>0": "uid",
    "uid\t0": "uid",
    "com=x": "comm",
    "mnt=1": "mntns",
    "tid=5": "uid",
    "net=lo": "set",
    "openat.pathname=/x": "openat.args.pathname",
    "openat.pathnam=/x": "openat.args.pathname",
    "openat.ret=0": "openat.retval",
    "openat.comm=a": "openat.context.comm",
    "foo!container": "!container",
    " comm=x": "comm",
    "uts.x=1": "uts",
    "open.argsx.flags=1": "open.args.flags",
    "open.ARGS.flags=1": "open.args.flags",
    "binar=/x": "binary",
    "tre=1": "tree",
    "!!container": "!container",
    "openat": "event=openat",
    "openat,close": "event=openat,close",
    "open*": "event=open*",
    "7:openat": "event=openat",
    "openat=1": "event=openat",
    "opena": "event=openat",
    "fs": "set=fs",
    "/bin/ls": "binary=/bin/ls",
}
"""Flag with an unknown name -> what was perhaps meant."""
EXPRESSIONS = {
    "": f"'' - {EXPECTED}",
    "=x": f"=x - {EXPECTED}",
    "1:=x": f"1:=x - {EXPECTED}",
    "comm=": f"comm= - {EXPECTED}",
    "comm!": f"comm! - {EXPECTED}",
    "comm!=": f"comm!= - {EXPECTED}",
    "uid<=": f"uid<= - {EXPECTED}",
    "a:comm=": f"a:comm= - {EXPECTED}",
    "!c": "!c - only !container may begin with '!'",
    "!container=x": "!container=x - only !container may begin with '!'",
    "uid!5": "uid!5 - only !container may begin with '!'",
    "comm": "comm - a value is missing, as in comm=bash,ssh*",
    "event": "event - a value is missing, as in event=openat,sched_process*",
    "e": "e - a value is missing, as in event=openat,sched_process*",
    "set": "set - a value is missing, as in set=fs",
    "uid": "uid - a value is missing, as in uid>=1000",
    "u": "u - a value is missing, as in uid>=1000",
    "pid": "pid - a value is missing, as in pid=510,1709",
    "mntns": "mntns - a value is missing, as in mntns=4026531840",
    "pidns": "pidns - a value is missing, as in pidns!=4026531836",
    "tree": "tree - a value is missing, as in tree=3213",
    "uts": "uts - a value is missing, as in uts=web*",
    "binary": "binary - a value is missing, as in binary=/usr/bin/ls",
    "bin": "bin - a value is missing, as in binary=/usr/bin/ls",
    "binary=/a,": f"binary=/a, - {EMPTY}",
    "tree=5,": f"tree=5, - {EMPTY}",
    "uts=,a": f"uts=,a - {EMPTY}",
    "mntns=5,,6": f"mntns=5,,6 - {EMPTY}",
    "openat.retval=1,": f"openat.retval=1, - {EMPTY}",
    "openat.context.comm=a,": f"openat.context.comm=a, - {EMPTY}",
    "comm=a,": f"comm=a, - {EMPTY}",
    "comm=a,,b": f"comm=a,,b - {EMPTY}",
    "event=openat,": f"event=openat, - {EMPTY}",
    "set=,": f"set=, - {EMPTY}",
    "uid=1,": f"uid=1, - {EMPTY}",
    "container=,": f"container=, - {EMPTY}",
    "follow=1": "follow=1 - follow takes no value",
    "follow!=1": "follow!=1 - follow takes no value",
    "f=1": "f=1 - follow takes no value",
    "uid<0": f"<0 - uid<0: {NEVER}",
    "pid<0": f"<0 - pid<0: {NEVER}",
    "uid>4294967295": f">4294967295 - uid>4294967295: {NEVER}",
    "openat.retval<-9223372036854775808": (
        f"<-9223372036854775808 - openat.retval<-9223372036854775808: {NEVER}"
    ),
    "openat.retval>9223372036854775807": (
        f">9223372036854775807 - openat.retval>9223372036854775807: {NEVER}"
    ),
    "mntns>5": ">5 - mntns>5: mntns takes = and !=",
    "pidns<=5": "<=5 - pidns<=5: pidns takes = and !=",
    "tree<=4": "<=4 - tree<=4: tree takes = and !=",
    "tree>4": ">4 - tree>4: tree takes = and !=",
    "open.args": "open.args - expected EVENT.args.NAME",
    "open.args=1": "open.args=1 - expected EVENT.args.NAME",
    "open.args.=1": "open.args.=1 - expected EVENT.args.NAME",
    "open.args.flags": "open.args.flags - expected an operator and a value",
    "open.args.flags=1,": f"open.args.flags=1, - {EMPTY}",
    "open.retval": "open.retval - expected an operator and a value",
    "open.retval.x=1": "open.retval.x=1 - expected EVENT.retval",
    ".retval": ".retval - expected an operator and a value",
    "open.context": "open.context - expected EVENT.context.FIELD",
    "open.context.pid": "open.context.pid - expected an operator and a value",
    "open.context.pid.x=1": "open.context.pid.x=1 - expected EVENT.context.FIELD",
    "open.args.flags.x=1": "open.args.flags.x=1 - expected EVENT.args.NAME",
    "open.context.container=x": "open.context.container=x - container takes no value",
    "open.context.host=5": "open.context.host=5 - host takes no value",
}
VALUES = {
    "uid=x": ("x", U32),
    "uid==0": ("=0", U32),
    "uid>>0": (">0", U32),
    "uid=1,x": ("x", U32),
    "uid=4294967296": ("4294967296", U32),
    "uid=-1": ("-1", U32),
    "uid=+1": ("+1", U32),
    "uid=1_0": ("1_0", U32),
    "uid= 1": (" 1", U32),
    "uid=\u0663": ("\u0663", U32),
    "uid=-1\t": ("-1\t", U32),
    "pid=x": ("x", U32),
    "pid=new,5": ("new", NEW),
    "pid>new": ("new", NEW),
    "container=new,abc": ("new", NEW),
    "mntns=-1": ("-1", U64),
    "pidns=18446744073709551616": ("18446744073709551616", U64),
    "comm=*": ("*", STARS),
    "comm=**": ("**", STARS),
    "comm=a*b": ("a*b", STARS),
    "comm=**a": ("**a", STARS),
    "comm=abcdefghijklmnopqrst": ("abcdefghijklmnopqrst", f"{LONG} 20; give at most 15"),
    "comm=*abcdefghijklmnop": ("*abcdefghijklmnop", f"{LONG} 16; give at most 15"),
    "comm=\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9": (
        "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9",
        f"{LONG} 16; give at most 15",
    ),
    "uts=abcdefghijklmnopqrst": ("abcdefghijklmnopqrst", f"{LONG} 20; give at most 15"),
    "binary=ls": ("ls", f"{PATHS}; did you mean {Path(shutil.which('ls') or '').resolve()}?"),
    "binary=:/ls": (":/ls", PATHS),
    "binary=x:/ls": ("x:/ls", PATHS),
    "binary=host:ls": ("host:ls", PATHS),
    "binary=1:2:/ls": ("1:2:/ls", PATHS),
    f"binary={LONG_PATH}": (LONG_PATH, "a path has at most 480 bytes"),
    "binary=/a:/b": ("/a:/b", PATHS),
    "pid>=new": ("new", NEW),
    "uts=*": ("*", STARS),
    "uts=a*b": ("a*b", STARS),
    "openat.args.pathname=*": ("*", STARS),
    "openat.args.pathname=a*b": ("a*b", STARS),
    "openat.args.flags>x": ("x", ANY64),
    "openat.context.pid=x": ("x", ANY64),
    "openat.context.pid=18446744073709551616": ("18446744073709551616", ANY64),
    "openat.retval=-9223372036854775809": ("-9223372036854775809", S64),
    "openat.retval==1": ("=1", S64),
    "openat.retval=x": ("x", S64),
    "openat.retval=9223372036854775808": ("9223372036854775808", S64),
}
OTHERS = {
    "event>x": "invalid filter operator: > - event>x: event takes = and !=",
    "set<=x": "invalid filter operator: <= - set<=x: set takes = and !=",
    "comm>x": "failed to add filter: unsupported operator > - comm>x: comm takes = and !=",
    "binary<=/x": (
        "failed to add filter: unsupported operator <= - binary<=/x: binary takes = and !="
    ),
    "container>5": (
        "failed to add filter: unsupported operator > - container>5: container takes = and !="
    ),
    "openat.args.pathname<5": (
        "failed to add filter: unsupported operator < - openat.args.pathname<5: "
        "this field is not a number, so it takes = and !="
    ),
    "openat.context.comm>5": (
        "failed to add filter: unsupported operator > - openat.context.comm>5: "
        "this field is not a number, so it takes = and !="
    ),
    "tree=5,x": (
        "invalid PID given to filter: 5,x - tree=5,x: expected numbers from 0 to 4294967295"
    ),
    "tree=4294967296": (
        "invalid PID given to filter: 4294967296 - tree=4294967296: "
        "expected numbers from 0 to 4294967295"
    ),
    "comm=\ud800": (
        "invalid filter value \\ud800 - comm=\\ud800: the string cannot be part of a name"
    ),
    "comm=a\0": "invalid filter value a\\x00 - comm=a\\x00: the string cannot be part of a name",
    "container>=5": (
        "failed to add filter: unsupported operator >= - container>=5: container takes = and !="
    ),
    "container<new": (
        "failed to add filter: unsupported operator < - container<new: container takes = and !="
    ),
    "uts<x": "failed to add filter: unsupported operator < - uts<x: uts takes = and !=",
    "tree=-1": ("invalid PID given to filter: -1 - tree=-1: expected numbers from 0 to 4294967295"),
    "event=bl*ah": f"invalid event to trace: bl*ah - event=bl*ah: {SEE}",
    "event=nope": f"invalid event to trace: nope - event=nope: {SEE}{OPEN}",
    "event=*open": f"invalid event to trace: *open - event=*open: {SEE}{OPEN}",
    "event!=blah*": f"invalid event to exclude: blah* - event!=blah*: {SEE}",
    "set=nope": "invalid set to trace: nope - set=nope: see --list for the sets",
    "set!=fs*": "invalid set to exclude: fs* - set!=fs*: see --list for the sets; did you mean fs?",
    "nope.retval=5": f"invalid event name in filter: nope - nope.retval=5: {SEE}{OPEN}",
    ".retval=5": f"invalid event name in filter: '' - .retval=5: {SEE}",
    "nope.args.x=1": f"invalid event name in filter: nope - nope.args.x=1: {SEE}{OPEN}",
    "nope.context.pid=1": f"invalid event name in filter: nope - nope.context.pid=1: {SEE}{OPEN}",
    "nope.context.host": f"invalid event name in filter: nope - nope.context.host: {SEE}{OPEN}",
    "open.args.bla=5": (
        "invalid filter event argument: bla - open.args.bla=5: "
        "the arguments of open: pathname, flags, mode"
    ),
}
MESSAGES = {
    **{flag: f"invalid filter scope: {flag} - {text}" for flag, text in SCOPE_ERRORS.items()},
    **{
        flag: f"invalid filter option specified ({flag}), use '--filter help' for more info"
        for flag in UNKNOWN_NAMES
    },
    **{
        flag: f"invalid filter option specified ({flag}), use '--filter help' for more info"
        f"; did you mean {near}?"
        for flag, near in NEAR_NAMES.items()
    },
    **{flag: f"invalid filter expression: {text}" for flag, text in EXPRESSIONS.items()},
    **{
        flag: f"invalid filter value {value} - {flag}: {text}"
        for flag, (value, text) in VALUES.items()
    },
    **OTHERS,
}


@pytest.mark.parametrize(("flag", "message"), MESSAGES.items())
def test_error_messages(flag: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_filters([flag], load_catalogue())
    assert str(error.value) == visible(message)


SUGGESTIONS = {
    "event=opnat": "openat",
    "event!=Openat": "openat",
    "event=fs": "set=fs",
    "set=openat": "event=openat",
    "set=default_": "default",
    "opnat.retval=0": "openat",
    "openat.args.path=/x": "pathname",
    "openat.args.FLAGS=/x": "flags",
    "openat.context.procesName=a": "processName",
    "openat.context.tids=1": "tid",
}


@pytest.mark.parametrize(("flag", "near"), SUGGESTIONS.items())
def test_error_suggests_near_name(flag: str, near: str) -> None:
    """An unknown name is answered with the nearest known one."""
    with pytest.raises(UsageError) as error:
        parse_filters([flag], load_catalogue())
    assert str(error.value).endswith(f"; did you mean {near}?")


def test_error_is_one_line() -> None:
    """An error is one line, whatever characters the flag contains."""
    with pytest.raises(UsageError) as error:
        parse_filters(["comm=*\n\x1b[31m\u2028\udc80*x"], load_catalogue())
    assert str(error.value).startswith("invalid filter value *\\n\\x1b[31m\\u2028\ufffd80*x - comm")


def test_error_lists_context_fields() -> None:
    """The error for an unknown context field lists the existing ones."""
    with pytest.raises(UsageError, match=r"invalid event context field: procName - .*processName"):
        parse_filters(["openat.context.procName=ls"], load_catalogue())
