"""Entries built at one stroke are what the walk over single events makes of them, also where the file is broken."""

import json
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from safelight.known.formats import pieces
from safelight.known.formats.pieces import Pieces
from safelight.known.formats.text import UnreadableListError, UntoldColumnsError
from safelight.known.rows import FileEnd, Message
from tests.unit.known.formats.reading import everything

MD5 = "a1" * 16
SCALARS = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=6) | st.just(MD5)
SCALARS |= st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.sampled_from(["MD5", "Category", "Series", "Tags", "AlternativeHashes", "MediaFiles", "Media", "value", "é"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
ENTRIES = st.dictionaries(NAMES, VALUES, max_size=6) | VALUES
INSERTIONS = st.sampled_from(
    ['"', "\\", "{", "}", "[", "]", ",", ":", " ", "1e999999999999999999999", "NaN", "-Infinity", "\\ud800", "\\ud83d\\ude00",
     '"MD5":1,', "\x01", "\\u0000", '{"MD5":2},', "[" * 70]
)  # fmt: skip


def outcome(content: bytes) -> list[Message] | str:
    """What is read, or how it is refused; of the parser's own words not which excerpt of the file it shows."""
    try:
        *before, end = everything(content)
    except (UnreadableListError, UntoldColumnsError) as error:
        return str(error).partition(":")[0]
    assert isinstance(end, FileEnd)
    return [*before, FileEnd(end.complete, end.reason and end.reason.partition(":")[0])]


def by_events_only(content: bytes) -> list[Message] | str:
    with patch.object(Pieces, "next_object", lambda _: None):
        return outcome(content)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(ENTRIES, min_size=1, max_size=6),
    st.lists(st.tuples(st.floats(0, 1), INSERTIONS), max_size=2),
    st.booleans(),
    st.sampled_from([40, 300, 1 << 18]),
)
@example([{"MD5": MD5}, {"MD5": MD5, "Tags": ["x"] * 70, "Series": "x" * 50_000}, {"MD5": MD5}], [], False, 300)
@example([{"MD5": MD5}, {f"k{n}": n for n in range(300)}, {"MD5": MD5}], [], False, 300)
@example([{"MD5": MD5}, {"MD5": MD5, "x": json.loads("[" * 62 + "]" * 62)}, {"MD5": MD5}], [], False, 300)
@example([{"MD5": MD5}, {"MD5": MD5, "x": json.loads("[" * 80 + "]" * 80)}, {"MD5": MD5}], [], False, 300)
def test_both_speeds_agree(entries, insertions, in_ascii, chunk):
    text = json.dumps({"value": [{"MD5": MD5}, *entries, {"MD5": MD5}]}, ensure_ascii=in_ascii)
    for place, insertion in insertions:
        at = int(place * len(text))
        text = text[:at] + insertion + text[at:]
    content = text.encode("utf-8", "replace")
    with patch.object(pieces, "_CHUNK", chunk), patch.object(pieces, "_LARGEST", 2 * chunk):
        assert outcome(content) == by_events_only(content)


def test_entries_in_a_row_are_built_at_one_stroke():
    """Otherwise the two speeds would agree for want of a second one."""
    built = []
    real = Pieces.next_object

    def counting(self):
        found = real(self)
        built.append(found is not None)
        return found

    content = json.dumps({"value": [{"MD5": f"{number:032x}"} for number in range(1, 101)]}, indent=1).encode()
    with patch.object(Pieces, "next_object", counting):
        assert len(everything(content)) == 102
    assert sum(built) == 99
