"""Rows and their bytes are one to one, each row is provable alone, and a batch that was touched does not hold."""

import hashlib
import hmac
from contextlib import suppress
from datetime import timedelta, timezone

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from safelight.assertions.batches import (
    BLOCK_ROWS,
    BadBatchError,
    BatchHeader,
    BatchRow,
    batch_root,
    check_batch,
    check_row,
    encode_header,
    encode_row,
    parse_header,
    parse_row,
    prove_row,
    prove_row_in_blocks,
    root_of_blocks,
    row_salt,
    split_rows,
)
from safelight.assertions.record import BadAssertionError
from safelight.assertions.signing import encode_envelope, parse_envelope, sign_record, verify_record
from safelight.log.merkle import EMPTY_ROOT, BadProofError
from tests.unit.assertions.example import NOW, identifier
from tests.unit.assertions.test_signing import KEYS, NODE

SECRET = b"s" * 32
flags = st.none() | st.booleans()
rows = st.builds(
    BatchRow,
    salt=st.binary(min_size=16, max_size=16),
    md5=st.binary(min_size=16, max_size=16),
    sha1=st.none() | st.binary(min_size=20, max_size=20),
    sha256=st.none() | st.binary(min_size=32, max_size=32),
    pdq=st.binary(min_size=32, max_size=32),
    quality=st.none() | st.integers(0, 100),
    size=st.none() | st.integers(0, 2**63 - 1),
    scheme=st.just("DEMO"),
    value=st.text(min_size=1, max_size=40),
    victim_identified=flags,
    offender_identified=flags,
    distributed=flags,
    self_generated=flags,
    suspected=flags,
    baseline=flags,
) | st.builds(BatchRow, salt=st.binary(min_size=16, max_size=16), sha1=st.binary(min_size=20, max_size=20))
ROW = BatchRow(row_salt(SECRET, 0), md5=b"m" * 16, scheme="DEMO", value="1", baseline=True, victim_identified=False)


def header(encoded, **more):
    said = {
        "id": identifier(1),
        "agency": "Agency Alpha",
        "officer": "officer-7",
        "source": "Series Harbour list",
        "scheme": "DEMO",
        "trust": "partner",
        "made": NOW,
        "rows": len(encoded),
        "root": batch_root(encoded).hex(),
    }
    return BatchHeader(**{**said, **more})


@given(rows)
def test_every_row_comes_back_and_to_the_byte(row):
    encoded = encode_row(row)
    assert parse_row(encoded) == row
    assert encode_row(parse_row(encoded)) == encoded


def test_a_row_is_laid_out_as_documented():
    full = BatchRow(
        b"\x01" * 16,
        b"\x02" * 16,
        b"\x03" * 20,
        b"\x04" * 32,
        b"\x05" * 32,
        77,
        0x0102,
        "DEMO",
        "é",
        True,
        False,
        None,
        True,
        None,
        False,
    )
    encoded = encode_row(full)
    assert encoded[:16] == b"\x01" * 16
    assert encoded[16] == 1
    assert encoded[17] == 0b111111
    assert int.from_bytes(encoded[18:20]) == 0b01_00_10_00_01_10
    assert encoded[20:36] == b"\x02" * 16
    assert encoded[36:56] == b"\x03" * 20
    assert encoded[56:88] == b"\x04" * 32
    assert encoded[88:120] == b"\x05" * 32
    assert encoded[120] == 77
    assert int.from_bytes(encoded[121:129]) == 0x0102
    assert (encoded[129], encoded[130]) == (4, 2)
    assert encoded[131:] == "DEMOé".encode()


def test_what_a_row_does_not_say_is_zeros():
    least, other = (BatchRow(b"\x01" * 16, **{name: b"\x03" * size}) for name, size in (("sha1", 20), ("md5", 16)))
    rest = bytes(11)
    assert encode_row(least) == b"\x01" * 17 + b"\x02\0\0" + bytes(16) + b"\x03" * 20 + bytes(64) + rest
    assert encode_row(other) == b"\x01" * 18 + b"\0\0" + b"\x03" * 16 + bytes(84) + rest


def test_scheme_and_value_may_have_255_bytes_each_and_no_more():
    longest = msgspec.structs.replace(ROW, scheme="s" * 255, value="v" * 255)
    assert parse_row(encode_row(longest)) == longest
    for more in (msgspec.structs.replace(longest, scheme="s" * 256), msgspec.structs.replace(longest, value="v" * 256)):
        with pytest.raises(BadBatchError, match="longer than 255 bytes"):
            encode_row(more)


@given(st.binary(min_size=100, max_size=200) | st.binary(max_size=20))
def test_arbitrary_bytes_are_refused_in_words(raw):
    with pytest.raises(BadBatchError, match=r"^A row('s)? "):
        parse_row(raw)


