"""Kernel packages, QEMU guests, and the agents that run requests in them."""
