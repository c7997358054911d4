"""A node's name stands in signed notes and on paper; its log's records are sealed for their rows."""

import pytest

from safelight.access.node import LogSealer, checked_name
from safelight.errors import UsageError
from safelight.vault.keys import RootKey
from safelight.vault.sealing import SealedValueError

SEALER = LogSealer(RootKey(bytes(range(32))))


@pytest.mark.parametrize("name", ["unit-alpha.example", "alpha", "einheit-größe.example/a"])
def test_names_that_can_be(name):
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "unit alpha", "a+b", "a\nb", "a\u202eb", "a\u200bb", "a" * 201])
def test_names_that_cannot_be(name):
    with pytest.raises(UsageError, match="cannot be a node's name"):
        checked_name(name)


def test_a_record_opens_in_its_row_only():
    sealed = SEALER.seal(b"what was done", 7)
    assert SEALER.open(sealed, 7) == b"what was done"
    assert b"done" not in sealed
    with pytest.raises(SealedValueError):
        SEALER.open(sealed, 8)
