"""An entry says what it must; its leaf commits to all of it, and to nothing that can be guessed without the salt."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import UsageError
from safelight.log.entries import REASONED, SALT_BYTES, Entry, Event, commitment, named_digests, new_salt, redacted

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
RECORDS = st.binary(max_size=60)
SALTS = st.binary(min_size=SALT_BYTES, max_size=SALT_BYTES)


def test_events_are_package_thing_and_what_was_done():
    assert all(len(event.split(":")) == 3 for event in Event)


@pytest.mark.parametrize("event", sorted(REASONED))
@pytest.mark.parametrize("why", [None, "", "  "])
def test_what_shows_or_takes_content_is_not_logged_without_a_reason(event, why):
    with pytest.raises(UsageError, match="say why"):
        Entry(event, "officer", NOW, why)


def test_a_time_without_a_zone_is_no_time():
    with pytest.raises(UsageError, match="time zone"):
        Entry(Event.CHECKED, "officer", NOW.replace(tzinfo=None))


def test_an_entry_is_canonical_json():
    entry = Entry(Event.EXPORTED, "officer", NOW, "Case 12", {"items": ["b", "a"], "count": 2})
    said = entry.encoded()
    assert json.loads(said) == {
        "event": "casework:content:exported",
        "by": "officer",
        "at": "2026-03-14T12:00:00+00:00",
        "why": "Case 12",
        "about": {"items": ["b", "a"], "count": 2},
    }
    assert said == Entry(Event.EXPORTED, "officer", NOW, "Case 12", {"count": 2, "items": ["b", "a"]}).encoded()
    assert b'"why"' not in Entry(Event.CHECKED, "officer", NOW).encoded()


@given(RECORDS, SALTS, RECORDS, SALTS)
def test_a_leaf_belongs_to_one_record_with_one_salt(record, salt, other, other_salt):
    assert (commitment(record, salt) == commitment(other, other_salt)) == ((record, salt) == (other, other_salt))


def test_every_salt_is_new_and_whole():
    assert new_salt() != new_salt()
    with pytest.raises(ValueError, match="16 bytes"):
        commitment(b"record", b"short")


@given(st.binary(min_size=32, max_size=32), st.text(alphabet="\x01\x08\x0c \n.-xyz", max_size=5), st.booleans())
def test_a_digest_is_found_wherever_it_stands_in_an_entry(digest, beside, is_upper):
    shown = beside + (digest.hex().upper() if is_upper else digest.hex()) + beside
    for about in ({"asked": shown}, {"items": ["none", shown]}, {"parameters": {"sha256": shown}}, {shown: 1}):
        assert named_digests(Entry(Event.CHECKED, "officer", NOW, about=about).encoded()) == {digest}
    assert named_digests(Entry(Event.CHECKED, "officer", NOW, shown).encoded()) == {digest}


def test_what_is_longer_or_shorter_than_a_sha_256_is_none():
    about = {"md5": "ab" * 16, "sha1": "ab" * 20, "key": "ab" * 33}
    assert named_digests(Entry(Event.CHECKED, "officer", NOW, about=about).encoded()) == frozenset()


def test_an_entry_in_place_of_another_says_all_but_the_erased_digest():
    one, two, three = (bytes([number]) * 32 for number in (1, 2, 3))
    shown = Entry(Event.CONSULTED, "officer", NOW, f"see {one.hex()}", {"items": [x.hex() for x in (one, two, three)]})
    first = redacted(shown.encoded(), 7, 5, one, acting_user="other", now=NOW)
    assert (first.event, first.by) == (Event.REDACTED, "other")
    assert first.about == {
        "of": {
            "entry": 7, "number": 5, "event": "vault:content:consulted", "by": "officer", "at": NOW.isoformat(),
            "why": "see (erased)",
        },
        "digests": [two.hex(), three.hex()],
    }  # fmt: skip
    again = redacted(first.encoded(), 9, None, two, acting_user="third", now=NOW)
    assert again.about == {"of": first.about["of"], "digests": [three.hex()]}


def test_a_digest_in_capitals_is_struck_too():
    content = bytes([0xAB]) * 32
    shown = Entry(Event.CONSULTED, "officer", NOW, f"see {content.hex().upper()}")
    assert redacted(shown.encoded(), 7, 5, content, acting_user="other", now=NOW).about["of"]["why"] == "see (erased)"
