"""No deadline for an example: a shared machine stops now and then, which is no fault of a law."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
