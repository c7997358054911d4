"""A video as signatures in time: what runs inside the sandbox, from an open file to bounded messages.

Rules kept here:
- Every frame that shows something is hashed. A near-black one, one without information, and one within 2 bits of the
  frame before that was kept are counted and left out: of a still scene one frame stands for all, so that thirty minutes
  of a wall weigh no more than a second.
- Where plain borders surround a frame, the hash of what is inside them stands beside that of the whole.
- The turned versions are kept of one frame in half a second, and of each that stands for a tenth: by these a film is
  looked for, turned and mirrored too, among the upright hashes of what is known.
- What was told stays told: messages come as the film is read, so that one that crashes its decoder half way, or is
  decoded without end, keeps what it showed until then.
"""

import time
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, BinaryIO

import msgspec
import numpy as np

from safelight.media.compiled import warm_up
from safelight.media.film_facts import StreamDigest, Time, VideoFacts
from safelight.media.types import Pixels, UnreadableVideoError
from safelight.media.video import MOST_COVER_BYTES, LumaFrame, Video, VideoLimits, open_video
from safelight.signatures import pdq
from safelight.signatures.border import find_box
from safelight.signatures.tiles import to_bytes
from safelight.signatures.types import Count, Tile

__all__ = ["FILM", "FilmCover", "FilmEnd", "FilmHead", "FilmOrder", "FilmPart", "examine_film", "warm_up"]

FILM = "safelight.signatures.film:examine_film"
HASH_BYTES = 32
TURNED_BYTES = 7 * HASH_BYTES
BATCH = 512
"""Frames in one message."""
TURNED_EVERY = 500_000  # microseconds
STANDING = 100_000
SAME_FRAME = 2  # bits
DARK = 24.0
"""A tile of which nothing is brighter, of 255, is near black: letters on black are far above."""
_FIRST_PACKETS = 64
_FRAME_SIDE = 16
"""Smaller frames have no picture to speak of."""


class FilmOrder(msgspec.Struct, frozen=True):
    """How a film is to be read: all its frames or those that stand alone, and for how many seconds at the most.

    With `covers` no frame is decoded: only the pictures beside the film are wanted.

    A message comes at least every `beat` seconds, also of a scene that stands still for hours.
    """

    key_frames: bool = False
    seconds: float = 4 * 3600.0
    beat: float = 5.0
    covers: bool = False


class FilmHead(msgspec.Struct, frozen=True, tag="head"):
    """The first message: what the container says."""

    facts: VideoFacts


class FilmCover(msgspec.Struct, frozen=True, tag="cover"):
    """A picture beside the film, as a file."""

    content: Annotated[bytes, msgspec.Meta(max_length=MOST_COVER_BYTES)]


class FilmPart(msgspec.Struct, frozen=True, tag="part"):
    """Frames in order of time, n of them: times (8 bytes each, little-endian microseconds), hashes (32), qualities (1).

    `trimmed` holds the hashes inside plain borders, and zeros where a frame has none. `turned_times` and `turned` (7
    versions, in the order of `TRANSFORMS` without the first) are those of the m frames that ask.
    """

    times: Annotated[bytes, msgspec.Meta(max_length=8 * BATCH)]
    hashes: Annotated[bytes, msgspec.Meta(max_length=HASH_BYTES * BATCH)]
    trimmed: Annotated[bytes, msgspec.Meta(max_length=HASH_BYTES * BATCH)]
    qualities: Annotated[bytes, msgspec.Meta(max_length=BATCH)]
    turned_times: Annotated[bytes, msgspec.Meta(max_length=8 * BATCH)]
    turned: Annotated[bytes, msgspec.Meta(max_length=TURNED_BYTES * BATCH)]


class FilmEnd(msgspec.Struct, frozen=True, tag="end"):
    """The last message: how many frames were decoded and left out, the time of the last, and what was wrong.

    `tile` is the first kept frame of quality as 64 x 64 grey bytes, to stand for the film. `streams` are digests of all
    streams that were read to their ends.
    """

    decoded: Count
    dark: Count
    flat: Count
    repeated: Count
    last: Time
    longest_gap: Time
    rotation: Annotated[int, msgspec.Meta(ge=0, lt=360)]
    tile: Tile | None
    damaged: Annotated[str, msgspec.Meta(max_length=300)] | None
    streams: Annotated[list[StreamDigest], msgspec.Meta(max_length=64)] = []


_encode = msgspec.msgpack.Encoder().encode


