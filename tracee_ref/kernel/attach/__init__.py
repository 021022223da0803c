"""Attaching of BPF programs to the hooks of the running kernel."""
