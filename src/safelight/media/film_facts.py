"""What a video's container says of itself, as values, and as a picture's metadata is kept. Nothing of it is proven."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec

from safelight.media.film_structure import Structure
from safelight.media.text import clean
from safelight.media.types import Gps, Metadata, Text

MOST_STREAMS = 64
LATEST: Final = 1 << 50
FILM: Final = "film"
"""What a stream is, where it is the film, and no sound, text or cover picture beside it."""
_MOST_TAGS, _TAG_CHARACTERS = 200, 500
_ISO_6709 = re.compile(r"([+-]\d{1,2}(?:\.\d{1,10})?)([+-]\d{1,3}(?:\.\d{1,10})?)([+-]\d{1,6}(?:\.\d{1,6})?)?")

Time = Annotated[int, msgspec.Meta(ge=0, le=LATEST)]
"""Microseconds from the first picture on."""


class VideoStream(msgspec.Struct, frozen=True):
    """One stream of a container: what it carries, by which codec, and what it is tagged with."""

    what: Text
    codec: Text
    tags: dict[Text, Text] = {}


class VideoFacts(msgspec.Struct, frozen=True):
    """What a container says of itself; nothing of it is proven.

    `size` is width and height as stored, `duration` microseconds, `rate` frames a second, `created` the time tag as it
    stands. `tags` are the container's. `codec` is empty and `size` 0 x 0 where it holds no film. `boxes`, `times` and
    `locked` are those of `film_structure.Structure`.
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
    boxes: Text | None = None
    times: dict[Text, Text] = {}
    locked: Text | None = None


class StreamDigest(msgspec.Struct, frozen=True):
    """The SHA-256 of one stream's packets, end to end as the container holds them, and how many bytes they are."""

    stream: Annotated[int, msgspec.Meta(ge=0, lt=MOST_STREAMS)]
    what: Text
    sha256: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    size: Annotated[int, msgspec.Meta(ge=0, le=LATEST)]


def described(facts: VideoFacts, digests: Sequence[StreamDigest] = ()) -> Metadata:
    """What a container says, as a picture's metadata is kept: camera, software, time, place, and all tags as text.

    The digests of its streams stand among the texts.
    """
    tags = {name.lower(): value for name, value in facts.tags.items()}
    said = {f"container {name}": value for name, value in facts.tags.items()}
    for number, stream in enumerate(facts.streams):
        said[f"stream {number}"] = f"{stream.what} {stream.codec}"
        said |= {f"stream {number} {name}": value for name, value in stream.tags.items()}
    said |= {f"stream {one.stream} sha256": one.sha256.hex() for one in digests}
    said |= facts.times
    return Metadata(
        text=said,
        make=_first(tags, "com.apple.quicktime.make", "make", "com.android.manufacturer"),
        model=_first(tags, "com.apple.quicktime.model", "model", "com.android.model"),
        software=_first(tags, "com.apple.quicktime.software", "software", "encoder", "com.android.version"),
        taken=_first(tags, "com.apple.quicktime.creationdate") or facts.created,
        container=facts.boxes,
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


def facts_of(container: Any, film: Any | None, structure: Structure) -> VideoFacts:
    """What an opened container says, and the stream of it that is the film."""
    tags = _tags(container.metadata)
    duration = container.duration
    context = film.codec_context if film is not None else None
    rate = film.average_rate if film is not None else None
    return VideoFacts(
        container=clean(container.format.name, 100),
        codec=clean(context.name, 100) if context is not None else "",
        size=(context.width, context.height) if context is not None else (0, 0),
        duration=duration if duration is not None and 0 <= duration <= LATEST else None,
        rate=float(rate) if rate else None,
        frames=film.frames if film is not None and 0 < film.frames < 1 << 31 else None,
        created=tags.get("creation_time") or (_tags(film.metadata).get("creation_time") if film is not None else None),
        tags=tags,
        streams=[
            VideoStream(clean(one.type or "", 20), clean(_codec(one), 60), _tags(one.metadata))
            for one in list(container.streams)[:MOST_STREAMS]
        ],
        boxes=structure.boxes,
        times=structure.times,
        locked=structure.locked,
    )


def _codec(stream: Any) -> str:
    context = stream.codec_context
    return str(context.name) if context is not None else "unknown"


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    return {clean(name, 200): clean(value, _TAG_CHARACTERS) for name, value in list(metadata.items())[:_MOST_TAGS]}
