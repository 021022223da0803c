"""Runs of the tracer on a kernel, and their comparison with the model."""