def examine_film(file: BinaryIO, argument: bytes) -> Iterator[bytes]:
    """Read a video from an open file as `argument` (an encoded `FilmOrder`) says; yield the messages, encoded.

    Raises:
        UnreadableVideoError: no demuxer of ours can read it, or no frame of it can be decoded.
    """
    order = msgspec.msgpack.decode(argument, type=FilmOrder)
    video = open_video(file, VideoLimits(seconds=order.seconds))
    yield _encode(FilmHead(video.facts))
    if order.covers:
        yield from _covers(video)
        return
    track = _Track()
    told = time.monotonic()
    for frame in video.steps(key_frames=order.key_frames):
        if frame is not None:
            track.take(frame)
        if track.full or time.monotonic() - told >= order.beat:
            told = time.monotonic()
            yield _encode(track.part())
    if not video.decoded and video.facts.codec and not video.facts.locked:
        raise UnreadableVideoError(f"no frame of it could be decoded{f': {video.damaged}' if video.damaged else ''}")
    yield from (_encode(FilmCover(cover)) for cover in video.covers)
    yield _encode(track.part())
    yield _encode(track.end(video))


def _covers(video: Video) -> Iterator[bytes]:
    for _ in islice(video.packets(), _FIRST_PACKETS):  # FFmpeg hands covers out before everything else
        pass
    yield from (_encode(FilmCover(cover)) for cover in video.covers)
    yield _encode(_Track().end(video))


class _Track:
    """The frames taken since the last message, and the counts since the first."""

    def __init__(self) -> None:
        self._dark = self._flat = self._repeated = 0
        self._before: bytes | None = None
        self._time = self._longest_gap = 0
        self._turned_at = -TURNED_EVERY
        self._kept_at = 0
        self._tile: bytes | None = None
        self._clear()

    @property
    def full(self) -> bool:
        """Whether the frames taken fill a message."""
        return len(self._qualities) >= BATCH

    def take(self, frame: LumaFrame) -> None:
        """Hash a frame, and keep it where it shows something new."""
        self._longest_gap = max(self._longest_gap, frame.time - self._time)
        self._time = frame.time
        if min(frame.luma.shape) < _FRAME_SIDE:
            self._flat += 1
            return
        luma = np.ascontiguousarray(frame.luma)
        seen = pdq.of_luma(luma, full_range=frame.full_range)
        if seen.tiles[0, 0].max() < DARK:
            self._dark += 1
        elif not seen.usable:
            self._flat += 1
        elif self._before is not None and pdq.distance(seen.bits, self._before) <= SAME_FRAME:
            self._repeated += 1
            if self._turned_at < self._kept_at <= frame.time - STANDING:
                self._ask(seen)
        else:
            self._keep(frame, luma, seen)

    def part(self) -> FilmPart:
        """What was taken since the last one."""
        made = FilmPart(
            np.array(self._times, "<i8").tobytes(),
            b"".join(self._hashes),
            b"".join(self._trimmed),
            bytes(self._qualities),
            np.array(self._turned_times, "<i8").tobytes(),
            b"".join(self._turned),
        )
        self._clear()
        return made

    def end(self, video: Video) -> FilmEnd:
        """The last word."""
        counts = video.decoded, self._dark, self._flat, self._repeated
        damaged = (video.damaged or "")[:300] or None
        return FilmEnd(*counts, self._time, self._longest_gap, video.rotation, self._tile, damaged, video.digests)

    def _keep(self, frame: LumaFrame, luma: Pixels, seen: pdq.LumaPdq) -> None:
        self._before = seen.bits
        self._times.append(frame.time)
        self._hashes.append(seen.bits)
        self._qualities.append(seen.quality)
        self._trimmed.append(_inside(luma, frame))
        self._kept_at = frame.time
        if frame.time - self._turned_at >= TURNED_EVERY:
            self._ask(seen)
        if self._tile is None and seen.quality >= pdq.MATCHED_QUALITY:
            self._tile = to_bytes(seen.tiles[0, 0])

    def _ask(self, seen: pdq.LumaPdq) -> None:
        """Keep the turned versions of the frame kept last, which `seen` is or repeats."""
        self._turned_at = self._kept_at
        self._turned_times.append(self._kept_at)
        self._turned.append(seen.turned())

    def _clear(self) -> None:
        self._times: list[int] = []
        self._hashes: list[bytes] = []
        self._trimmed: list[bytes] = []
        self._qualities: list[int] = []
        self._turned_times: list[int] = []
        self._turned: list[bytes] = []


def _inside(luma: Pixels, frame: LumaFrame) -> bytes:
    """The hash of what plain borders surround; zeros where there are none, or nothing is inside."""
    box = find_box(luma[:, :, None])
    if box == (0, luma.shape[0], 0, luma.shape[1]):
        return bytes(HASH_BYTES)
    inside = pdq.of_luma(luma[box.top : box.bottom, box.left : box.right], full_range=frame.full_range)
    return inside.bits if inside.usable and inside.quality >= pdq.MATCHED_QUALITY else bytes(HASH_BYTES)
