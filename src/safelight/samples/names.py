"""Names as seizures have them: a camera's, people's, and those that break careless programs."""

from collections.abc import Iterator

import numpy as np

FOLDERS: tuple[bytes, ...] = (
    b"DCIM/100HARBR",
    b"Downloads",
    "Neuer Ordner (2)/Bilder äöü".encode(),
    "旅行/2021".encode(),
    b"backup of\nphone",
    b"caf\xe9 latin1",
    "\N{PARTY POPPER} party \N{HOUSE BUILDING}".encode(),
    b"a/" * 24 + b"deep",
    b"  leading and trailing  ",
    b"Program Files/Lantern/cache",
)
"""Folders below a seizure; two are not UTF-8 or hold a line break."""

ODD: tuple[bytes, ...] = (
    b"line\nbreak",
    b"tab\tand\rreturn",
    "emoji \N{SMILING CAT FACE WITH OPEN MOUTH}\N{CAMERA}".encode(),
    b"invalid \xff\xfe utf8",
    b'semi;colon, comma "quotes"',
    b"=HYPERLINK(1)",
    b"-rf",
    b"..hidden..",
    b"<b>bold</b>&amp;",
    "right\N{RIGHT-TO-LEFT OVERRIDE}gpj".encode(),
    b"100% $HOME `id` *?",
    b"n" * 240,
    b"\\back\\slash",
    "cafe\N{COMBINING ACUTE ACCENT}".encode(),
    b" ",
)
"""Stems that break careless programs: each is a valid name on Linux. With ".jpeg" the longest has 245 of 255 bytes."""


def names(rng: np.random.Generator, *, odd_share: float = 0.2) -> Iterator[tuple[bytes, bytes]]:
    """Yield folder and stem without end; stems never repeat within a folder."""
    number = 0
    while True:
        number += 1
        folder = FOLDERS[int(rng.integers(len(FOLDERS)))]
        if rng.random() < odd_share:
            stem = ODD[number % len(ODD)] + str(number).encode()
        else:
            stem = (b"IMG_%04d", b"DSC%05d", b"photo (%d)", b"received_%d")[int(rng.integers(4))] % number
        yield folder, stem
