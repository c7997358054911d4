"""Finding the next marker in a JPEG, held against the regular expression that says what one is."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from safelight.media.jpeg_structure import _find_marker

MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_find_marker.load()  # no test case is to wait for it
LIKELY = st.sampled_from([0xFF, 0x00, 0x01, 0xC0, 0xCF, 0xD0, 0xD7, 0xD8, 0xD9, 0xFE, 0x55])


@given(st.lists(LIKELY, max_size=40), st.integers(0, 800), st.lists(LIKELY, max_size=10), st.integers(0, 900))
def test_a_marker_is_found_where_the_expression_finds_it(before: list[int], filler: int, after: list[int], at: int):
    content = bytes(before) + bytes(filler) + bytes(after)
    expected = MARKER.search(content, at)
    assert _find_marker(np.frombuffer(content, np.uint8), at) == (expected.start() if expected else -1)
