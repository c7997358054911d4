"""Many small files, fast: for the soak and for tests of scale. Each is another content; few are another picture."""

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import numpy as np

from safelight.samples.archives import ZipEntry, write_tar, write_zip
from safelight.samples.films import RATE, film, moving
from safelight.samples.formats import FORMATS
from safelight.samples.hostile import mutations
from safelight.samples.pictures import SCENES, picture
from safelight.samples.recordings import KEY

PER_FOLDER = 1000
BASE_SIZE = (160, 120)
_BITS = 400_000
_NEVER = time.gmtime(0)


@dataclass(frozen=True)
class Base:
    """A small good file that many are made from: what it is called, its ending, its bytes."""

    name: str
    suffix: str
    content: bytes


def bases(seed: int, per_format: int = 2) -> list[Base]:
    """Return small pictures in every format."""
    return [
        Base(form.name, form.suffix, form.write(picture(seed, number * len(SCENES) + index, BASE_SIZE)))
        for index, form in enumerate(FORMATS.values())
        for number in range(per_format)
    ]


def archive_bases(seed: int) -> list[Base]:
    """Return small archives of pictures: zip with a locked entry, zip within zip, tar plain and packed; mail, PDF."""
    inside = [(b"%d.jpg" % number, base.content) for number, base in enumerate(bases(seed, 1)[:3])]
    entries = [ZipEntry(name, content) for name, content in inside]
    plain = write_zip([*entries, ZipEntry(b"locked.jpg", inside[0][1], b"practice")])
    return [
        Base("zip", "zip", plain),
        Base("zip-nested", "zip", write_zip([ZipEntry(b"inner.zip", plain), *entries])),
        Base("tar", "tar", write_tar(inside)),
        *(Base(f"tar-{kind}", f"tar.{kind}", write_tar(inside, compression=kind)) for kind in ("gz", "bz2", "xz")),
        Base("mail", "eml", _mail(inside)),
        Base("pdf", "pdf", _document(seed)),
    ]


def _mail(inside: list[tuple[bytes, bytes]]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "robin@alpha.example", "kim@beta.example", "Harbour"
    mail.set_content("Three pictures of the harbour: https://alpha.example/album")
    for name, content in inside:
        mail.add_attachment(content, maintype="image", subtype="jpeg", filename=name.decode())
    mail.set_boundary("harbour")
    return mail.as_bytes()


def _document(seed: int) -> bytes:
    """Three pages as a scanner writes them."""
    first, *rest = (picture(seed, number, BASE_SIZE) for number in range(3))
    out = io.BytesIO()
    first.save(out, "PDF", save_all=True, append_images=rest, creationDate=_NEVER, modDate=_NEVER)
    return out.getvalue()


def film_bases(seed: int) -> list[Base]:
    """Return short videos in each family of containers, one encrypted, and one behind a picture."""
    frames = moving(seed, RATE, BASE_SIZE)
    made = {
        "mp4": film(frames, bits=_BITS),
        "mkv": film(frames, "matroska", bits=_BITS),
        "avi": film(frames, "avi", "mjpeg", bits=_BITS),
        "mpg": film(frames, "mpeg", "mpeg2video", bits=_BITS),
        "wmv": film(frames, "asf", "wmv2", bits=_BITS),
        "flv": film(frames, "flv", "flv", bits=_BITS),
        "webm": film(frames[:5], "webm", "libvpx", bits=_BITS),
    }
    photograph = FORMATS["jpeg-baseline"].write(picture(seed, 1, BASE_SIZE))
    return [
        *(Base(f"film-{suffix}", suffix, content) for suffix, content in made.items()),
        Base("film-encrypted", "mp4", film(frames, bits=_BITS, options=KEY)),
        Base("motion-photo", "jpg", photograph + made["mp4"]),
    ]


def make_many(
    folder: Path,
    count: int,
    seed: int,
    *,
    mutated: bool = False,
    sources: Sequence[Base] | None = None,
    first: int = 0,
) -> Iterator[Path]:
    """Write `count` files into `folder`, a thousand in each folder below, and yield their paths.

    Args:
        folder: where.
        count: how many.
        seed: the same seed gives the same bytes, file by file, in whatever portions they are made.
        mutated: injure each as `hostile.mutations` does; else each has a number behind its last byte.
        sources: what they are made from in turn; pictures of all formats where none are given.
        first: the number of the first file, to go on where an earlier call ended.

    Names begin with their base's. Nothing is kept in memory, so that a million takes no more than a hundred.
    """
    chosen = bases(seed) if sources is None else sources
    for number in range(first, first + count):
        base = chosen[number % len(chosen)]
        if mutated:
            content = mutations(np.random.default_rng([seed, number, 5]), base.content)
        else:
            content = base.content + number.to_bytes(8, "big")
        place = folder / f"{number // PER_FOLDER:05d}"
        if number % PER_FOLDER == 0 or number == first:
            place.mkdir(parents=True)
        path = place / f"{base.name}_{number:08d}.{base.suffix}"
        path.write_bytes(content)
        yield path
