"""The sandbox's entry: bounded replies, in and out of a real worker."""

import io
import tempfile

import msgspec
import pytest

from safelight.known.formats import reader
from safelight.known.formats.reader import ReadOptions, pack, read
from safelight.known.rows import BadRow, FileEnd, FileHead, KnownRow, Message
from safelight.sandbox import Limits, Nursery, TaskFailedError

ARGUMENT = msgspec.msgpack.encode(ReadOptions())
decode = msgspec.msgpack.Decoder(list[Message]).decode


def test_replies_are_lists_of_at_most_500_messages():
    content = "md5\n" + "".join(f"{number:032x}\n" for number in range(1, 1201))
    batches = [decode(reply) for reply in read(io.BytesIO(content.encode()), ARGUMENT)]
    assert [len(batch) for batch in batches] == [500, 500, 202]
    assert isinstance(batches[0][0], FileHead)
    assert batches[-1][-1] == FileEnd(complete=True)


def test_replies_are_bounded_in_bytes():
    rows = [BadRow(1, "x" * 4000, "y" * 20000)] * 100
    replies = list(pack(rows))
    assert max(len(reply) for reply in replies) < reader.BATCH_BYTES + 40_000
    assert sum(len(decode(reply)) for reply in replies) == 100


def test_a_full_row_survives_the_way():
    row = KnownRow(line=1, md5=b"1" * 16, tags=["a"], opaque={"zz40": "AB"}, notes=["n"], victim_identified=False)
    assert decode(next(pack([row]))) == [row]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_inside_a_real_sandbox(encoding):
    with tempfile.TemporaryFile() as file, Nursery("safelight.known.formats.reader:read", limits=Limits()) as nursery:
        file.write(f"md5,comment\n{'a1' * 16},Häfen\n".encode(encoding))
        file.flush()
        (messages,) = [decode(reply) for reply in nursery.stream(file.fileno(), ARGUMENT)]
        assert messages[1].comment == "Häfen"
        file.write(f'{{"value":[{{"MD5":"{"a1" * 16}"}}]}}'.encode())
        file.seek(0)
        file.truncate(0)
        file.write(b"PK\x03\x04")
        file.flush()
        with pytest.raises(TaskFailedError, match="zip archive"):
            list(nursery.stream(file.fileno(), ARGUMENT))
