"""Video, by FFmpeg's demuxers and decoders through PyAV: what the container says of itself, and its frames in time.

Rules kept here:
- A frame's time is its presentation time, counted from the first picture's. Where a file gives none, or one that runs
  backwards or leaps by hours, it is taken to come one frame's length after the one before.
- A frame is its luma as the decoder has it (the Y plane): hashes need no colour, and converting to RGB costs as much
  as hashing. What is no 8-bit planar picture is converted to grey first.
- Only the demuxers named here are tried: playlists and the like, which open other files, are no video.
- A packet that cannot be decoded costs its frames; the rest is read on, and `damaged` says so. A file that decodes
  without end is left where `VideoLimits` say, with what was read so far.
"""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, Final

import av
import av.error
import msgspec
import numpy as np

from safelight.media.text import clean
from safelight.media.types import Gps, Metadata, Pixels, Text, UnreadableVideoError

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
_LATEST: Final = 1 << 50
_USUAL_RATE: Final = 25
_ISO_6709 = re.compile(r"([+-]\d{1,2}(?:\.\d{1,10})?)([+-]\d{1,3}(?:\.\d{1,10})?)([+-]\d{1,6}(?:\.\d{1,6})?)?")
_MOST_STREAMS, _MOST_TAGS = 64, 200
_TAG_CHARACTERS = 500
_DECODER_ERRORS = (av.error.FFmpegError, OSError, ValueError, ArithmeticError, RuntimeError, EOFError, MemoryError)

for _module in pkgutil.walk_packages(av.__path__, "av."):  # it loads parts when a file first needs them: too late here
    if _module.name not in ("av.__main__", "av.datasets"):
        importlib.import_module(_module.name)

Time = Annotated[int, msgspec.Meta(ge=0, le=_LATEST)]
"""Microseconds from the first picture on."""


class VideoStream(msgspec.Struct, frozen=True):
    """One stream of a container: what it carries, by which codec, and what it is tagged with."""

    what: Text
    codec: Text
    tags: dict[Text, Text] = {}


