"""Examiners that misbehave where a picture says so, and otherwise do their work: run in the sandbox by the tests."""

import ctypes
import time

from safelight.errors import InputError
from safelight.signatures.family import examine_family, warm_up
from safelight.writing.batch import read_batch

__all__ = ["examine", "warm_up"]


def examine(content, argument):
    """Do what the content asks for behind its mark, or examine it."""
    _, mark, word = bytes(content[-64:]).rpartition(b"DO:")
    return _DEEDS[word.decode()]() if mark else examine_family(content, argument)


def _fill():
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))


def _odd_text():
    raise InputError("a nul \0, a bell \a, a newline \n and a lone surrogate \udcff")


_DEEDS = {
    "crash": lambda: ctypes.string_at(0),
    "hang": lambda: time.sleep(600),
    "fill": _fill,
    "long": lambda: b"x" * (80 << 20),
    "nonsense": lambda: b"\x93\x01\x02\x03",
    "odd text": _odd_text,
    "raise": lambda: 1 // 0,
}


def read_texts(content, argument):
    """End without a word over a batch with a text that asks for it."""
    return ctypes.string_at(0) if b"DO:crash" in bytes(content) else read_batch(content, argument)
