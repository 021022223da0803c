"""How a bad flag is refused: one line that names the input and the remedy."""

from __future__ import annotations

from .errors import UsageError


def usage_error(message: str) -> UsageError:
    """Return the error; what would break the line or the terminal is escaped."""
    return UsageError("".join(map(_visible, message)))


def refused(reason: str, flag: str, remedy: str) -> UsageError:
    """Return ``reason - remedy``, with the flag between them where the reason lacks it.

    ``reason`` is upstream's text (facts, section 1.4), without the names of Go functions.
    """
    named = remedy if flag in reason else f"{flag}: {remedy}"
    return usage_error(f"{reason} - {named}")


def _visible(character: str) -> str:
    if character.isprintable() or character == "\t":  # upstream shows a tab as it is
        return character
    return character.encode("unicode_escape").decode("ascii")
