"""List imports as Merkle batches: rows in a fixed binary form under one signed header, each provable alone.

A row, numbers big-endian; a part that the list did not give is zeros, and its bit in `has` is 0:

    offset  bytes  what
         0     16  salt: HMAC-SHA-256 of the row's number (8 bytes) under the batch's secret, cut to 16 bytes
        16      1  version, 1
        17      1  has: bit 0 MD5, 1 SHA-1, 2 SHA-256, 3 PDQ, 4 PDQ quality, 5 size; the others 0
        18      2  flags, two bits each from the lowest, 0 not said, 1 no, 2 yes: victim identified, offender
                   identified, distributed, self-generated, suspected, baseline; the upper four bits 0
        20     16  MD5
        36     20  SHA-1
        56     32  SHA-256
        88     32  PDQ
       120      1  PDQ quality, 0 to 100
       121      8  size in bytes
       129      1  length of the scheme, in bytes of UTF-8; 0: not graded
       130      1  length of the value, likewise
       131      …  scheme, then value, and nothing after it

Rules kept here:
- a row and its bytes are one to one: any other spelling is refused;
- leaves are hashed as RFC 9162 has it (`log.merkle`); the salt keeps a proof from telling which its neighbours are;
- a batch has one scheme, its header's: a row that grades under another is refused, for a grade is never translated;
- the header is a record like an assertion: canonical, naming its algorithm, signed by the node and the officer;
- rows are kept in blocks of 512, each a whole subtree, so that a proof needs the roots of the blocks and the rows of
  two blocks at most.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from safelight.assertions.record import ALGORITHM, canonical_json, read_json
from safelight.errors import InputError
from safelight.log.merkle import check_inclusion, leaf_hash, node_hash, prove_inclusion, root_of

FORMAT = "safelight-batch/1"
SECRET_BYTES = 32
SALT_BYTES = 16
MAX_ROWS = 2**40
MAX_NAME_BYTES = 255
BLOCK_LEVEL = 9
BLOCK_ROWS = 1 << BLOCK_LEVEL
_HEADER_BYTES = 16_384
_VERSION = 1
_FIXED = struct.Struct(">16sBBH16s20s32s32sBQBB")
_HAS_QUALITY, _HAS_SIZE = 1 << 4, 1 << 5
_FLAGS: tuple[bool | None, ...] = (None, False, True, None)  # the fourth is no flag, and never written
_CODES = {None: 0, False: 1, True: 2}
_Line = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,200}\Z")]
_Flag = bool | None


class BadBatchError(InputError):
    """The batch does not hold together."""


class BatchRow(msgspec.Struct, frozen=True, gc=False):
    """One row of a list: what it names, the grade it gives under which scheme, and what else it flags."""

    salt: bytes
    md5: bytes | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None
    pdq: bytes | None = None
    quality: int | None = None
    size: int | None = None
    scheme: str = ""
    value: str = ""
    victim_identified: _Flag = None
    offender_identified: _Flag = None
    distributed: _Flag = None
    self_generated: _Flag = None
    suspected: _Flag = None
    baseline: _Flag = None


class BatchHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands over a batch: who took in which list, how far it is trusted, when, and what its rows add up to.

    `scheme` is empty for a list that does not grade; `trust` is a word of `known.rules`; `root` is hexadecimal.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
    agency: _Line
    officer: _Line
    source: _Line
    scheme: Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]{0,60}\Z")]
    trust: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]{0,39}\Z")]
    made: Annotated[datetime, msgspec.Meta(tz=True)]
    rows: Annotated[int, msgspec.Meta(ge=0, le=MAX_ROWS)]
    root: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    algorithm: _Line = ALGORITHM
    format: _Line = FORMAT


def row_salt(secret: bytes, number: int) -> bytes:
    """The salt of row `number`, from 0, of the batch with this secret of 32 random bytes.

    Raises:
        ValueError: the secret has another length.
    """
    [salt] = row_salts(secret, (number,))
    return salt


def row_salts(secret: bytes, numbers: Iterable[int]) -> list[bytes]:
    """The salts of rows, as `row_salt`, in the order of their numbers."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a batch's secret has {SECRET_BYTES} bytes")
    keyed, salts = hmac.new(secret, digestmod=hashlib.sha256), []
    for number in numbers:
        one = keyed.copy()
        one.update(number.to_bytes(8))
        salts.append(one.digest()[:SALT_BYTES])
    return salts


