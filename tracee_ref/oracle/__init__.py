"""The conformance oracle: judges other implementations of scopes by the model.

It runs on Python's standard library alone, as any user, on any system.  ``cli`` holds the
subcommands of ``scope-oracle``; each is a module of ``commands``.
"""
