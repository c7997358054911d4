"""What an earlier version kept in clear stops a migration, and nothing else does."""

from importlib import import_module
from types import SimpleNamespace

import pytest

from safelight.errors import CannotRunError

sealed = import_module("safelight.vault.migrations.0003_sealed_signatures")


def apps(has_rows):
    model = SimpleNamespace(objects=SimpleNamespace(exists=lambda: has_rows))
    return SimpleNamespace(get_model=lambda *name: {("vault", "Signature"): model}[name])


def test_a_folder_with_digests_in_clear_is_left_as_it_is():
    with pytest.raises(CannotRunError, match="left as it is: make a node in a new data folder"):
        sealed.refuse_clear(apps(has_rows=True), None)


def test_an_empty_one_goes_on():
    sealed.refuse_clear(apps(has_rows=False), None)