def encode_row(row: BatchRow) -> bytes:
    """The row in its fixed form.

    Raises:
        BadBatchError: a part of it has a wrong length or size, or it names nothing.
    """
    try:
        scheme, value = row.scheme.encode(), row.value.encode()
    except UnicodeEncodeError as error:
        raise BadBatchError("A row cannot be written: its scheme or value is no text.") from error
    problem = _row_problem(row) or _grade_problem(scheme, value)
    if problem is not None:
        raise BadBatchError(f"A row cannot be written: {problem}.")
    md5, sha1, sha256, pdq, quality, size = row.md5, row.sha1, row.sha256, row.pdq, row.quality, row.size
    has = (
        (md5 is not None)
        | (sha1 is not None) << 1
        | (sha256 is not None) << 2
        | (pdq is not None) << 3
        | (quality is not None) << 4
        | (size is not None) << 5
    )
    digests = md5 or b"", sha1 or b"", sha256 or b"", pdq or b""  # struct fills up with zeros
    numbers = quality or 0, size or 0, len(scheme), len(value)
    return _FIXED.pack(row.salt, _VERSION, has, _packed(row), *digests, *numbers) + scheme + value


def parse_row(untrusted: bytes) -> BatchRow:
    """The row that these bytes hold.

    Raises:
        BadBatchError: they hold none, or in another spelling.
    """
    if len(untrusted) < _FIXED.size:
        raise BadBatchError(f"A row has {len(untrusted)} bytes, fewer than any row.")
    salt, version, has, flags, *parts, quality, size, scheme_length, value_length = _FIXED.unpack_from(untrusted)
    if version != _VERSION:
        raise BadBatchError(f"A row has the form {version}, and this version reads {_VERSION}; update Safelight.")
    cut = _FIXED.size + scheme_length
    try:
        scheme, value = str(untrusted[_FIXED.size : cut], "utf-8"), str(untrusted[cut : cut + value_length], "utf-8")
    except UnicodeDecodeError as error:
        raise BadBatchError("A row's scheme or value is no UTF-8.") from error
    md5, sha1, sha256, pdq = (part if has >> number & 1 else None for number, part in enumerate(parts))
    victim, offender, distributed, self_made, suspected, baseline = (
        _FLAGS[flags >> 2 * place & 3] for place in range(6)
    )
    row = BatchRow(
        salt=salt,
        md5=md5,
        sha1=sha1,
        sha256=sha256,
        pdq=pdq,
        quality=quality if has & _HAS_QUALITY else None,
        size=size if has & _HAS_SIZE else None,
        scheme=scheme,
        value=value,
        victim_identified=victim,
        offender_identified=offender,
        distributed=distributed,
        self_generated=self_made,
        suspected=suspected,
        baseline=baseline,
    )
    if encode_row(row) != untrusted:
        raise BadBatchError("A row is not in the one form it can have: a part that is not there is not zeros.")
    return row


def batch_root(rows: Iterable[bytes]) -> bytes:
    """The root over rows in their fixed form, in one pass."""
    return root_of(leaf_hash(row) for row in rows)


def root_of_blocks(roots: Iterable[bytes]) -> bytes:
    """The root of a batch from those of its blocks, all of `BLOCK_ROWS` rows but the last."""
    return root_of(roots)


def check_batch(header: BatchHeader, rows: Iterable[bytes]) -> list[BatchRow]:
    """The rows of a whole batch, checked one by one and against its header.

    Raises:
        BadBatchError: a row is none, grades under another scheme, or they are not those that the header stands for.
    """
    encoded = list(rows)
    found = [parse_row(row) for row in encoded]
    if any(row.scheme not in {"", header.scheme} for row in found):
        raise BadBatchError(f"A row of {header.source!r} grades under a scheme that is not its header's.")
    if len(encoded) != header.rows or batch_root(encoded).hex() != header.root:
        raise BadBatchError(f"The rows of {header.source!r} are not those its header stands for: import it again.")
    return found


def prove_row(rows: Sequence[bytes], number: int) -> list[bytes]:
    """The proof that row `number`, from 0, is in the batch of these rows, from its neighbour upwards.

    Raises:
        ValueError: there is no such row.
    """
    levels = _levels([leaf_hash(row) for row in rows])
    return prove_inclusion(lambda level, place: levels[level][place], number, len(rows))


