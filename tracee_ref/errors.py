"""Errors that end a run with one line on stderr."""

from __future__ import annotations


class UsageError(Exception):
    """The command line is wrong: exit status 2.  The text names the input and the remedy."""


class HostError(Exception):
    """This machine cannot do it (privilege, kernel, files): exit status 1."""


def usage_error(message: str) -> UsageError:
    """Return the error; what would break the line or the terminal is escaped."""
    return UsageError("".join(map(_visible, message)))


def refused(reason: str, flag: str, remedy: str) -> UsageError:
    """Return ``reason - remedy``, with the flag between them where the reason lacks it.

    ``reason`` is Tracee's text (Tracee v0.12 facts, 1.4), without the names of Go functions.
    """
    named = remedy if flag in reason else f"{flag}: {remedy}"
    return usage_error(f"{reason} - {named}")


def _visible(character: str) -> str:
    if character.isprintable() or character == "\t":  # Tracee v0.12 prints a tab as it is
        return character
    return character.encode("unicode_escape").decode("ascii")
