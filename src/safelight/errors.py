"""The root of all errors: each says what happened, to which input, and what to do, on one line.

An error's docstring is its default sentence. The exit code belongs to its class and is used at the command line only:
0 done, 1 done with named failures, 2 wrong use, 3 could not run.
"""

from typing import ClassVar


class SafelightError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").splitlines()[0])

    @property
    def message(self) -> str:
        """The sentence for people, always one line."""
        return " ".join(str(self).split())


class UsageError(SafelightError):
    """The command was used in a way that cannot work."""

    exit_code = 2


class CannotRunError(SafelightError):
    """The command could not run."""

    exit_code = 3


class InputError(SafelightError):
    """One input could not be processed; the others were."""

    exit_code = 1
