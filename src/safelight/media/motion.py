"""Videos inside pictures: phones write the moment around a shot behind the picture, or into a box of their own.

JPEG: an MP4 behind the end of the picture, with other pictures and makers' trailers around it (Google's Motion Photo,
Samsung's, and what is hidden by hand). HEIC and AVIF: the box "mpvd" (Google, Motion Photo format 1.0), or behind the
last box. Told by their own bytes and never by what the metadata say: those may name a place where nothing is.
"""

import re

from safelight.media.boxes import boxes
from safelight.media.types import Clip

_BEGINNING = re.compile(rb"\0\0[\0-\1].ftyp[A-Za-z0-9 ]{4}", re.DOTALL)
_TOP = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"mfra", b"sidx", b"styp", b"uuid", b"meta"}
    | {b"pdin", b"emsg", b"prft", b"pnot", b"udta"}
)
_MADE_FOR_IT = b"mpvd"
_MOST_CLIPS = 4
MOTION_PHOTO = "motion-photo"


def clips_behind(view: memoryview, end: int) -> tuple[Clip, ...]:
    """The videos that lie behind the end of a picture."""
    found: list[Clip] = []
    at = end
    while len(found) < _MOST_CLIPS and (met := _BEGINNING.search(view[at:])) is not None:
        begin = at + met.start()
        at = _last_end(view, begin)
        found.append(Clip(MOTION_PHOTO, begin, at - begin))
    return tuple(found)


def clips_in_boxes(view: memoryview) -> tuple[Clip, ...]:
    """The videos in an ISO media file that is a picture: in boxes made for them, and behind the last box."""
    found: list[Clip] = []
    end = 0
    for name, begin, stop in boxes(view, 0):
        if name not in _TOP | {_MADE_FOR_IT}:
            break
        end = stop
        if name == _MADE_FOR_IT and _BEGINNING.match(view[begin : begin + 12]):
            found.append(Clip(MOTION_PHOTO, begin, stop - begin))
    return (*found[:_MOST_CLIPS], *clips_behind(view, end))[:_MOST_CLIPS]


def _last_end(view: memoryview, begin: int) -> int:
    """Where the last box of a video ends that begins here; the end of the file where it is cut."""
    end = begin
    for name, _, stop in boxes(view, begin):
        if name not in _TOP or (name == b"ftyp" and end > begin):
            break
        end = stop
    return end
