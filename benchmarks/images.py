"""How fast disk images are walked, beside how fast the same file is read and digested.

    python benchmarks/images.py [--mib 1024]        (writes IMAGES.md)

An image of files of 1 to 10 MB of noise, as FAT32, ext4 and EnCase E01 of the first. Walking is what a check does: the
walker in its sandbox, every file digested by the parent. The digests that E01 stores are compared by another process
beside it, and are not counted. Both in seconds of processor time, the best of some rounds, so that neighbours on the
machine count little; of the two processes that walk side by side the busier one counts. The clock's time stands beside.

Needs mkfs.vfat, mcopy, mke2fs and ewfacquire (Debian: dosfstools, mtools, e2fsprogs, ewf-tools); three times the room.
"""

import argparse
import os
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from surroundings import Page

from safelight.evidence.archives.messages import ArchiveLimits
from safelight.evidence.images.order import VERIFIER, WALKER
from safelight.evidence.reading import read_file
from safelight.evidence.unpacking import Allowance, Unpacking
from safelight.media.types import Kind
from safelight.sandbox import Nursery

WANTED = 0.8
_ROUNDS = 3
_MIB = 1 << 20
_ROOM, _LEAST_ROOM = 1.1, 64 * _MIB


@dataclass(frozen=True)
class Cost:
    """Seconds: of the processor in this process and in its children, and of the clock."""

    own: float
    children: float
    clock: float


def _run(*command: str | Path) -> None:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PATH": path, "MTOOLS_SKIP_CHECK": "1"})


def _images(folder: Path, size: int) -> Iterator[tuple[str, Path, Kind]]:
    files, rng, filled, number = folder / "files", random.Random(1), 0, 0
    while filled < size:
        length = rng.randrange(1_000_000, 10_000_000)
        path = files / f"folder-{number % 7}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.randbytes(length))
        filled, number = filled + length, number + 1
    for name in ("fat", "ext"):
        with (folder / name).open("wb") as file:
            file.truncate(int(filled * _ROOM + _LEAST_ROOM) // _MIB * _MIB)
    _run("mkfs.vfat", "-F", "32", folder / "fat")
    _run("mcopy", "-s", "-i", folder / "fat", *sorted(files.iterdir()), "::/")
    _run("mke2fs", "-q", "-t", "ext4", "-d", files, folder / "ext")
    yield "FAT32", folder / "fat", Kind.RAW_IMAGE
    yield "ext4", folder / "ext", Kind.RAW_IMAGE
    (folder / "ext").unlink()
    chosen = ["-f", "encase6", "-c", "deflate:fast", "-S", f"{2 * size}B"]
    _run("ewfacquire", "-u", "-q", "-t", folder / "packed", *chosen, folder / "fat")
    yield "FAT32 in E01", folder / "packed.E01", Kind.EWF


def _cost(work: Callable[[], None]) -> Cost:
    def children() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = time.process_time(), children(), time.perf_counter()
    work()
    after = time.process_time(), children(), time.perf_counter()
    return Cost(*(late - early for early, late in zip(before, after, strict=True)))


def _read(path: Path) -> None:
    read_file(os.fsencode(path), path.stat()).close()


def _walk(path: Path, kind: Kind, spool: Path) -> None:
    with Nursery(WALKER, VERIFIER) as nursery, path.open("rb") as file:
        allowance = Allowance.of(ArchiveLimits(), path.stat().st_size)
        unpacking = Unpacking(nursery, [file.fileno()], kind, allowance, spool)
        for unpacked in unpacking:
            if unpacked.reading is not None:
                unpacked.reading.close()
        if unpacking.problem is not None:
            raise SystemExit(unpacking.problem)


def _start() -> None:
    with Nursery(WALKER, VERIFIER) as nursery:
        nursery.spawn().end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=1024, help="bytes of files, in MiB")
    asked = parser.parse_args()
    page = Page("Walking disk images")
    page.line("MB a second | read | walk | walk to read | parent, walker: seconds | read, walk: seconds of the clock")
    page.line("---|---:|---:|---:|---:|---:")
    start = min(_cost(_start).children for _ in range(_ROUNDS))
    slowest = float("inf")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name, path, kind in _images(folder, asked.mib * _MIB):
            reads = [_cost(partial(_read, path)) for _ in range(_ROUNDS)]
            walks = [_cost(partial(_walk, path, kind, folder)) for _ in range(_ROUNDS)]
            read = min(one.own for one in reads)
            parent, walker = min(one.own for one in walks), min(one.children for one in walks) - start
            ratio = read / max(parent, walker)
            slowest = min(slowest, ratio)
            clock = f"{min(one.clock for one in reads):.1f}, {min(one.clock for one in walks):.1f}"
            rates = (path.stat().st_size / 1e6 / seconds for seconds in (read, max(parent, walker)))
            cells = [*(f"{rate:,.0f}" for rate in rates), f"{ratio:.2f}", f"{parent:.1f}, {walker:.1f}", clock]
            page.line(f"{name} | " + " | ".join(cells))
    page.line(f"\nWanted: {WANTED}; slowest {slowest:.2f}: {'kept' if slowest >= WANTED else 'MISSED'}.")
    page.write("IMAGES.md")


if __name__ == "__main__":
    main()
