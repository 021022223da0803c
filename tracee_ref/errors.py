"""The two ways in which a run can be refused; each is one line on stderr."""


class UsageError(Exception):
    """The command line is wrong: exit status 2.  The text names the input and the remedy."""


class HostError(Exception):
    """This machine cannot do it (privilege, kernel, files): exit status 1."""
