"""Runs of the tracer on a kernel: what they print, and what the model expects."""
