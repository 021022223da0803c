# SPDX-License-Identifier: Apache-2.0
"""Subcommands of ``scope-oracle``: a module each, with the same three names.

``SUMMARY`` is the line of help, ``add_arguments`` adds the arguments to its parser, and
``execute`` runs it and returns the exit status.
"""
