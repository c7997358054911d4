"""Whatever a worker replies, the parent gets the type it asked for, or one error."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.evidence.archives.messages import decode as decode_walker
from safelight.known.listing import decode_rows
from safelight.media.embedded import decode_embedded
from safelight.sandbox import BadReplyError, reply_decoder
from safelight.signatures.family import decode_family

DECODERS = pytest.mark.parametrize("decode", [decode_family, decode_embedded, decode_walker, decode_rows])
DEEP = 200_000
ENDLESS = {
    "lists": b"\x91" * DEEP,
    "maps": b"\x81\xa1a" * DEEP,
    "maps as keys": b"\x81" * DEEP,
    "lists under a name that nothing has": b"\x81\xa4name" + b"\x91" * DEEP,
}


@DECODERS
@pytest.mark.parametrize("reply", ENDLESS.values(), ids=ENDLESS)
def test_what_is_nested_without_end_is_no_reply(decode, reply):
    with pytest.raises(BadReplyError, match="does not hold"):
        decode(reply)


@DECODERS
@given(noise=st.binary(max_size=200))
def test_noise_is_no_reply_or_one_of_its_type(decode, noise):
    with suppress(BadReplyError):
        decode(noise)


def test_broken_text_is_no_reply():
    with pytest.raises(BadReplyError):
        reply_decoder(str)(b"\xa2\xff\xfe")


@given(st.lists(st.tuples(st.text(), st.integers(0, 2**63))))
def test_a_reply_of_its_type_comes_through(value):
    assert reply_decoder(list[tuple[str, int]])(msgspec.msgpack.encode(value)) == value