@given(rows, st.data())
def test_no_byte_can_be_changed_added_or_lost_without_changing_the_row(row, data):
    encoded = bytearray(encode_row(row))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(BadBatchError):
        assert parse_row(bytes(encoded)) != row
    for wrong in (encode_row(row) + b"\0", encode_row(row)[:-1]):
        with pytest.raises(BadBatchError):
            parse_row(wrong)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (16, 2),
        (17, 0b1000001),
        (17, 0b11),
        (17, 0),
        (18, 0x10),
        (19, 0x03),
        (40, 1),
        (60, 1),
        (90, 1),
        (120, 1),
        (125, 1),
        (131, 0xFF),
    ],
)
def test_a_part_that_contradicts_the_others_is_refused(place, value):
    encoded = bytearray(encode_row(ROW))
    encoded[place] = value
    if place == 17 and value == 0b11:
        assert parse_row(bytes(encoded)).sha1 == bytes(20)  # zeros are a digest like any other
    else:
        with pytest.raises(BadBatchError, match=r"^A row.* (form|UTF-8|cannot be written)"):
            parse_row(bytes(encoded))


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"salt": b"short"}, "salt has not 16"),
        ({"md5": b"m"}, "md5 has not 16"),
        ({"sha1": b"m"}, "sha1 has not 20"),
        ({"sha256": b"m"}, "sha256 has not 32"),
        ({"pdq": b"m"}, "pdq has not 32"),
        ({"md5": None}, "names nothing"),
        ({"quality": 50}, "of no PDQ"),
        ({"pdq": bytes(32), "quality": 101}, "outside 0 to 100"),
        ({"pdq": bytes(32), "quality": -1}, "outside 0 to 100"),
        ({"size": -1}, "size is outside"),
        ({"size": 2**63}, "size is outside"),
        ({"scheme": ""}, "without a value"),
        ({"value": ""}, "without a value"),
        ({"value": "é" * 128}, "longer than 255"),
        ({"scheme": "D" * 256}, "longer than 255"),
        ({"value": "\ud800"}, "no text"),
    ],
)
def test_a_row_that_nobody_could_read_is_not_written(more, what):
    with pytest.raises(BadBatchError, match=what):
        encode_row(msgspec.structs.replace(ROW, **more))


def test_bounds_themselves_are_taken():
    for more in (
        {"size": 0},
        {"size": 2**63 - 1},
        {"pdq": bytes(32), "quality": 0},
        {"pdq": bytes(32), "quality": 100},
        {"value": "v" * 255},
    ):
        row = msgspec.structs.replace(ROW, **more)
        assert parse_row(encode_row(row)) == row


@given(st.lists(rows, min_size=1, max_size=20), st.data())
def test_each_row_is_provable_alone_and_only_in_its_place(found, data):
    found = [msgspec.structs.replace(row, salt=row_salt(SECRET, number)) for number, row in enumerate(found)]
    encoded = [encode_row(row) for row in found]
    number = data.draw(st.integers(0, len(encoded) - 1))
    proof = prove_row(encoded, number)
    assert check_row(header(encoded), encoded[number], number, proof) == found[number]
    with pytest.raises(BadProofError):
        check_row(header(encoded), encoded[number], number + 1, proof)
    other = encode_row(msgspec.structs.replace(found[number], salt=bytes(b ^ 1 for b in found[number].salt)))
    with pytest.raises(BadProofError):
        check_row(header(encoded), other, number, proof)


@given(st.lists(rows, max_size=12), st.data())
def test_a_whole_batch_holds_and_a_touched_one_does_not(found, data):
    encoded = [encode_row(row) for row in found]
    assert check_batch(header(encoded), encoded) == found
    with pytest.raises(BadBatchError, match="import it again"):
        check_batch(header(encoded), [*encoded, encode_row(ROW)])
    if encoded:
        place = data.draw(st.integers(0, len(encoded) - 1))
        with pytest.raises(BadBatchError, match="import it again"):
            check_batch(header(encoded), encoded[:place] + encoded[place + 1 :])
        with pytest.raises(BadBatchError, match="import it again"):
            check_batch(header(encoded, root="0" * 64), encoded)


def test_a_header_that_counts_wrongly_does_not_hold():
    encoded = [encode_row(ROW)]
    with pytest.raises(BadBatchError, match="import it again"):
        check_batch(header(encoded, rows=2), encoded)


def test_a_grade_of_another_scheme_is_never_taken_for_the_headers():
    encoded = [encode_row(ROW)]
    other = header(encoded, scheme="VIC-US")
    with pytest.raises(BadBatchError, match="not its header's"):
        check_batch(other, encoded)
    with pytest.raises(BadBatchError, match="not its header's"):
        check_row(other, encoded[0], 0, [])


