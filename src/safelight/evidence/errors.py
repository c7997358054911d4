"""What can go wrong with a source, told by what a person can do about it."""

from safelight.errors import InputError


class ReadingError(InputError):
    """A file of the source could not be read."""

    kind = "unreadable"


class VanishedError(ReadingError):
    """The file was listed and was gone when it was opened."""

    kind = "vanished"


class ChangedError(ReadingError):
    """The file changed while it was read."""

    kind = "changed"
