"""The kernel side, in C: shipped as data, compiled by BCC when the tracer starts."""
