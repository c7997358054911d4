"""What an officer's command takes: values by name, signatures in digits, an OS user with or without a name."""

import getpass
import os

import pytest

from safelight.cli.acting import named_values, os_user, signature_of
from safelight.errors import UsageError


def test_values_are_named_once():
    assert named_values(("owner=alpha", "roles=a b", "case=")) == {"owner": "alpha", "roles": "a b", "case": ""}
    for wrong in (("owner",), ("owner=a", "owner=b")):
        with pytest.raises(UsageError, match="name=value"):
            named_values(wrong)


def test_a_signature_is_64_bytes():
    assert signature_of("ab" * 64) == b"\xab" * 64
    for wrong in ("", "ab" * 63, "zz" * 64):
        with pytest.raises(UsageError, match="128 hexadecimal digits"):
            signature_of(wrong)


def test_an_os_user_without_a_name_has_a_number(monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "alex")
    assert os_user() == "alex"

    def nameless():
        raise OSError

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert os_user() == f"uid {os.getuid()}"
