"""The subcommands of ``scope-oracle``, each of which ``cli`` asks for the same three things.

``SUMMARY`` is a line of help, ``add_arguments`` adds what the subcommand takes to its parser,
and ``execute`` does it and returns the exit status.
"""
