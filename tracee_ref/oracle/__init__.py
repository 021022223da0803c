# SPDX-License-Identifier: Apache-2.0
"""Conformance oracle: checks other implementations of scopes against the model.

It needs only the standard library and no privileges, and runs on any system.  ``cli`` is the
command line of ``scope-oracle``; each subcommand is a module of ``commands``.
"""
