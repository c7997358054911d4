"""Video, by FFmpeg's demuxers and decoders through PyAV: what the container says of itself, and its frames in time.

Rules kept here:
- A frame's time is its presentation time, counted from the first picture's. Where a file gives none, or one that runs
  backwards or leaps by hours, it is taken to come one frame's length after the one before.
- A frame is its luma as the decoder has it (the Y plane): hashes need no colour, and converting to RGB costs as much
  as hashing. What is no 8-bit planar picture is converted to grey first.
- Only the demuxers named here are tried: playlists and the like, which open other files, are no video.
- A packet that cannot be decoded costs its frames; the rest is read on, and `damaged` says so. A file that decodes
  without end is left where `VideoLimits` say, with what was read so far.
- Of encrypted pictures no frame is decoded: noise has hashes, too. A container without a film has none either.
- Each stream's packets are digested as they stand, so that a film or its sound is told again in another container.
"""

import hashlib
import importlib
import pkgutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import av
import av.error
import numpy as np

from safelight.media.film_facts import FILM, LATEST, MOST_STREAMS, StreamDigest, facts_of
from safelight.media.film_structure import Structure, read_structure
from safelight.media.text import clean
from safelight.media.types import Pixels, UnreadableVideoError

_DEMUXERS: Final = "mov,matroska,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg,h264,hevc,m4v,dv,rm,mxf,wtv,nut,ivf"
_OPTIONS: Final = {"format_whitelist": _DEMUXERS, "protocol_whitelist": ""}
_PLAIN: Final = frozenset(
    {"yuv420p", "yuv422p", "yuv444p", "yuv411p", "yuv410p", "yuv440p", "yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p"}
    | {"yuva420p", "nv12", "nv21", "nv16", "gray"}
)
"""Formats whose first plane is 8-bit luma."""
_FULL_RANGE: Final = 2  # AVCOL_RANGE_JPEG
_MICROSECONDS: Final = 1_000_000
_SHORTFALL: Final = 1_500_000
_LEAP: Final = 3600 * _MICROSECONDS
_USUAL_RATE: Final = 25
MOST_COVERS, MOST_COVER_BYTES = 8, 16 << 20
_DECODER_ERRORS = (av.error.FFmpegError, OSError, ValueError, ArithmeticError, RuntimeError, EOFError, MemoryError)

for _module in pkgutil.walk_packages(av.__path__, "av."):  # it loads parts when a file first needs them: too late here
    if _module.name not in ("av.__main__", "av.datasets"):
        importlib.import_module(_module.name)


@dataclass(frozen=True)
class VideoLimits:
    """How much of one video is decoded at the most: pixels of a frame, frames, and seconds of this process's time."""

    max_pixels: int = 70_000_000
    max_frames: int = 4_000_000
    seconds: float = 4 * 3600.0


@dataclass(frozen=True)
class LumaFrame:
    """One frame: its time in microseconds, its luma (height x width, may be read-only), and the luma's range.

    `full_range` tells 0 to 255 from the usual 16 to 235.
    """

    time: int
    luma: Pixels
    full_range: bool


