"""Derivation of events from others: containers from cgroups, packets, signatures."""
