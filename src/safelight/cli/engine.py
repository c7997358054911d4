"""`safelight hash` and `safelight compare`: the engine alone, without a database."""

import os
import stat
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli import showing
from safelight.errors import InputError, UsageError

if TYPE_CHECKING:
    from safelight.evidence.reading import Reading
    from safelight.sandbox import Nursery
    from safelight.signatures.film_reading import Film
    from safelight.signatures.types import Examination

_TASK = "safelight.signatures.family:examine_family"


@click.command("hash")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=bytes))
@click.option("--frames", "folder", type=click.Path(path_type=Path, file_okay=False, exists=True),
              help="Write the hash of each frame of a video into this folder, as vPDQ does.")  # fmt: skip
def hash_files(*, files: tuple[bytes, ...], folder: Path | None) -> None:
    """Digests and PDQ hashes of FILES, of a video's frames too."""
    from safelight.sandbox import Nursery
    from safelight.signatures.film import FILM

    failed = False
    rows = []
    with Nursery(_TASK, FILM) as nursery:
        for path in files:
            told = _look(nursery, path, folder)
            failed = failed or "problem" in told
            if not showing.for_people():
                showing.line(**told)
            rows.append(told)
    if showing.for_people():
        for told in rows:
            showing.table(
                str(told["path"]), ("what", "value"), [(name, value) for name, value in told.items() if name != "path"]
            )
    if failed:
        sys.exit(InputError.exit_code)


@click.command("compare")
@click.argument("first", metavar="A", type=click.Path(path_type=bytes))
@click.argument("second", metavar="B", type=click.Path(path_type=bytes))
def compare_files(*, first: bytes, second: bytes) -> None:
    """How far A and B are apart, over stored and shown hashes and the eight turned versions."""
    from safelight.sandbox import Nursery
    from safelight.signatures.compare import compare

    with Nursery(_TASK) as nursery:
        a, b = (_examination(nursery, path) for path in (first, second))
    told = {"a": os.fsdecode(first), "b": os.fsdecode(second), **asdict(compare(a, b))}
    if showing.for_people():
        showing.table("Nearest pair of hashes", ("what", "value"), list(told.items()))
    else:
        showing.line(**told)


def _look(nursery: "Nursery", path: bytes, folder: Path | None) -> dict[str, object]:
    told: dict[str, object] = {"path": os.fsdecode(path)}
    try:
        reading, seen = _examine(nursery, path)
    except InputError as error:
        return told | {"problem": error.message}
    told |= {"kind": reading.kind.value, "size": reading.digests.size}
    told |= {name: getattr(reading.digests, name).hex() for name in ("md5", "sha1", "sha256")}
    if isinstance(seen, InputError):
        return told | {"problem": seen.message}
    if seen is None:
        return told | (_watch(nursery, path, folder) if reading.kind.value == "video" else {})
    first = seen.stills[0]
    told |= {"width": seen.size[0], "height": seen.size[1], "frames": seen.frames}
    for name, pdq in (("pdq", first.listed), ("shown_pdq", first.shown)):
        if pdq is not None:
            told |= {name: pdq.bits.hex() if pdq.usable else "no usable hash", f"{name}_quality": pdq.quality}
    return told | ({"problem": f"damaged: {seen.damaged}"} if seen.damaged else {})


def _watch(nursery: "Nursery", path: bytes, folder: Path | None) -> dict[str, object]:
    """What a video's frames say; their hashes go into a file of the folder, if there is one."""
    from safelight.sandbox import SandboxError

    try:
        film = _film(nursery, path)
    except SandboxError as error:
        return {"problem": error.message}
    facts, end = film.facts, film.end
    told: dict[str, object] = {"container": facts.container, "codec": facts.codec}
    told |= {"width": facts.size[0], "height": facts.size[1], "distinct_frames": len(film.times)}
    if end is not None:
        told |= {"frames": end.decoded, "seconds": end.last / 1_000_000, "rotation": end.rotation}
        told |= {"dark": end.dark, "flat": end.flat, "repeated": end.repeated}
    if folder is not None:
        told["hashes"] = str(_write_frames(film, folder / f"{os.fsdecode(os.path.basename(path))}.vpdq.txt"))
    return told | ({"problem": f"damaged: {film.damaged}"} if film.damaged else {})


def _film(nursery: "Nursery", path: bytes) -> "Film":
    from safelight.signatures.film_reading import read_film

    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return read_film(nursery, fd)
    finally:
        os.close(fd)


def _write_frames(film: "Film", path: Path) -> Path:
    """A line for each kept frame: its number, quality, hash and seconds, as `vpdq` writes them."""
    lines = [
        f"{number},{quality},{bits.tobytes().hex()},{at / 1_000_000:.3f}\n"
        for number, (quality, bits, at) in enumerate(zip(film.qualities, film.hashes, film.times, strict=True))
    ]
    try:
        path.write_text("".join(lines), encoding="ascii")
    except OSError as error:
        raise UsageError(f"The hashes cannot be written to {path}: {error.strerror}.") from error
    return path


def _examination(nursery: "Nursery", path: bytes) -> "Examination":
    try:
        reading, seen = _examine(nursery, path)
    except InputError as error:
        raise InputError(f"{os.fsdecode(path)}: {error.message}") from error
    if isinstance(seen, InputError):
        raise InputError(f"{os.fsdecode(path)}: {seen.message}")
    if seen is None:
        raise InputError(f"{os.fsdecode(path)} is no picture ({reading.kind.value}): name two pictures")
    return seen


def _examine(nursery: "Nursery", path: bytes) -> "tuple[Reading, Examination | InputError | None]":
    """Read a file and examine it in the sandbox; None where it is no picture, the error where it cannot be decoded."""
    from safelight.evidence.errors import ReadingError
    from safelight.evidence.reading import read_file
    from safelight.evidence.walk import reason_of
    from safelight.sandbox import SandboxError
    from safelight.signatures.family import decode_family

    try:
        listed = os.lstat(path)
    except OSError as error:
        raise ReadingError(reason_of(error)) from error
    if not stat.S_ISREG(listed.st_mode):
        raise ReadingError(_other_than_file(listed.st_mode))
    reading = read_file(path, listed)
    if reading.fd is not None:
        os.close(reading.fd)
    if reading.content is None:
        return reading, None
    with reading.content as content:
        try:
            return reading, decode_family(nursery.call(content, reading.kind.value.encode())).picture
        except SandboxError as error:
            return reading, error


def _other_than_file(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "is a folder: name files"
    if stat.S_ISLNK(mode):
        return "is a link, which is not followed: name the file that it leads to"
    return "is a device, pipe or socket, which is not opened: name files"
