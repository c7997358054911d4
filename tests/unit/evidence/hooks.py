"""Walkers that misbehave, for the parent of the walkers of images."""

import os

from safelight.evidence.archives.messages import Data, End, Entry, encode
from safelight.evidence.images.order import decode_order


def crash_at_odd_ones(_parts, argument):
    """Tell of ten files, and end without a word in the middle of each odd one."""
    for number in range(decode_order(argument).skip, 10):
        yield encode(Entry(number, b"%d" % number, 3, None))
        yield encode(Data(b"abc"))
        if number % 2:
            os._exit(7)
        yield encode(End())


def crash_at_once(_parts, _argument):
    """End before anything is told."""
    os._exit(7)
    yield b""


def crash_at_each(_parts, argument):
    """Tell of endlessly many files, and crash over each."""
    number = decode_order(argument).skip
    yield encode(Entry(number, b"%d" % number, 3, None))
    os._exit(7)


def repeat(_parts, argument):
    """Go back in the numbers, as no walker should."""
    yield encode(Entry(1, b"one", 0, None))
    yield encode(End())
    yield encode(Entry(decode_order(argument).skip, b"again", 0, None))
    yield encode(End())
