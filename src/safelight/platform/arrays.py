"""Columns of values as PostgreSQL takes arrays in binary: built at one stroke, and not value by value.

An array is: dimensions (1), whether a NULL is in it, the type of its elements, how many there are, the number of the
first (1), each of four bytes, the highest first; then each element after its length in bytes, a NULL as the length -1.

Rules kept here:
- an array says what its elements are, and the server refuses one that was meant for another type;
- what has no form here is left to the driver.
"""

import struct
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any

from psycopg import adapters
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = struct.Struct(">iiI")
_DIMENSION = struct.Struct(">ii")
_LENGTH = struct.Struct(">i")
_NULL = _LENGTH.pack(-1)
_FLAGS = {None: _NULL, False: _LENGTH.pack(1) + b"\0", True: _LENGTH.pack(1) + b"\1"}

_Encode = Callable[[Sequence[Any], bool], bytes]


class BinaryArray(bytes):
    """An array as it goes to the server."""

    __slots__ = ()


class BinaryArrayDumper(Dumper):
    """Hands a `BinaryArray` over as it is; its type is told by the cast in the statement."""

    format = Format.BINARY

    def dump(self, obj: BinaryArray) -> bytes:
        """The array."""
        return obj


def encode_array(element: str, values: Sequence[Any]) -> BinaryArray | list[Any]:
    """The values as an array whose elements are of the type that PostgreSQL calls `element`.

    What has no form here (times) comes back as a list, for the driver.

    Raises:
        struct.error, TypeError, KeyError: a value is not of this type.
    """
    if element not in _ENCODERS:
        return list(values)
    oid = adapters.types[element].oid
    if not values:
        return BinaryArray(_HEAD.pack(0, 0, oid))
    nulls = values.count(None)
    body = _NULL * nulls if nulls == len(values) else _ENCODERS[element](values, nulls > 0)
    return BinaryArray(_HEAD.pack(1, nulls > 0, oid) + _DIMENSION.pack(len(values), 1) + body)


def register(cursor: AdaptContext) -> None:
    """Let a cursor hand arrays over."""
    cursor.adapters.register_dumper(BinaryArray, BinaryArrayDumper)


def _numbers(letter: str) -> _Encode:
    one = struct.Struct(f">i{letter}")
    length = one.size - _LENGTH.size

    def encode(values: Sequence[Any], has_nulls: bool) -> bytes:
        if has_nulls:
            return b"".join([_NULL if value is None else one.pack(length, value) for value in values])
        pairs = zip(repeat(length), values, strict=False)  # the first has no end
        return struct.pack(">" + f"i{letter}" * len(values), *chain.from_iterable(pairs))

    return encode


def _texts(values: Sequence[str | None], _has_nulls: bool) -> bytes:
    """Grades, states and types are few words, said again and again."""
    words = {word: _NULL if word is None else _after_length(word.encode()) for word in set(values)}
    return b"".join([words[word] for word in values])


def _flags(values: Sequence[bool | None], _has_nulls: bool) -> bytes:
    return b"".join([_FLAGS[value] for value in values])


def _bytes(values: Sequence[Any], has_nulls: bool) -> bytes:
    if has_nulls:
        return b"".join([_NULL if value is None else _after_length(value) for value in values])
    return b"".join(chain.from_iterable([(_LENGTH.pack(len(value)), value) for value in values]))


def _after_length(value: bytes) -> bytes:
    return _LENGTH.pack(len(value)) + value


_ENCODERS: dict[str, _Encode] = {
    "int2": _numbers("h"),
    "int4": _numbers("i"),
    "int8": _numbers("q"),
    "float8": _numbers("d"),
    "text": _texts,
    "varchar": _texts,
    "bytea": _bytes,
    "bool": _flags,
}
