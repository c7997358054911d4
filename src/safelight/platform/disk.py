"""What a disk refuses to take, said in one sentence with what to do about it.

Rules kept here:
- said is what somebody can put right: no room, no right to write, a disk that fails. Any other error is passed on as
  it is, for it would be ours.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from safelight.errors import CannotRunError

_WHAT_TO_DO = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EROFS: "make it writable",
    errno.EACCES: "make it writable",
    errno.EIO: "its disk fails, copy it to another",
}


@contextmanager
def disk_in_words(what: str) -> Iterator[None]:
    """Say what the disk refuses in the block; `what` names what is written there, such as "The log in /srv".

    Raises:
        CannotRunError: in place of an `OSError` that somebody can put right.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _WHAT_TO_DO:
            raise
        reason = os.strerror(error.errno)
        raise CannotRunError(f"{what} cannot be written ({reason}): {_WHAT_TO_DO[error.errno]}.") from error
