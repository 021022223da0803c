"""Seeding of BPF maps with processes and sockets older than the tracer."""
