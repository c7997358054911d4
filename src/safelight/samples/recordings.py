"""The videos of a made-up seizure: a listed one, clips of it in a file and behind a picture, a new one twice, a locked.

All are pans over generated pictures.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from safelight.samples.films import RATE, Rgb, film, moving
from safelight.samples.pictures import picture
from safelight.samples.things import Thing
from safelight.samples.transforms import Encoding
from safelight.samples.truth import Verdict

KEY = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "5afe" * 8, "encryption_kid": "1197" * 8}
"""By which a practice video is encrypted (ISO 23001-7)."""
_SECONDS = 6
_KNOWN, _NEW, _LOCKED = 1, 2, 3
_BITS = 900_000


def known_recording(seed: int) -> bytes:
    """The video that a list of graded files names."""
    return film(_frames(seed, _KNOWN), bits=_BITS)


def recordings(seed: int) -> Iterator[Thing]:
    """Yield the videos, with what should be answered about each."""
    known, new = _frames(seed, _KNOWN), _frames(seed, _NEW)
    clip = [_small(frame) for frame in known[RATE : 5 * RATE]]
    yield Thing(b".mp4", known_recording(seed), Verdict.KNOWN, note="a video that is listed")
    yield Thing(b".avi", film(clip, "avi", bits=_BITS), Verdict.COPY, note="a clip of a listed video")
    yield Thing(b".mov", film(new, "mov", bits=_BITS), Verdict.NEW, stack="recording", note="a new video")
    small = film([_small(frame) for frame in new], bits=_BITS // 2)
    yield Thing(b".mp4", small, Verdict.NEW, stack="recording", note="the new video, smaller")
    still = Encoding("JPEG", 85).write(picture(seed, 1_000_003, (320, 192)))
    moment = film(known[: 3 * RATE], bits=_BITS)
    yield Thing(b".jpg", still + moment, Verdict.NEW, embedded=Verdict.COPY, note="a motion photo")
    locked = film(_frames(seed, _LOCKED)[:RATE], bits=_BITS, options=KEY)
    yield Thing(b".mp4", locked, Verdict.LOCKED, note="an encrypted video")


def _frames(seed: int, number: int) -> list[Rgb]:
    return moving(10 * seed + number, _SECONDS * RATE)


def _small(frame: Rgb) -> Rgb:
    return np.asarray(Image.fromarray(frame).resize((240, 144)))
