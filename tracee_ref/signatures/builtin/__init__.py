"""The signatures shipped with the tracer, by tactic."""