def test_a_list_that_does_not_grade_has_no_scheme():
    plain = msgspec.structs.replace(ROW, scheme="", value="")
    encoded = [encode_row(plain)]
    assert check_batch(header(encoded, scheme=""), encoded) == [plain]
    assert check_row(header(encoded, scheme=""), encoded[0], 0, []) == plain


def test_there_is_no_proof_of_a_row_that_is_not_there():
    with pytest.raises(ValueError, match="no leaf"):
        prove_row([encode_row(ROW)], 1)
    assert batch_root([]) == EMPTY_ROOT


def test_salts_are_the_batchs_own_and_differ_from_row_to_row():
    assert row_salt(SECRET, 1) == hmac.new(SECRET, (1).to_bytes(8, "big"), hashlib.sha256).digest()[:16]
    assert len({row_salt(SECRET, number) for number in range(100)} | {row_salt(b"t" * 32, 0)}) == 101
    with pytest.raises(ValueError, match="32 bytes"):
        row_salt(b"short", 0)


@given(
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200),
    st.integers(0, 2**40),
)
def test_every_header_comes_back_and_to_the_byte(source, count):
    found = header([], source=source, rows=count)
    encoded = encode_header(found)
    assert parse_header(encoded) == found
    assert rfc8785.dumps(msgspec.json.decode(encoded)) == encoded


def test_a_header_is_signed_like_an_assertion():
    envelope = sign_record(encode_header(header([encode_row(ROW)])), NODE)
    back = parse_envelope(encode_envelope(envelope))
    verify_record(back, KEYS, logged_at=NOW)
    assert parse_header(back.record).rows == 1


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"id": "1"}, "matching regex"),
        ({"source": "a\nb"}, "matching regex"),
        ({"trust": "Own"}, "matching regex"),
        ({"rows": -1}, ">= 0"),
        ({"rows": 2**40 + 1}, "<= 1099511627776"),
        ({"root": "0"}, "matching regex"),
        ({"scheme": "D" * 61}, "matching regex"),
        ({"format": "safelight-batch/2"}, "this version reads"),
        ({"made": NOW.replace(microsecond=5)}, "whole second"),
        ({"made": NOW.astimezone(timezone(timedelta(hours=1)))}, "in UTC"),
    ],
)
def test_a_wrong_header_is_neither_written_nor_read(more, what):
    wrong = header([], **more)
    with pytest.raises(BadBatchError, match=what):
        encode_header(wrong)
    with pytest.raises(BadBatchError, match=what):
        parse_header(rfc8785.dumps(msgspec.to_builtins(wrong)))


def test_a_header_in_another_spelling_is_refused():
    encoded = encode_header(header([]))
    raw = msgspec.json.decode(encoded)
    for wrong, what in (
        (encoded + b" ", "canonical"),
        (b"[]", "cannot be read"),
        (rfc8785.dumps({**raw, "more": 1}), "unknown field"),
    ):
        with pytest.raises(BadBatchError, match=what):
            parse_header(wrong)
    with pytest.raises(BadAssertionError):
        parse_header(b" " * 16_385)
    del raw["officer"]
    with pytest.raises(BadBatchError, match="officer"):
        parse_header(rfc8785.dumps(raw))


@given(st.lists(rows, max_size=6))
def test_rows_end_to_end_are_told_apart(found):
    encoded = [encode_row(one) for one in found]
    assert list(split_rows(b"".join(encoded))) == encoded


@given(st.lists(rows, min_size=1, max_size=3), st.integers(1, 400))
def test_rows_that_break_off_are_refused(found, missing):
    encoded = [encode_row(one) for one in found]
    if missing >= len(encoded[-1]):
        missing = len(encoded[-1]) - 1
    with pytest.raises(BadBatchError, match="break off"):
        list(split_rows(b"".join(encoded)[:-missing]))


@pytest.mark.parametrize("size", [1, 2, 511, 512, 513, 1023, 1024, 1500, 1536, 2049])
def test_a_proof_by_blocks_is_the_proof_over_the_whole(size):
    whole = [number.to_bytes(4) for number in range(size)]
    blocks = [whole[place : place + BLOCK_ROWS] for place in range(0, size, BLOCK_ROWS)]
    roots = [batch_root(block) for block in blocks]
    assert root_of_blocks(roots) == batch_root(whole)
    for number in {0, size // 3, size // 2, 511 % size, 512 % size, size - 1}:
        assert prove_row_in_blocks(blocks.__getitem__, roots, number, size) == prove_row(whole, number)
    with pytest.raises(ValueError, match="no leaf"):
        prove_row_in_blocks(blocks.__getitem__, roots, size, size)
