"""The parent's side of `film`: has a video read in the sandbox, checks every message, and puts the film together."""

import os
from dataclasses import dataclass, replace
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from safelight.media.film_facts import FILM as FILM_STREAM
from safelight.media.film_facts import VideoFacts, described
from safelight.media.video import MOST_COVERS
from safelight.sandbox import BadReplyError, Nursery, SandboxError, reply_decoder
from safelight.signatures.film import FILM, HASH_BYTES, TURNED_BYTES, FilmCover, FilmEnd, FilmHead, FilmOrder, FilmPart
from safelight.signatures.tiles import TILE_BYTES
from safelight.signatures.types import Examination, Pdq, Still

MOST_FRAMES = 4_000_000
"""Of one film: about two days at 25 a second, if no frame were like the one before."""
_SPARE_SECONDS = 60
"""For a film's decoder to end by itself at its own limit, before it is ended."""
NO_PDQ = Pdq(versions=bytes(8 * HASH_BYTES), quality=0, usable=False)
"""A film has hashes of its frames, and none of its own."""
_decode_head = reply_decoder(FilmHead)
_decode = reply_decoder(FilmPart | FilmCover | FilmEnd)


@dataclass(frozen=True)
class Film:
    """What a video showed, frame by frame, as far as it could be read.

    `times` (n, microseconds from the first picture on, rising), `hashes` (n x 32 bytes), `qualities` (n), and `trimmed`
    (n x 32, zeros where nothing was to be trimmed); `turned_times` (m) and `turned` (m x 7 x 32) as in `FilmPart`.
    `end` is None where its decoder did not come to an end. `damaged` says what was wrong or is missing. `covers` are
    pictures beside the film, as files.
    """

    facts: VideoFacts
    times: NDArray[np.int64]
    hashes: NDArray[np.uint8]
    trimmed: NDArray[np.uint8]
    qualities: NDArray[np.uint8]
    turned_times: NDArray[np.int64]
    turned: NDArray[np.uint8]
    end: FilmEnd | None
    damaged: str | None
    covers: tuple[bytes, ...] = ()

    @property
    def stream(self) -> bytes | None:
        """What tells the film's encoded pictures, 16 bytes; None where they were not read to their end."""
        told = self.end.streams if self.end is not None else []
        return next((one.sha256[:16] for one in told if one.what == FILM_STREAM), None)

    @classmethod
    def of(cls, head: FilmHead, parts: list[FilmPart], end: FilmEnd | None, damaged: str | None) -> Self:
        """Put a film together from messages that were checked one by one.

        Raises:
            BadReplyError: they do not fit together.
        """
        times = np.frombuffer(b"".join(part.times for part in parts), "<i8").astype(np.int64)
        turned_times = np.frombuffer(b"".join(part.turned_times for part in parts), "<i8").astype(np.int64)
        for one in (times, turned_times):
            if len(one) and (one[0] < 0 or (np.diff(one) <= 0).any()):
                raise BadReplyError("the decoder's frames do not come one after the other")
        hashes, trimmed, turned, qualities = (
            np.frombuffer(b"".join(getattr(part, name) for part in parts), np.uint8)
            for name in ("hashes", "trimmed", "turned", "qualities")
        )
        return cls(
            head.facts,
            times,
            hashes.reshape(-1, HASH_BYTES),
            trimmed.reshape(-1, HASH_BYTES),
            qualities,
            turned_times,
            turned.reshape(-1, 7, HASH_BYTES),
            end,
            damaged,
        )


def read_film(nursery: Nursery, fd: int, order: FilmOrder | None = None) -> Film:
    """Read the video in an open file; what its decoder told before it crashed or hung is kept, and said to be partial.

    Raises:
        SandboxError: it is no video that can be read, or its decoder came to nothing.
    """
    os.lseek(fd, 0, os.SEEK_SET)
    order = order or FilmOrder()
    limits = replace(nursery.limits, cpu_seconds=int(order.seconds) + _SPARE_SECONDS)
    untrusted = nursery.stream(fd, msgspec.msgpack.encode(order), FILM, limits)
    head = _decode_head(next(untrusted))
    parts: list[FilmPart] = []
    covers: list[bytes] = []
    kept = 0
    try:
        for message in map(_decode, untrusted):
            if isinstance(message, FilmEnd):
                return replace(Film.of(head, parts, message, message.damaged), covers=tuple(covers))
            if isinstance(message, FilmCover):
                covers = [*covers, message.content][:MOST_COVERS]
                continue
            kept += _count(message)
            if kept > MOST_FRAMES:
                return Film.of(head, parts, None, f"only the first {MOST_FRAMES} different frames were taken")
            parts.append(message)
    except BadReplyError:
        raise
    except SandboxError as error:
        if not kept:
            raise
        return Film.of(head, parts, None, f"{error.message}: only what came before is known")
    raise BadReplyError("the decoder ended without a word")


def _count(part: FilmPart) -> int:
    """How many frames a part holds.

    Raises:
        BadReplyError: its columns are not of one length.
    """
    n, m = len(part.qualities), len(part.turned_times) // 8
    lengths = (len(part.times), len(part.hashes), len(part.trimmed), len(part.turned_times), len(part.turned))
    if lengths != (8 * n, HASH_BYTES * n, HASH_BYTES * n, 8 * m, TURNED_BYTES * m) or m > n + 1:
        raise BadReplyError("the decoder's frames do not hold together")
    return n


def examination_of(film: Film, kind: str) -> Examination:
    """What stands for a film as an examination does for a picture: its first frame of quality, and its tags."""
    tile = film.end.tile if film.end is not None and film.end.tile is not None else bytes(TILE_BYTES)
    still = Still(0, NO_PDQ, None, tile, film.facts.size, bytes(16))
    frames = film.end.decoded if film.end is not None else len(film.times)
    return Examination(
        format=kind[:20],
        size=film.facts.size,
        orientation=1,
        frames=max(1, frames),
        mode=film.facts.codec[:20],
        stills=[still],
        embedded=[],
        metadata=described(film.facts, film.end.streams if film.end is not None else ()),
    )
