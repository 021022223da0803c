"""What the verifier of this kernel makes of the tracer's programs."""

from __future__ import annotations

from tracee_ref.catalogue import load_catalogue
from tracee_ref.flags.filters import parse_filters
from tracee_ref.kernel.hooks import Settings
from tracee_ref.kernel.tracer import KernelTracer
from vmtests.handlers import Reply, handler

EVERYTHING = (
    "set=syscalls",
    "event=sched_process_fork,sched_process_exec,sched_process_exit",
    "comm=a*,*b,*c*,d",
    "uts=a*,*b,*c*,d",
    "uid>5",
    "pid!=7",
    "pid=new",
    "mntns!=5",
    "pidns!=7",
    "tree!=88",
    "binary=/bin/ls",
    "follow",
    "container!=abc",
    "openat.retval<0",
    "openat.args.pathname=/etc/*",
    "execve.args.pathname!=/bin/ls",
    "mount.args.source=a*",
    "mount.args.filesystemtype=a",
    "linkat.args.newpath=/a",
    "fanotify_mark.args.pathname=/a",
)
"""A run that uses every kind of filter and every event."""


@handler
def verified() -> Reply:
    """Instructions that the verifier goes through, by program, with everything in use."""
    scopes = parse_filters(EVERYTHING, load_catalogue())
    tracer = KernelTracer(Settings(scopes=scopes, exec_env=True))
    try:
        return {"programs": tracer.verified()}
    finally:
        tracer.close()
