"""A made-up seizure of any size: a folder as units find them, and the truth about it.

Exact and changed copies of listed pictures, new pictures, known-good ones, videos, documents, broken files, archives
within archives, locked entries, a link that leads out, and names in any bytes. All of it is generated and benign.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np

from safelight.samples.hostile import picture_bomb
from safelight.samples.names import names
from safelight.samples.originals import Original, Role, original
from safelight.samples.pictures import picture
from safelight.samples.recordings import recordings
from safelight.samples.things import Pack, Thing
from safelight.samples.transforms import TRANSFORMS, Encoding, Transform
from safelight.samples.truth import GroundTruth, Verdict

FAITHFUL = frozenset({"jpeg-95", "jpeg-80", "jpeg-60", "png", "webp", "avif", "bmp", "tiff"})
"""Transforms that stay within 10 bits of their original, measured: they end in its stack."""
PASSWORD = b"practice"
OUTSIDE = "outside-the-seizure"
_MODIFIED = 1_622_894_400
_HTML = b"<!doctype html><html><head><title>404</title></head><body><h1>Not found</h1></body></html>\n"
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n"
    b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n96\n%%EOF\n"
)


def make_seizure(folder: Path, *, seed: int, originals: int, copies: int = 3) -> GroundTruth:
    """Write a seizure into `folder` (made here) and return the truth about it.

    Args:
        folder: where; beside it a folder named `OUTSIDE` is made, which a link inside points to.
        seed: the same seed gives the same bytes.
        originals: how many different pictures it starts from; about three files come of each.
        copies: the most changed copies made of one original.

    Raises:
        FileExistsError: the folder is there already.
    """
    folder.mkdir(parents=True)
    truth = GroundTruth(seed=seed, originals=originals)
    rng = np.random.default_rng([seed, originals, 3])
    naming = names(rng)
    packed: list[Thing] = []
    for number, things in enumerate(_families(seed, originals, copies, rng, truth)):
        for thing in things:
            if number % 5 == 4:
                packed.append(thing)
            else:
                _put(folder, truth, naming, thing)
    for thing in (*_strangers(seed), *recordings(seed)):
        _put(folder, truth, naming, thing)
    for pack in _packs(packed, naming):
        _write(folder, truth, pack)
    _links(folder, truth, seed)
    return truth


def _families(
    seed: int, originals: int, copies: int, rng: np.random.Generator, truth: GroundTruth
) -> Iterator[list[Thing]]:
    """Yield for each original its file, duplicates and changed copies, as far as the seizure has them."""
    order = cycle([list(TRANSFORMS.values())[index] for index in rng.permutation(len(TRANSFORMS))])
    faithful_only = cycle([TRANSFORMS[name] for name in sorted(FAITHFUL)])
    for number in range(originals):
        one = original(seed, number)
        if one.role is not Role.NEW:
            truth.listed.append(one.listed)
        few = int(rng.integers(0, copies + 1))
        # Every fourth has none but faithful copies, so that there are stacks which must hold together.
        source = faithful_only if number % 4 == 1 else order
        chosen = [next(source) if number % 4 == 1 else _step(next(source), rng) for _ in range(few)]
        if one.role is Role.ABSENT and not chosen:
            chosen = [next(order)]
        faithful = all(transform.name in FAITHFUL for transform in chosen)
        stack = f"original {number}" if faithful and one.findable and one.role is not Role.ABSENT else None
        things = [_changed(one, transform, rng, stack) for transform in chosen]
        if one.role is not Role.ABSENT:
            itself = _itself(one, stack)
            again = replace(itself, note="the same bytes again")
            things += [itself] + [again] * int(rng.random() < 0.35)
        yield things


def _step(transform: Transform, rng: np.random.Generator) -> Transform:
    """Return the transform, now and then followed by a second."""
    if rng.random() < 0.85:
        return transform
    second = list(TRANSFORMS.values())[int(rng.integers(len(TRANSFORMS)))]
    return transform.then(second) if second.name != transform.name else transform


def _itself(one: Original, stack: str | None) -> Thing:
    return Thing(
        name=b"." + one.suffix.encode(),
        content=one.content,
        verdict=one.role.verdict,
        original=one.number,
        stack=stack,
        embedded=one.role.copy_verdict if one.thumbnail else None,
    )


def _changed(one: Original, transform: Transform, rng: np.random.Generator, stack: str | None) -> Thing:
    verdict = one.role.copy_verdict
    return Thing(
        name=b"." + transform.encoding.suffix.encode(),
        content=transform.file(one.image, rng),
        verdict=verdict,
        promised=verdict is Verdict.NEW or (transform.promised and one.findable),
        original=one.number,
        transform=transform.name,
        stack=stack,
    )


def _strangers(seed: int) -> Iterator[Thing]:
    """Yield what is no whole picture: documents, a web page named .jpg, empty, cut-off and swollen files."""
    whole = Encoding("JPEG", 85).write(picture(seed, 1_000_000))
    png = Encoding("PNG").write(picture(seed, 1_000_001, (160, 120)))
    yield Thing(b".txt", b"Shopping: rope, lamp oil, two anchors.\n", Verdict.NOT_EXAMINED)
    yield Thing(b".pdf", _PDF, Verdict.NOT_EXAMINED)
    yield Thing(b".jpg", _HTML, Verdict.NOT_EXAMINED, note="a web page named .jpg")
    yield Thing(b".png", b"", Verdict.NOT_EXAMINED, note="empty")
    yield Thing(b".sqlite", b"SQLite format 3\0" + bytes(4080), Verdict.NOT_EXAMINED)
    yield Thing(b".jpg", whole[:100], Verdict.UNREADABLE, note="the first 100 bytes of a JPEG")
    yield Thing(b".png", png[:100], Verdict.UNREADABLE, note="the first 100 bytes of a PNG")
    yield Thing(b".jpg", whole[: len(whole) * 7 // 10], Verdict.NEW, promised=False, note="a JPEG cut off at 70 %")
    yield Thing(b".jpg", picture_bomb("jpeg"), Verdict.UNREADABLE, note="claims 30,000 x 30,000 pixels")
    yield Thing(b".dat", whole, Verdict.NEW, note="a JPEG under a name that does not say so")


def _packs(things: list[Thing], naming: Iterator[tuple[bytes, bytes]]) -> Iterator[Pack]:
    """Yield archives that hold these things between them: nested, locked, compressed in each way."""
    named = [replace(thing, name=next(naming)[1] + thing.name) for thing in things]
    share = max(1, len(named) // 4)
    first, second, third, rest = (
        named[:share],
        named[share : 2 * share],
        named[2 * share : 3 * share],
        named[3 * share :],
    )
    secret = Thing(b"locked.jpg", Encoding("JPEG", 80).write(picture(1, 1)), Verdict.NEW, password=PASSWORD)
    inner = Pack(b"inner.zip", tuple(second))
    innermost = Pack(b"camera roll.tar", tuple(third), "tar")
    yield Pack(b"holiday.zip", (*first, secret, inner))
    yield Pack("Sicherung \N{PACKAGE}.tar.gz".encode(), (innermost, *rest), "tar.gz")


def _put(folder: Path, truth: GroundTruth, naming: Iterator[tuple[bytes, bytes]], thing: Thing) -> None:
    below, stem = next(naming)
    _write(folder, truth, replace(thing, name=below + b"/" + stem + thing.name))


def _write(folder: Path, truth: GroundTruth, thing: Thing | Pack) -> None:
    path = os.path.join(os.fsencode(folder), thing.name)  # noqa: PTH118 - the name may be no UTF-8
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - as above
    with open(path, "xb") as file:  # noqa: PTH123 - as above
        file.write(thing.content)
    os.utime(path, (_MODIFIED, _MODIFIED + len(truth.expected)))
    truth.expected += thing.expected()


def _links(folder: Path, truth: GroundTruth, seed: int) -> None:
    """Make a picture outside the seizure and a link to it inside: who follows the link finds what was not seized."""
    outside = folder.parent / OUTSIDE
    outside.mkdir(exist_ok=True)
    content = Encoding("JPEG", 85).write(picture(seed, 1_000_002))
    (outside / "not seized.jpg").write_bytes(content)
    for name, target in (("shortcut.jpg", "not seized.jpg"), ("elsewhere", "")):
        (folder / name).symlink_to(Path("..") / OUTSIDE / target)
        truth.links.append(name.encode())
    truth.forbidden.append(hashlib.sha256(content).hexdigest())
