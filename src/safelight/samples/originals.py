"""The pictures that a made-up seizure starts from, each with a file as a device wrote it and what lists say of it."""

import hashlib
import io
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image, ImageOps

from safelight.samples.exif import Camera
from safelight.samples.formats import FORMATS, camera_jpeg
from safelight.samples.pictures import picture, shape
from safelight.samples.truth import Listed, Verdict
from safelight.signatures.pdq import compute


class Role(StrEnum):
    """Which lists name an original."""

    NEW = "new"
    """None."""
    ALPHA = "alpha"
    """The VICS hash set: MD5, SHA-1, SHA-256 and PDQ."""
    BETA = "beta"
    """The ICSE-shaped export: MD5 and SHA-1 only."""
    GAMMA = "gamma"
    """The CSV list: digests and PDQ."""
    BOTH = "both"
    """Alpha and gamma, which contradict one another."""
    ABSENT = "absent"
    """Alpha, while only changed copies of it are in the seizure."""
    MD5 = "md5"
    """Gamma, by MD5 alone."""
    GOOD = "good"
    """The known-good list."""

    @property
    def verdict(self) -> Verdict:
        """What the file itself should be answered with."""
        return {Role.NEW: Verdict.NEW, Role.GOOD: Verdict.KNOWN_GOOD}.get(self, Verdict.KNOWN)

    @property
    def copy_verdict(self) -> Verdict:
        """What a changed copy of it should be answered with: known only where a list gives its PDQ."""
        matched = self in {Role.ALPHA, Role.GAMMA, Role.BOTH, Role.ABSENT}
        return Verdict.COPY if matched else Verdict.NEW


ROUND = (
    Role.ALPHA, Role.NEW, Role.GAMMA, Role.NEW, Role.GOOD, Role.BETA,
    Role.NEW, Role.BOTH, Role.ABSENT, Role.NEW, Role.MD5,
)  # fmt: skip
"""Roles go round by the original's number; eleven share no factor with the six scenes."""

CAMERAS = (
    Camera(),
    Camera("Lantern Optical", "Harbour 3", "SL-0002", "LN-0001", taken="2021:07:01 10:15:00"),
    Camera("Meridian", "Sextant X", "MX 77120", "MX-L-9", "Sextant 2.4", "2020:11:30 18:42:10", 54.1234, 12.0987),
    Camera("Meridian", "Sextant X", "MX 77121", "MX-L-9", "Sextant 2.4", "2020:12:01 09:00:59", -33.5, -70.75),
    Camera("Kelp", "Phone 5", "", "", "KelpOS 9", "2022:02:02 22:22:22"),
)
"""Invented cameras; two differ only in their serial numbers."""
OTHER_FORMATS = (
    "jpeg-progressive", "jpeg-444", "jpeg-cmyk", "jpeg-grey", "png-rgb", "png-rgba", "png-p", "png-i-16",
    "png-interlaced", "apng", "gif", "gif-animated", "webp", "webp-lossless", "webp-animated", "bmp", "tiff-lzw",
    "tiff-deflate", "tiff-16", "tiff-pages", "avif",
)  # fmt: skip
MIN_QUALITY = 60
"""Below this PDQ quality an original's copies are not promised: the main job asks for 50, and changes cost some."""


@dataclass(frozen=True)
class Original:
    """A picture with its file. `image` is as a person sees it, RGB; `listed` is what lists may say."""

    number: int
    role: Role
    image: Image.Image
    content: bytes
    suffix: str
    thumbnail: bool
    listed: Listed

    @property
    def findable(self) -> bool:
        """Whether its PDQ carries enough for copies to be promised."""
        return self.listed.quality >= MIN_QUALITY


def original(seed: int, number: int) -> Original:
    """Return original `number` of a seed: six in ten as a camera writes them, the rest in other formats."""
    rng = np.random.default_rng([seed, number, 2])
    source = picture(seed, number, shape(seed, number))
    from_camera = bool(rng.random() < 0.6)
    if from_camera:
        camera = CAMERAS[int(rng.integers(len(CAMERAS)))]
        turn = int(rng.integers(1, 9)) if rng.random() < 0.4 else 1
        content, suffix = camera_jpeg(source, camera, orientation=turn), "jpg"
    else:
        form = FORMATS[OTHER_FORMATS[int(rng.integers(len(OTHER_FORMATS)))]]
        content, suffix = form.write(source), form.suffix
    role = ROUND[number % len(ROUND)]
    shown, listed = _read(content, number, role)
    return Original(number, role, shown, content, suffix, from_camera, listed)


def _read(content: bytes, number: int, role: Role) -> tuple[Image.Image, Listed]:
    with Image.open(io.BytesIO(content)) as opened:
        stored = opened.convert("RGB")
        shown = ImageOps.exif_transpose(opened).convert("RGB")
    pdq = compute(np.asarray(stored)).pdq
    listed = Listed(
        original=number,
        role=role.value,
        md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        sha1=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        pdq=pdq.bits.hex(),
        quality=pdq.quality,
    )
    return shown, listed
