# SPDX-License-Identifier: Apache-2.0
"""Workload that triggers security events and prints their expected fields."""

from __future__ import annotations

SETUP = """
import ctypes, json, mmap, os, resource, socket, stat, struct
libc = ctypes.CDLL(None, use_errno=True)
facts = {}
top = facts["top"] = f"/tmp/security-{os.getpid()}"
os.mkdir(top)
os.umask(0o22)
libc.mount(b"nothing", top.encode(), b"tmpfs", 6, None)
os.chdir(top)
def note(name, path):
    status = os.stat(path)
    device = os.major(status.st_dev) << 20 | os.minor(status.st_dev)
    facts[name] = [status.st_ino, device, status.st_ctime_ns]
"""
"""A file system of its own, so that the kernel's paths of its files begin at ``/``."""

TEARDOWN = """
print("facts", json.dumps(facts))
os.chdir("/")
libc.umount2(top.encode(), 2)
os.rmdir(top)
"""

FILES = """
os.close(os.open("a", os.O_RDWR | os.O_CREAT, 0o600))
note("a", "a")
fd = os.open("a", os.O_RDONLY)
open("removed", "w").close()
note("removed", "removed")
os.unlink("removed")
os.rename("a", "b")
os.mknod("fifo", 0o600 | stat.S_IFIFO)
os.mknod("device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
os.symlink("to/here", "link")
with open("script", "w") as file:
    file.write("#!/bin/true\\n")
os.chmod("script", 0o755)
note("script", "script")
note("true", "/bin/true")
if os.fork() == 0:
    os.execv("./script", ["script"])
os.wait()
os.truncate("b", 4096)
note("b", "b")
libc.syscall(313, fd, b"", 0)
memory = mmap.mmap(fd, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ)
(line,) = [line for line in open("/proc/self/maps") if line.endswith(top + "/b\\n")]
facts["memory"] = int(line.split("-")[0], 16)
libc.mprotect(ctypes.c_void_p(facts["memory"]), 4096, 3)
both = mmap.mmap(-1, 8192, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
facts["both"] = ctypes.addressof(ctypes.c_char.from_buffer(both))
for protection in (5, 1, 3, 5, 7, 0):
    libc.mprotect(ctypes.c_void_p(facts["both"]), 4096, protection)
os.chroot("/")
"""

SOCKETS = """
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 0))
facts["server"], facts["port"] = server.fileno(), server.getsockname()[1]
server.listen(5)
client = socket.socket()
facts["client"] = client.fileno()
client.connect(server.getsockname())
server.accept()
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 17)
six.bind(("::1", 0))
facts["six"], facts["port6"] = six.fileno(), six.getsockname()[1]
six.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
unix = socket.socket(socket.AF_UNIX)
unix.bind("named")
unix.listen(3)
hidden = socket.socket(socket.AF_UNIX)
hidden.bind("\\0hidden")
hidden.listen(4)
nameless = socket.socket(socket.AF_UNIX)
libc.listen(nameless.fileno(), 6)
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
netlink.bind((0, 0))
netlink.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
"""

BPF = """
# Up to 5.10 maps count as locked memory of the user, those of the tracer too.
resource.setrlimit(resource.RLIMIT_MEMLOCK, (-1, -1))
array = struct.pack("IIIIIII16s", 2, 4, 8, 1, 0, 0, 0, b"of_ours").ljust(120, b"\\0")
fd = libc.syscall(321, 0, array, len(array))
info = ctypes.create_string_buffer(80)
about = struct.pack("IIQ", fd, len(info), ctypes.addressof(info)).ljust(120, b"\\0")
libc.syscall(321, 15, about, len(about))
facts["map"] = struct.unpack_from("I", info, 4)[0]
"""

WRITES = """
def write(name, flags=0):
    return os.open(name, os.O_WRONLY | os.O_CREAT | flags, 0o600)
fd = write("first")
os.write(fd, b"\\x7fELF")
os.write(fd, b"more")
os.pwrite(fd, b"again" * 10, 0)
note("first", "first")
fd = write("first", os.O_APPEND)
os.write(fd, b"at the end")
fd = write("second", os.O_APPEND)
os.writev(fd, [b"some", b"pieces"])
fd = write("third")
os.lseek(fd, 5, 0)
os.write(fd, b"not at the beginning")
read, fd = os.pipe()
os.write(fd, b"no file")
fd = os.open("first", os.O_RDONLY)
try: os.write(fd, b"refused")
except OSError: pass
fd = write("fourth")
libc.write(fd, ctypes.c_void_p(1), 5)
"""
"""The first of each file begins it.  Then: four writes that are not at offset 0 of a regular file,
one that the kernel refuses, and one whose buffer cannot be read."""

PROGRAM = SETUP + FILES + SOCKETS + BPF + WRITES + TEARDOWN
"""Its last line of output is ``facts`` and a JSON object."""
