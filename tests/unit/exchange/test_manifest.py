"""A manifest has one form, names each thing once, and what was altered in it is refused."""

import json
from datetime import timedelta

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import InputError, UsageError
from safelight.exchange.manifest import (
    BadManifestError,
    ContentLine,
    Recipient,
    encode_manifest,
    manifest_digest,
    parse_manifest,
)
from tests.unit.assertions.example import NOW, lines
from tests.unit.exchange.example import manifest

digests = st.integers(0, 2**256 - 1).map("{:064x}".format)
manifests = st.builds(
    manifest,
    agency=lines,
    officer=lines,
    officer_key=st.sampled_from(["", "ab" * 32]),
    case=st.integers(1, 10**17).map(str),
    recipient=st.builds(
        Recipient, lines, st.lists(lines, min_size=1, max_size=3).map(tuple), st.lists(lines).map(tuple), st.booleans()
    ),
    made=st.integers(0, 10**9).map(lambda some: NOW + timedelta(seconds=some)),
    items=st.dictionaries(digests, st.integers(0, 2**52)).map(
        lambda found: tuple(ContentLine(one, found[one]) for one in sorted(found))
    ),
    statements=st.lists(digests, unique=True).map(tuple),
)


@given(manifests)
def test_what_is_written_is_read_as_it_was(one):
    record = encode_manifest(one)
    assert parse_manifest(record) == one
    assert len(manifest_digest(record)) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"format": "safelight-manifest/2"},
        {"algorithm": "none"},
        {"id": "short"},
        {"node_key": "AB" * 32},
        {"officer_key": "ab"},
        {"case": "0"},
        {"made": "2030-01-31T12:00:00"},
        {"statements": ["ab" * 32] * 2},
        {"items": [{"sha256": "ab" * 32, "size": 1}] * 2},
        {"items": [{"sha256": "../../etc/passwd", "size": 1}]},
        {"items": [{"sha256": "ab" * 32, "size": -1}]},
        {"later": 1},
    ],
    ids=str,
)
def test_what_is_no_manifest_is_refused(change):
    record = rfc8785.dumps(json.loads(encode_manifest(manifest())) | change)
    with pytest.raises(BadManifestError):
        parse_manifest(record)


def test_another_form_of_the_same_is_refused():
    with pytest.raises(BadManifestError):
        parse_manifest(encode_manifest(manifest()).replace(b'":', b'": '))
    with pytest.raises(InputError):
        parse_manifest(b"{")


def test_too_much_for_one_bundle_is_refused_where_it_is_written():
    many = tuple(ContentLine(f"{number:064x}", 1) for number in range(14_000))
    with pytest.raises(UsageError, match="14000 contents"):
        encode_manifest(manifest(items=many))


def test_it_names_the_keys_that_sign_it():
    assert [one.officer for one in manifest().keys().values()] == [None, "officer-7"]
    assert [one.officer for one in manifest(officer_key="").keys().values()] == [None]
