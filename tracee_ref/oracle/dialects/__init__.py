"""Other meanings of the same flags: what an implementation really does, bugs included.

A dialect judges an implementation by its own past; it never changes the tracer or the model.
"""
