"""Which database addresses are taken, and which would send victims' data over a network unprotected."""

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import UsageError
from safelight.platform.database import _in_words, _number, read_url
from safelight.platform.settings import InsecureSettingError

LOCAL = [
    "postgresql:///safelight",
    "postgresql://localhost/safelight",
    "postgresql://user:secret@127.0.0.1:5433/safelight",
    "postgresql://[::1]/safelight",
    "postgresql://user@/safelight?host=/run/postgresql",
    "host=/run/postgresql dbname=safelight",
    "postgresql://db.example/safelight?sslmode=verify-full",
    "postgresql://db.example/safelight?sslmode=verify-ca",
]
UNPROTECTED = [
    "postgresql://db.example/safelight",
    "postgresql://db.example/safelight?sslmode=require",
    "postgresql://db.example/safelight?sslmode=prefer",
    "postgresql://10.0.0.5/safelight",
    "postgresql://localhost,db.example/safelight",
    "postgresql:///safelight?hostaddr=10.0.0.5",
    "postgresql:///safelight?service=elsewhere",
    "host=localhost hostaddr=10.0.0.5",
]


@pytest.fixture(autouse=True)
def no_libpq_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("url", LOCAL)
def test_local_or_verified_addresses_are_taken(url: str) -> None:
    assert read_url(url)


@pytest.mark.parametrize("url", UNPROTECTED)
def test_addresses_over_a_network_without_verified_tls_are_refused(url: str) -> None:
    with pytest.raises(InsecureSettingError):
        read_url(url)


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGSERVICE"])
def test_the_environment_of_libpq_is_no_way_round(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "10.0.0.5")
    with pytest.raises(InsecureSettingError):
        read_url("postgresql:///safelight")


def test_a_wrong_form_is_refused_without_showing_the_password() -> None:
    with pytest.raises(UsageError) as caught:
        read_url("postgresql://user:hidden@[broken/safelight")
    assert "hidden" not in caught.value.message


@pytest.mark.parametrize(
    "error", [psycopg.errors.DiskFull(), psycopg.OperationalError("could not extend: No space left on device")]
)
def test_a_full_disk_is_called_by_its_name(error: Exception) -> None:
    assert "disk is full" in _in_words(error).message


REFUSED = """\
connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused
\tIs the server running on that host and accepting TCP/IP connections?
Multiple connection attempts failed. All failures were:
- host: 'localhost', port: 1, hostaddr: '::1': connection failed: Connection refused
"""


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (REFUSED, 'connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused'),
        (
            "server closed the connection unexpectedly\n\tThis probably means",
            "server closed the connection unexpectedly",
        ),
        ("the connection is lost.", "the connection is lost"),
        ("", "OperationalError"),
    ],
    ids=["refused", "closed", "a sentence", "nothing"],
)
def test_other_errors_keep_the_servers_words_as_one_sentence(said: str, kept: str) -> None:
    expected = f"The database does not answer: {kept}. What was acknowledged is kept; run the command again."
    assert _in_words(psycopg.OperationalError(said)).message == expected


@given(st.text())
def test_each_name_is_one_number_that_a_lock_can_have(name: str) -> None:
    assert -(2**63) <= _number(name) < 2**63
    assert _number(name) == _number(name)
    assert _number(name) != _number(name + "x")
