# SPDX-License-Identifier: Apache-2.0
"""Tests of the built-in signatures: events that they find, and similar ones."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest

from tests.output.samples import exit_with
from tracee_ref.derivation.stage import Derivation, arguments_of
from tracee_ref.events.catalogue import all_events
from tracee_ref.events.event import Argument, TraceEvent
from tracee_ref.field_filters import FieldFilters
from tracee_ref.model.scope import Scope
from tracee_ref.signatures import Signature
from tracee_ref.signatures.builtin.kubernetes import CONTAINERS_MAX, K8sApiConnection
from tracee_ref.signatures.registry import BUILTIN, load_signatures
from tracee_ref.signatures.runner import SignatureRunner
from tracee_ref.tables import selecting_scopes

READ, WRITE, BOTH = os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_RDWR
CONTAINER = "c0ffee"
SIGNATURES = {kind.event: kind for kind in BUILTIN.values()}


def event_of(name: str, args: dict[str, Any], container: str, comm: str) -> TraceEvent:
    definition = all_events()[name]
    unknown = args.keys() - {argument.name for argument in definition.args}
    assert not unknown
    return exit_with(
        event_name=name,
        args=arguments_of(definition, args),
        container_id=container,
        process_name=comm,
        matched_scopes=1,
    )


def found(signature: str, *events: TraceEvent) -> list[Any]:
    """Return the findings of a signature in consecutive events."""
    runner = SignatureRunner(SIGNATURES[signature](), pytest.fail)
    return [f for e in events for f in runner(e, {a.name: a.value for a in e.args})]


def opened(path: str, flags: int, *, container: str = "", comm: str = "x") -> TraceEvent:
    return event_of("security_file_open", {"pathname": path, "flags": flags}, container, comm)


def renamed(old: str, new: str) -> TraceEvent:
    return event_of("security_inode_rename", {"old_path": old, "new_path": new}, "", "x")


def run(path: str | None, *env: str, container: str = "") -> TraceEvent:
    return event_of("sched_process_exec", {"pathname": path, "env": [*env]}, container, "x")


def connected(sockfd: int = 3, *, container: str = CONTAINER, **address: str) -> TraceEvent:
    args = {"sockfd": sockfd, "remote_addr": address}
    return event_of("security_socket_connect", args, container, "x")


def duplicated(newfd: int, **address: str) -> TraceEvent:
    return called("socket_dup", newfd=newfd, remote_addr=address)


def called(name: str, **args: Any) -> TraceEvent:
    return event_of(name, args, "", "x")


def written(path: str | None, data: bytes | None, container: str = "") -> TraceEvent:
    return event_of("magic_write", {"pathname": path, "bytes": data}, container, "x")


def mounted(device: str | None, *, container: str = CONTAINER, comm: str = "x") -> TraceEvent:
    return event_of("security_sb_mount", {"dev_name": device}, container, comm)


def checked(path: str, comm: str) -> TraceEvent:
    return event_of("security_bprm_check", {"pathname": path}, "", comm)


def in_container(event: TraceEvent) -> TraceEvent:
    return msgspec.structs.replace(event, container_id=CONTAINER)


ELF = b"\x7fELF\2\1\1"

FOUND = [
    ("aslr_inspection", opened("/proc/sys/kernel/randomize_va_space", READ)),
    ("proc_mem_code_injection", opened("/proc/1/mem", BOTH)),
    ("proc_mem_code_injection", opened("/proc/12/task/34/mem", WRITE)),
    ("proc_mem_access", opened("/proc/1/mem", BOTH)),
    ("docker_abuse", opened("/var/run/docker.sock", BOTH, container=CONTAINER)),
    ("docker_abuse", connected(sa_family="AF_UNIX", sun_path="/run/docker.sock")),
    ("scheduled_task_mod", opened("/etc/crontab", WRITE)),
    ("scheduled_task_mod", opened("/var/spool/cron/crontabs/root", WRITE)),
    ("scheduled_task_mod", renamed("/tmp/a", "/etc/cron.daily/a")),
    ("scheduled_task_mod", run("/usr/bin/crontab")),
    ("rcd_modification", opened("/etc/rc.local", WRITE)),
    ("rcd_modification", renamed("/tmp/a", "/etc/rc3.d/S01a")),
    ("rcd_modification", run("/usr/sbin/update-rc.d")),
    ("ld_preload", opened("/etc/ld.so.preload", WRITE)),
    ("ld_preload", renamed("/tmp/a", "/etc/ld.so.preload")),
    ("ld_preload", run("/bin/ls", "A=B", "LD_PRELOAD=/a.so")),
    ("cgroup_notify_on_release", opened("/c/x/notify_on_release", WRITE, container=CONTAINER)),
    ("cgroup_release_agent", opened("/c/release_agent", WRITE, container=CONTAINER)),
    ("cgroup_release_agent", in_container(renamed("/a", "/c/release_agent"))),
    ("default_loader_mod", opened("/lib64/ld-linux-x86-64.so.2", WRITE)),
    ("default_loader_mod", renamed("/a", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")),
    ("default_loader_mod", renamed("/a", "/lib/ld-musl-x86_64.so.1")),
    ("sudoers_modification", opened("/etc/sudoers", WRITE)),
    ("sudoers_modification", renamed("/a", "/etc/sudoers.d/me")),
    ("sudoers_modification", renamed("/a", "/etc/sudoers.d/m\ne")),
    ("default_loader_mod", renamed("/a", "/lib/a\nb/ld-linux\n.so.2")),
    ("cgroup_release_agent", in_container(renamed("/a", "/c\n/release_agent"))),
    ("sched_debug_recon", opened("/proc/sched_debug", READ, container=CONTAINER)),
    ("sched_debug_recon", opened("/sys/kernel/debug/sched/debug", READ, container=CONTAINER)),
    ("system_request_key_mod", opened("/proc/sysrq-trigger", WRITE, container=CONTAINER)),
    ("core_pattern_modification", opened("/proc/sys/kernel/core_pattern", WRITE, container="a")),
    ("proc_kcore_read", opened("/proc/kcore", READ, container=CONTAINER)),
    ("hidden_file_created", written("/tmp/.x", ELF)),
    ("hidden_file_created", written("/home/me/.cache/x", ELF)),
    ("anti_debugging", called("ptrace", request=0)),
    ("ptrace_code_injection", called("ptrace", request=4)),
    ("ptrace_code_injection", called("ptrace", request=5)),
    ("process_vm_write_inject", called("process_vm_writev", pid=1)),
    ("disk_mount", mounted("/dev/sda1")),
    ("dynamic_code_loading", called("mem_prot_alert", prev_prot=3, prot=5)),
    ("dynamic_code_loading", called("mem_prot_alert", prev_prot=7, prot=5)),
    ("stdio_over_socket", duplicated(0, sa_family="AF_INET", sin_addr="1.2.3.4", sin_port="5")),
    ("stdio_over_socket", duplicated(2, sa_family="AF_INET6", sin6_port="5")),
    ("stdio_over_socket", connected(0, sa_family="AF_INET", sin_addr="1.2.3.4", sin_port="5")),
    ("fileless_execution", run("/memfd:x")),
    ("fileless_execution", run("memfd: (deleted)")),
    ("fileless_execution", run("/dev/shm/x")),
    ("fileless_execution", run("/memfd:runc_cloned:/proc/self/exe", container=CONTAINER)),
    ("illegitimate_shell", checked("/usr/bin/dash", "nginx")),
    ("illegitimate_shell", checked("/bin/sh", "apache2")),
    ("kernel_module_loading", called("init_module", len=5)),
    ("kernel_module_loading", called("security_kernel_read_file", type=2)),
    ("k8s_cert_theft", opened("/etc/kubernetes/pki/ca.key", READ)),
    ("k8s_cert_theft", renamed("/etc/kubernetes/pki/ca.key", "/tmp/a")),
    ("dropped_executable", written("/tmp/x", ELF, CONTAINER)),
]

NOT_FOUND = [
    ("aslr_inspection", opened("/proc/sys/kernel/randomize_va_space", WRITE)),
    ("aslr_inspection", opened("/proc/sys/kernel/ostype", READ)),
    ("proc_mem_code_injection", opened("/proc/1/mem", READ)),
    ("proc_mem_code_injection", opened("/proc/1/maps", WRITE)),
    ("proc_mem_access", opened("/proc/1/mem", os.O_WRONLY)),
    ("proc_mem_access", opened("/proc/meminfo", READ)),
    ("docker_abuse", opened("/var/run/docker.sock", BOTH)),
    ("docker_abuse", opened("/var/run/docker.sock", READ, container=CONTAINER)),
    ("docker_abuse", connected(sa_family="AF_UNIX", sun_path="/run/other.sock")),
    ("docker_abuse", connected(sa_family="AF_INET", sin_addr="1.2.3.4")),
    ("scheduled_task_mod", opened("/etc/crontab", READ)),
    ("scheduled_task_mod", opened("/etc/crontab.d", WRITE)),
    ("scheduled_task_mod", renamed("/etc/cron.daily/a", "/tmp/a")),
    ("scheduled_task_mod", run("/usr/bin/cat")),
    ("scheduled_task_mod", run(None)),
    ("rcd_modification", opened("/etc/rc.local", READ)),
    ("rcd_modification", run("/usr/bin/crontab")),
    ("ld_preload", opened("/etc/ld.so.preload", READ)),
    ("ld_preload", run("/bin/ls", "A=LD_PRELOAD=", "PATH=/bin")),
    ("cgroup_notify_on_release", opened("/c/x/notify_on_release", WRITE)),
    ("cgroup_notify_on_release", opened("/c/x/notify_on_release", READ, container=CONTAINER)),
    ("cgroup_release_agent", opened("/c/my_release_agent", WRITE, container=CONTAINER)),
    ("default_loader_mod", opened("/lib64/ld-linux-x86-64.so.2", READ)),
    ("default_loader_mod", opened("/lib/libc.so.6", WRITE)),
    ("default_loader_mod", opened("/home/lib/ld-a.so", WRITE)),
    ("sudoers_modification", opened("/etc/sudo.conf", WRITE)),
    ("sched_debug_recon", opened("/proc/sched_debug", READ)),
    ("system_request_key_mod", opened("/proc/sysrq-trigger", WRITE)),
    ("core_pattern_modification", opened("/proc/sys/kernel/core_pattern", READ, container="a")),
    ("proc_kcore_read", opened("/proc/kcore", READ)),
    ("hidden_file_created", written("/tmp/x", ELF)),
    ("hidden_file_created", written("/tmp/.x", b"#!/bin/sh")),
    ("hidden_file_created", written(None, ELF)),
    ("hidden_file_created", written("/tmp/.x", None)),
    ("anti_debugging", called("ptrace", request=16)),
    ("ptrace_code_injection", called("ptrace", request=1)),
    ("process_vm_write_inject", called("process_vm_writev", pid=471990)),
    ("disk_mount", mounted("tmpfs")),
    ("dynamic_code_loading", called("mem_prot_alert", prev_prot=0, prot=7)),
    ("dynamic_code_loading", called("mem_prot_alert", prev_prot=1, prot=5)),
    ("dynamic_code_loading", called("mem_prot_alert", prev_prot=3, prot=7)),
    ("stdio_over_socket", duplicated(3, sa_family="AF_INET", sin_addr="1.2.3.4", sin_port="5")),
    ("stdio_over_socket", duplicated(0, sa_family="AF_INET", sin_addr="0.0.0.0", sin_port="0")),
    ("stdio_over_socket", duplicated(0, sa_family="AF_UNIX", sun_path="/a")),
    ("stdio_over_socket", connected(sa_family="AF_INET", sin_addr="1.2.3.4", sin_port="5")),
    ("disk_mount", mounted(None)),
    ("disk_mount", mounted("/dev/sda1", container="")),
    ("disk_mount", mounted("/dev/sda1", comm="runc:[2:INIT]")),
    ("fileless_execution", run("/tmp/memfd:x")),
    ("fileless_execution", run("/memfd:runc_cloned:/proc/self/exe")),
    ("illegitimate_shell", checked("/usr/bin/dash", "sshd")),
    ("illegitimate_shell", checked("/usr/bin/perl", "nginx")),
    ("kernel_module_loading", called("security_kernel_read_file", type=1)),
    ("k8s_cert_theft", opened("/etc/kubernetes/pki/ca.key", READ, comm="kube-apiserver")),
    ("k8s_cert_theft", opened("/etc/kubernetes/pki/ca.key", os.O_WRONLY)),
    ("k8s_cert_theft", renamed("/tmp/a", "/etc/kubernetes/pki/ca.key")),
    ("dropped_executable", written("/tmp/x", ELF)),
    ("dropped_executable", written("/memfd:x", ELF, CONTAINER)),
]


@pytest.mark.parametrize(("signature", "event"), FOUND)
def test_signature_finds(signature: str, event: TraceEvent) -> None:
    assert len(found(signature, event)) == 1
    assert event.event_name in SIGNATURES[signature].needs


@pytest.mark.parametrize(("signature", "event"), NOT_FOUND)
def test_signature_ignores(signature: str, event: TraceEvent) -> None:
    assert found(signature, event) == []


def test_signature_cases_complete() -> None:
    """Every signature has both kinds of cases, and one for each event that it needs."""
    others = {"k8s_api_connection"}
    for cases in (FOUND, NOT_FOUND):
        assert {signature for signature, _ in cases} == SIGNATURES.keys() - others
    tested = {(signature, event.event_name) for signature, event in FOUND}
    needed = {
        (k.event, base) for k in BUILTIN.values() for base in k.needs if k.event not in others
    }
    assert tested == needed


@pytest.mark.parametrize("kind", BUILTIN.values())
def test_signature_metadata(kind: type[Signature]) -> None:
    """Description, properties and docstring have their forms."""
    assert kind.description.endswith(".")
    assert kind.properties["id"].startswith("TRC-1")
    assert kind.properties["Severity"] in range(4)
    assert kind.properties["external_id"].startswith("T1")
    assert (kind.__doc__ or "").startswith(f"{kind.properties['id']}: ")


def test_k8s_api_connection_of_container() -> None:
    """The address of the API server is that of the container that connects."""
    server = run("/bin/app", "KUBERNETES_SERVICE_HOST=10.0.0.1", container=CONTAINER)
    to_server = connected(sa_family="AF_INET", sin_addr="10.0.0.1")
    assert len(found("k8s_api_connection", server, to_server, to_server)) == 2
    assert not found("k8s_api_connection", to_server)
    elsewhere = connected(sa_family="AF_INET", sin_addr="10.0.0.1", container="b")
    other = connected(sa_family="AF_INET", sin_addr="10.0.0.2")
    nameless = connected(sa_family="AF_UNIX")
    assert not found("k8s_api_connection", server, elsewhere, other, nameless)


def test_k8s_api_connection_containers_max() -> None:
    """The number of stored addresses is limited; the oldest is removed."""
    signature = K8sApiConnection()
    for number in range(CONTAINERS_MAX + 5):
        event = run("/a", "KUBERNETES_SERVICE_HOST=10.0.0.1", container=f"{number}")
        assert not signature.on_event(event, {a.name: a.value for a in event.args})
    assert len(signature._servers) == CONTAINERS_MAX
    assert "4" not in signature._servers


def derived(selected: set[str], base: TraceEvent, *, hidden: bool = True) -> list[TraceEvent]:
    """Return the base and its findings in symbolic form, those that match a scope."""
    registry = load_signatures([], pytest.fail)
    scopes = [Scope(1, frozenset(selected))]
    hide = {"sched_process_exec": "env"} if hidden else {}
    derivation = Derivation(selecting_scopes(scopes), registry.events, registry.rules, hide)
    filters = FieldFilters(
        scopes, symbolic=True, events=registry.events, also_raw=derivation.raw_events
    )
    events = (base, *derivation(base))
    matched = (filters.apply(event) for event in events if event.matched_scopes)
    return [event for event in matched if event]


def test_finding_arguments_printed() -> None:
    """The arguments of a finding are printed as those of its base."""
    base = event_of("security_file_open", {"pathname": "/etc/sudoers", "flags": WRITE}, "", "x")
    printed, finding = derived({"security_file_open", "sudoers_modification"}, base)
    assert finding.args[1] == Argument("flags", "string", "O_WRONLY|O_CREAT")
    assert finding.args == printed.args


def test_finding_environment() -> None:
    """Only the variables of a finding are printed; with exec-env all are."""
    selected = {"sched_process_exec", "ld_preload"}
    environment = ["A=B", "LD_PRELOAD=/a.so"]
    base, finding = derived(selected, run("/bin/ls", *environment))
    assert base.args[16] == Argument("env", "const char**", None)
    assert finding.args[16].value == ["LD_PRELOAD=/a.so"]
    base, finding = derived(selected, run("/bin/ls", *environment), hidden=False)
    assert base.args[16].value == environment


def test_signature_without_environment() -> None:
    """A signature gets the environment only if it declares that."""
    (finding,) = found("fileless_execution", run("/memfd:x", "SECRET=1"))
    assert finding["env"] is None


def test_registry_needed() -> None:
    """Only signatures that the selected events depend on are needed."""
    registry = load_signatures([], pytest.fail)
    assert [runner.description.event for runner in registry.needed(["ld_preload", "openat"])] == [
        "ld_preload"
    ]
    assert not registry.needed(["openat"])
