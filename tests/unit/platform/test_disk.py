"""What a disk refuses is said once, in one sentence, wherever it happens."""

import errno
import os

import pytest

from safelight.errors import CannotRunError
from safelight.platform.disk import disk_in_words


@pytest.mark.parametrize(
    ("number", "todo"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "make room"),
        (errno.EROFS, "make it writable"),
        (errno.EACCES, "make it writable"),
        (errno.EIO, "its disk fails, copy it to another"),
    ],
)
def test_what_somebody_can_put_right_is_said_with_what_to_do(number: int, todo: str) -> None:
    with pytest.raises(CannotRunError) as met, disk_in_words("The log in /made-up"):
        raise OSError(number, "of the shim")
    assert met.value.message == f"The log in /made-up cannot be written ({os.strerror(number)}): {todo}."
    assert isinstance(met.value.__cause__, OSError)


@pytest.mark.parametrize("error", [OSError(errno.EBADF, "Bad file descriptor"), FileExistsError(), ValueError()])
def test_any_other_error_is_passed_on_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as met, disk_in_words("The log in /made-up"):
        raise error
    assert met.value is error


def test_nothing_is_said_where_nothing_is_refused() -> None:
    with disk_in_words("The log in /made-up"):
        assert os.strerror(0)