def prove_row_in_blocks(
    read: Callable[[int], Sequence[bytes]], roots: Sequence[bytes], number: int, size: int
) -> list[bytes]:
    """The proof of row `number` of a batch of `size` rows that is kept in blocks.

    `roots` are those of all blocks; `read` gives the rows of one, and is asked for that of the row and for the last.

    Raises:
        ValueError: there is no such row.
    """
    above = _levels(roots[: size // BLOCK_ROWS])
    inside: dict[int, list[list[bytes]]] = {}

    def subtree(level: int, place: int) -> bytes:
        if level >= BLOCK_LEVEL:
            return above[level - BLOCK_LEVEL][place]
        block, within = divmod(place, BLOCK_ROWS >> level)
        if block not in inside:
            inside[block] = _levels([leaf_hash(row) for row in read(block)])
        return inside[block][level][within]

    return prove_inclusion(subtree, number, size)


def split_rows(block: bytes) -> Iterator[bytes]:
    """Rows in their fixed form that stand end to end, one by one.

    Raises:
        BadBatchError: the last one breaks off.
    """
    at = 0
    while at < len(block):
        cut = at + _FIXED.size
        end = cut + sum(block[cut - 2 : cut])  # the two lengths stand last
        if end > len(block):
            raise BadBatchError("The rows of a block break off: restore the database from a backup.")
        yield block[at:end]
        at = end


def check_row(header: BatchHeader, row: bytes, number: int, proof: Sequence[bytes]) -> BatchRow:
    """The row, shown to be number `number` of the batch under this header.

    Raises:
        BadBatchError: it is no row, or grades under another scheme.
        BadProofError: the proof does not show it.
    """
    found = parse_row(row)
    if found.scheme not in {"", header.scheme}:
        raise BadBatchError(f"A row of {header.source!r} grades under a scheme that is not its header's.")
    check_inclusion(leaf_hash(row), number, header.rows, proof, bytes.fromhex(header.root))
    return found


def encode_header(header: BatchHeader) -> bytes:
    """The header as RFC 8785 JSON, to be signed by `signing.sign_record`.

    Raises:
        BadBatchError: a value of it is out of bounds.
    """
    wire = msgspec.to_builtins(header)
    _read_header(wire)
    return canonical_json(wire)


def parse_header(untrusted: bytes) -> BatchHeader:
    """The header that these bytes hold.

    Raises:
        BadAssertionError: they are no JSON, or too much of it.
        BadBatchError: they hold no header, or not in canonical form.
    """
    header = _read_header(read_json(untrusted, limit=_HEADER_BYTES))
    if encode_header(header) != untrusted:
        raise BadBatchError("The header of the batch is not in the canonical form of RFC 8785.")
    return header


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The roots of the complete subtrees over these, level by level from below."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[place], below[place + 1]) for place in range(0, len(below) - 1, 2)])
    return levels


def _read_header(wire: object) -> BatchHeader:
    try:
        header = msgspec.convert(wire, BatchHeader)
    except msgspec.ValidationError as error:
        raise BadBatchError(f"The header of the batch cannot be read: {error}.") from error
    if header.format != FORMAT:
        raise BadBatchError(f"The batch has the form {header.format!r}, and this version reads {FORMAT}.")
    if header.made.microsecond or header.made.utcoffset() != timedelta(0):
        raise BadBatchError("The time of the batch is no whole second in UTC.")
    return header


def _row_problem(row: BatchRow) -> str | None:
    """What is wrong with the parts of a row."""
    if len(row.salt) != SALT_BYTES:
        return f"its salt has not {SALT_BYTES} bytes"
    return _digest_problem(row) or _number_problem(row)


def _digest_problem(row: BatchRow) -> str | None:
    md5, sha1, sha256, pdq = row.md5, row.sha1, row.sha256, row.pdq
    if md5 is sha1 is sha256 is pdq is None:
        return "it names nothing"
    if md5 is not None and len(md5) != 16:
        return "its md5 has not 16 bytes"
    if sha1 is not None and len(sha1) != 20:
        return "its sha1 has not 20 bytes"
    if sha256 is not None and len(sha256) != 32:
        return "its sha256 has not 32 bytes"
    if pdq is not None and len(pdq) != 32:
        return "its pdq has not 32 bytes"
    return None


def _number_problem(row: BatchRow) -> str | None:
    if row.quality is not None and (row.pdq is None or not 0 <= row.quality <= 100):
        return "its PDQ quality is outside 0 to 100, or of no PDQ"
    if row.size is not None and not 0 <= row.size < 2**63:
        return "its size is outside what a file can have"
    return None


def _grade_problem(scheme: bytes, value: bytes) -> str | None:
    if len(scheme) > MAX_NAME_BYTES or len(value) > MAX_NAME_BYTES:
        return f"its scheme or value is longer than {MAX_NAME_BYTES} bytes"
    if bool(scheme) != bool(value):
        return "it has a scheme without a value, or a value without a scheme"
    return None


def _packed(row: BatchRow) -> int:
    return (
        _CODES[row.victim_identified]
        | _CODES[row.offender_identified] << 2
        | _CODES[row.distributed] << 4
        | _CODES[row.self_generated] << 6
        | _CODES[row.suspected] << 8
        | _CODES[row.baseline] << 10
    )
