"""A vault for each test."""

import pytest

from tests.integration.vault.example import make_vault


@pytest.fixture
def vault(tmp_path):
    return make_vault(tmp_path)