class VideoFacts(msgspec.Struct, frozen=True):
    """What a container says of itself; nothing of it is proven.

    `size` is width and height as stored, `duration` microseconds, `rate` frames a second, `created` the time tag as it
    stands. `tags` are the container's.
    """

    container: Text
    codec: Text
    size: tuple[int, int]
    duration: Time | None
    rate: float | None
    frames: int | None
    created: Text | None
    tags: dict[Text, Text]
    streams: list[VideoStream]


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
    and `rotation` by how many degrees a player turns them counter-clockwise.
    """

    def __init__(self, container: Any, limits: VideoLimits) -> None:
        self._container, self._limits = container, limits
        self._stream = _film_of(container)
        self._clock = _Clock(self._stream)
        self.facts = _facts(container, self._stream)
        self.damaged: str | None = None
        self.decoded = self.rotation = 0

    def frames(self, *, key_frames: bool = False) -> Iterator[LumaFrame]:
        """Yield the frames in order of presentation, once; with `key_frames` only those that stand alone."""
        self._stream.thread_count = 1
        self._stream.codec_context.skip_frame = "NONKEY" if key_frames else "DEFAULT"
        until = time.monotonic() + self._limits.seconds
        lost = 0
        packets = self._packets()
        for packet in packets:
            try:
                decoded = packet.decode()
            except _DECODER_ERRORS:
                lost += 1
                continue
            for frame in decoded:
                if self.decoded >= self._limits.max_frames or time.monotonic() > until:
                    self._say(f"reading was ended after {self.decoded} frames, the limit of what is decoded")
                    return
                self.decoded += 1
                self.rotation = int(frame.rotation) % 360
                yield LumaFrame(self._clock.tell(frame), *_luma(frame, self._limits))
        if lost:
            self._say(f"{lost} parts of it could not be decoded")
        self._look_for_the_end()

    def _packets(self) -> Iterator[Any]:
        """The film's packets; a container that breaks off ends here."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except _DECODER_ERRORS as error:
                self._say(f"it breaks off: {_reason(error)}")
                return
            yield packet

    def _look_for_the_end(self) -> None:
        """A film that is cut where a packet ends has no other sign than that more was promised."""
        promised, last = _promised(self._container, self._stream), self._clock.last
        if promised is not None and promised - last > max(_SHORTFALL, promised // 20):
            self._say(f"it ends at {last / _MICROSECONDS:.1f} of the {promised / _MICROSECONDS:.1f} seconds it claims")

    def _say(self, what: str) -> None:
        self.damaged = f"{self.damaged}; {what}" if self.damaged else what


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
        self._last = min(told, _LATEST)
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
        UnreadableVideoError: no demuxer of ours knows it, it holds no film, or more pixels a frame than are decoded.
    """
    limits = limits or VideoLimits()
    try:
        container = av.open(file, mode="r", options=dict(_OPTIONS), metadata_errors="replace")
    except _DECODER_ERRORS as error:
        raise UnreadableVideoError(f"no video that can be opened: {_reason(error)}") from None
    video = Video(container, limits)
    width, height = video.facts.size
    if width * height > limits.max_pixels:
        raise UnreadableVideoError(
            f"a video of {width} x {height} pixels: above the limit of {limits.max_pixels / 1e6:g} megapixels"
        )
    return video


def described(facts: VideoFacts) -> Metadata:
    """What a container says, as a picture's metadata is kept: camera, software, time, place, and all tags as text."""
    tags = {name.lower(): value for name, value in facts.tags.items()}
    said = {f"container {name}": value for name, value in facts.tags.items()}
    for number, stream in enumerate(facts.streams):
        said[f"stream {number}"] = f"{stream.what} {stream.codec}"
        said |= {f"stream {number} {name}": value for name, value in stream.tags.items()}
    return Metadata(
        text=said,
        make=_first(tags, "com.apple.quicktime.make", "make", "com.android.manufacturer"),
        model=_first(tags, "com.apple.quicktime.model", "model", "com.android.model"),
        software=_first(tags, "com.apple.quicktime.software", "software", "encoder", "com.android.version"),
        taken=_first(tags, "com.apple.quicktime.creationdate") or facts.created,
        gps=_place(_first(tags, "com.apple.quicktime.location.iso6709", "location") or ""),
    )


def _first(tags: dict[str, str], *names: str) -> str | None:
    return next((tags[name] for name in names if tags.get(name)), None)


def _place(text: str) -> Gps | None:
    """A place as ISO 6709 spells it in decimal degrees, such as "+59.9139+010.7522+012.3/"."""
    found = _ISO_6709.match(text)
    if found is None:
        return None
    latitude, longitude = float(found[1]), float(found[2])
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Gps(latitude, longitude, float(found[3]) if found[3] else None)


def _film_of(container: Any) -> Any:
    """The stream that is the film: the one with most pixels that is no cover picture."""
    films = [one for one in container.streams.video if one.codec_context is not None and not _is_cover(one)]
    if not films:
        raise UnreadableVideoError("it holds no film: sound, text or cover pictures only")
    return max(films, key=lambda one: (one.codec_context.width * one.codec_context.height, -one.index))


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _facts(container: Any, stream: Any) -> VideoFacts:
    tags = _tags(container.metadata)
    duration = container.duration
    rate = stream.average_rate
    return VideoFacts(
        container=clean(container.format.name, 100),
        codec=clean(stream.codec_context.name, 100),
        size=(stream.codec_context.width, stream.codec_context.height),
        duration=duration if duration is not None and 0 <= duration <= _LATEST else None,
        rate=float(rate) if rate else None,
        frames=stream.frames if 0 < stream.frames < 1 << 31 else None,
        created=tags.get("creation_time") or _tags(stream.metadata).get("creation_time"),
        tags=tags,
        streams=[
            VideoStream(clean(one.type or "", 20), clean(_codec(one), 60), _tags(one.metadata))
            for one in list(container.streams)[:_MOST_STREAMS]
        ],
    )


def _promised(container: Any, stream: Any) -> int | None:
    """How long the film is said to be; a container with sound says no more than how long the longer of the two is."""
    if stream.duration and stream.time_base:
        return int(stream.duration * stream.time_base * _MICROSECONDS)
    duration: int | None = container.duration
    return duration if not container.streams.audio else None


def _codec(stream: Any) -> str:
    context = stream.codec_context
    return str(context.name) if context is not None else "unknown"


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    return {clean(name, 200): clean(value, _TAG_CHARACTERS) for name, value in list(metadata.items())[:_MOST_TAGS]}


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