class Video:
    """An opened video.

    Once its frames are through, `damaged` says on one line what was wrong or not read, `decoded` how many there were,
    `rotation` by how many degrees a player turns them counter-clockwise, and `digests` tells its streams: those of one
    that breaks off are left out. `covers` gathers pictures beside the film, as files, as they are met.
    """

    def __init__(self, container: Any, structure: Structure, limits: VideoLimits) -> None:
        self._container, self._limits = container, limits
        self._stream = _film_of(container)
        self.facts = facts_of(container, self._stream, structure)
        self.damaged: str | None = None
        self.decoded = self.rotation = 0
        self.digests: list[StreamDigest] = []
        self.covers: list[bytes] = []

    def frames(self, *, key_frames: bool = False) -> Iterator[LumaFrame]:
        """Yield the frames in order of presentation, once; with `key_frames` only those that stand alone."""
        return (frame for frame in self.steps(key_frames=key_frames) if frame is not None)

    def steps(self, *, key_frames: bool = False) -> Iterator[LumaFrame | None]:
        """Yield the frames, as `frames`, and None for each packet of which none came: it may be long until one does."""
        stream = self._stream
        if stream is None or self.facts.locked:
            for _ in self.packets():  # its streams are digested all the same
                yield None
            return
        clock = _Clock(stream)
        stream.thread_count = 1
        stream.codec_context.skip_frame = "NONKEY" if key_frames else "DEFAULT"
        until = time.monotonic() + self._limits.seconds
        lost = 0
        for packet in self.packets():
            yield None
            if packet.stream_index != stream.index:
                continue
            try:
                decoded = packet.decode()
            except _DECODER_ERRORS:
                lost += 1
                continue
            for frame in decoded:
                if self.decoded >= self._limits.max_frames or time.monotonic() > until:
                    self._say(f"reading was ended after {self.decoded} frames, the limit of what is decoded")
                    self.digests = []
                    return
                self.decoded += 1
                self.rotation = int(frame.rotation) % 360
                yield LumaFrame(clock.tell(frame), *_luma(frame, self._limits))
        if lost:
            self._say(f"{lost} parts of it could not be decoded")
        self._look_for_the_end(stream, clock)

    def packets(self) -> Iterator[Any]:
        """The packets of all streams; a container that breaks off ends here."""
        sums = _Sums(self._container, self._stream)
        covers = {one.index for one in self._container.streams.video if _is_cover(one)}
        packets = self._container.demux()
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                self.digests = sums.told()
                return
            except _DECODER_ERRORS as error:
                self._say(f"it breaks off: {_reason(error)}")
                return
            sums.take(packet)
            if packet.stream_index in covers and packet.size:
                self._cover(packet)
            yield packet

    def _cover(self, packet: Any) -> None:
        if packet.size > MOST_COVER_BYTES or len(self.covers) >= MOST_COVERS:
            self._say(f"a cover picture of {packet.size} bytes was left out")
        else:
            self.covers.append(bytes(packet))

    def _look_for_the_end(self, stream: Any, clock: "_Clock") -> None:
        """A film that is cut where a packet ends has no other sign than that more was promised."""
        promised, last = _promised(self._container, stream), clock.last
        if promised is not None and promised - last > max(_SHORTFALL, promised // 20):
            self._say(f"it ends at {last / _MICROSECONDS:.1f} of the {promised / _MICROSECONDS:.1f} seconds it claims")
            self.digests = []

    def _say(self, what: str) -> None:
        self.damaged = f"{self.damaged}; {what}" if self.damaged else what


class _Sums:
    """The digests of each stream's packets."""

    def __init__(self, container: Any, film: Any | None) -> None:
        self._what = {one.index: clean(one.type or "", 20) for one in list(container.streams)[:MOST_STREAMS]}
        if film is not None:
            self._what[film.index] = FILM
        self._sums = {index: hashlib.sha256() for index in self._what}
        self._sizes = dict.fromkeys(self._what, 0)

    def take(self, packet: Any) -> None:
        """Take a packet in."""
        if packet.stream_index in self._sums and packet.size:
            self._sums[packet.stream_index].update(packet)
            self._sizes[packet.stream_index] += packet.size

    def told(self) -> list[StreamDigest]:
        """The digests of the streams that had packets."""
        return [
            StreamDigest(index, self._what[index], self._sums[index].digest(), size)
            for index, size in self._sizes.items()
            if size
        ]


class _Clock:
    """Presentation times in microseconds from the first picture on, which never run backwards."""

    def __init__(self, stream: Any) -> None:
        self._base = stream.time_base or (stream.codec_context.time_base if stream.codec_context else None)
        rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE
        self._step = max(1, min(int(_MICROSECONDS / float(rate)), _LEAP)) if rate > 0 else _MICROSECONDS // _USUAL_RATE
        self._first: int | None = None
        self._last = -1

    @property
    def last(self) -> int:
        """The time of the frame told last; 0 before the first."""
        return max(self._last, 0)

    def tell(self, frame: Any) -> int:
        """The time of the next frame."""
        told = self._told(frame)
        after = self._last + self._step if self._last >= 0 else 0
        if told is None or told <= self._last or told > after + _LEAP:
            told = after
        self._last = min(told, LATEST)
        return self._last

    def _told(self, frame: Any) -> int | None:
        if frame.pts is None or not self._base:
            return None
        at = int(frame.pts * self._base * _MICROSECONDS)
        if self._first is None:
            self._first = at
        return at - self._first


def open_video(file: BinaryIO, limits: VideoLimits | None = None) -> Video:
    """Read what a video's container says; frames are decoded when they are asked for.

    Raises:
        UnreadableVideoError: no demuxer of ours knows it, or it has more pixels a frame than are decoded.
    """
    limits = limits or VideoLimits()
    structure = read_structure(file)
    file.seek(0)
    try:
        container = av.open(file, mode="r", options=dict(_OPTIONS), metadata_errors="replace")
    except _DECODER_ERRORS as error:
        raise UnreadableVideoError(f"no video that can be opened: {_reason(error)}") from None
    video = Video(container, structure, limits)
    if not video.facts.codec and not _is_sound(container):
        raise UnreadableVideoError("no film can be found in it: its index is broken, or it holds none")
    width, height = video.facts.size
    if width * height > limits.max_pixels:
        raise UnreadableVideoError(
            f"a video of {width} x {height} pixels: above the limit of {limits.max_pixels / 1e6:g} megapixels"
        )
    return video


def _film_of(container: Any) -> Any | None:
    """The stream that is the film: the one with most pixels that is no cover picture; None where none is."""
    films = [one for one in container.streams.video if one.codec_context is not None and not _is_cover(one)]
    return max(films, key=lambda one: (one.codec_context.width * one.codec_context.height, -one.index), default=None)


def _is_sound(container: Any) -> bool:
    """Whether a container is whole and holds sound, and no film: streams that cannot be told are a broken film's."""
    known = {one.type for one in container.streams if one.codec_context is not None and not _is_cover(one)}
    others = [one for one in container.streams if one.codec_context is None and one.type in ("video", "data", None)]
    return "audio" in known and not others


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _promised(container: Any, stream: Any) -> int | None:
    """How long the film is said to be; a container with sound says no more than how long the longer of the two is."""
    if stream.duration and stream.time_base:
        return int(stream.duration * stream.time_base * _MICROSECONDS)
    duration: int | None = container.duration
    return duration if not container.streams.audio else None


def _luma(frame: Any, limits: VideoLimits) -> tuple[Pixels, bool]:
    """Luma and whether its range is full, checked anew: a film may change its size on the way."""
    if frame.width * frame.height > limits.max_pixels:
        raise UnreadableVideoError(f"a frame of {frame.width} x {frame.height} pixels in the middle of a smaller video")
    if frame.format.name not in _PLAIN:
        grey = frame.reformat(format="gray")
        return _plane(grey), grey.color_range == _FULL_RANGE
    return _plane(frame), frame.color_range == _FULL_RANGE or "yuvj" in frame.format.name or frame.format.name == "gray"


def _plane(frame: Any) -> Pixels:
    plane = frame.planes[0]
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return lines[: frame.height, : frame.width]


def _reason(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    said = getattr(error, "strerror", None) or str(error)
    return clean(" ".join(str(said).split()), 200) or type(error).__name__
