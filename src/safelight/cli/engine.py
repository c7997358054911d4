"""`safelight hash`: the engine alone, without a database."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli import showing
from safelight.cli.looking import TASK, examine, watch
from safelight.errors import InputError, UsageError

if TYPE_CHECKING:
    from safelight.sandbox import Nursery
    from safelight.signatures.film_reading import Film


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
    with Nursery(TASK, FILM) as nursery:
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


def _look(nursery: "Nursery", path: bytes, folder: Path | None) -> dict[str, object]:
    told: dict[str, object] = {"path": os.fsdecode(path)}
    try:
        reading, seen = examine(nursery, path)
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
        film = watch(nursery, path)
    except SandboxError as error:
        return {"problem": error.message}
    facts, end = film.facts, film.end
    if facts.locked:
        return {"problem": facts.locked}
    told: dict[str, object] = {"container": facts.container, "codec": facts.codec}
    told |= {"width": facts.size[0], "height": facts.size[1], "distinct_frames": len(film.times)}
    if end is not None:
        told |= {"frames": end.decoded, "seconds": end.last / 1_000_000, "rotation": end.rotation}
        told |= {"dark": end.dark, "flat": end.flat, "repeated": end.repeated}
    if folder is not None:
        told["hashes"] = str(_write_frames(film, folder / f"{os.fsdecode(os.path.basename(path))}.vpdq.txt"))
    return told | ({"problem": f"damaged: {film.damaged}"} if film.damaged else {})


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
