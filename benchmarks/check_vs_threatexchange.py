"""The whole job, bytes to verdict, against `threatexchange` (the code inside Hasher-Matcher-Actioner).

Both get the same JPEG files, the same base and the same cores, in turn. The peer: one process a core, each with the
index in memory, reads a file, hashes it with `pdq_from_bytes` and asks `PDQIndex`. Safelight: `do_check` with database,
sandbox, digests, both hashes in eight turned versions, metadata, records and stacks. Timed on both sides from the
moment that workers and index are ready to the last answer (Safelight: to the last stack); its start-up is told beside.
The limit is what nobody who needs exact pixels and three digests can leave out: reading, MD5, SHA-1, SHA-256 and
libjpeg-turbo's own decoding of the same files, one process a core, and nothing else.

    make bench        or        .venv/bin/python benchmarks/check_vs_threatexchange.py [--help]
"""

import argparse
import csv
import getpass
import hashlib
import multiprocessing
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from photographs import SIZES, jpegs
from surroundings import CORES, commit, machine
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from safelight.casework.check.progress import Unwatched
from safelight.platform.clock import now
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.platform.walls import NOBODY_ENROLLED, acting
from safelight.vault.protection import KeyFile

if TYPE_CHECKING:
    from safelight.casework.access import Acting
    from safelight.casework.models import Case

QUALITY = 50
PLANTED = 0.3
"""Share of the files with a code near their own in the base: at 0 to 59 bits, on both sides of the radius."""
WANTED = {"12 MP": 8.0, "2 MP": 5.0, "0.3 MP": 2.0}
RESULTS = Path(__file__).with_name("RESULTS.md")


@dataclass(frozen=True)
class Answer:
    """What one side says of a file: its PDQ in hex, the quality, and whether a code of the base is near."""

    pdq: str
    quality: int
    matched: bool


@dataclass
class Timing:
    """Seconds before the first file, seconds of the job, and the share of all cores that was busy meanwhile."""

    start: float
    job: float
    busy: float
    answers: dict[str, Answer] = field(default_factory=dict)


class Busy:
    """The share of all processors' time that was not idle since this was made, from /proc/stat."""

    def __init__(self) -> None:
        self._before = self._read()

    @staticmethod
    def _read() -> tuple[int, int]:
        fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    def share(self) -> float:
        """The share up to now."""
        total, idle = self._read()
        return 1 - (idle - self._before[1]) / max(total - self._before[0], 1)


class Stages(Unwatched):
    """Notes when each stage of a check began, and how busy the cores were until reading ended."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self._busy: Busy | None = None
        self.busy = 0.0

    def stage(self, text: str) -> None:
        """A stage begins."""
        if self._busy is not None and not self.busy:
            self.busy = self._busy.share()
        self.at[text] = time.monotonic()
        if text == "checking":
            self._busy = Busy()


class Peer:
    """One process of the peer; the index lives in the class of that process."""

    index: PDQIndex

    @classmethod
    def ready(cls, base: list[str], barrier: Barrier) -> None:
        """Build the index, then wait for the others."""
        faiss.omp_set_num_threads(1)  # the peer's best: with more, one query costs several times as much
        cls.index = PDQIndex.build([(code, code) for code in base])
        barrier.wait()

    @classmethod
    def answer(cls, path: str) -> tuple[str, Answer]:
        """Read, hash, ask."""
        pdq, quality = pdq_from_bytes(Path(path).read_bytes())
        return path, Answer(pdq, quality, quality >= QUALITY and bool(cls.index.query(pdq)))


def run_peer(paths: Iterable[Path], base: list[str]) -> Timing:
    """The peer over all files."""
    began = time.monotonic()
    barrier = multiprocessing.Barrier(CORES + 1)
    with multiprocessing.Pool(CORES, Peer.ready, (base, barrier)) as pool:
        barrier.wait()
        ready, busy = time.monotonic(), Busy()
        answers = dict(pool.imap_unordered(Peer.answer, map(str, paths)))
        return Timing(ready - began, time.monotonic() - ready, busy.share(), answers)


class Limit:
    """One process of the limit, with memory for pixels that is used again."""

    pixels: NDArray[np.uint8]

    @classmethod
    def ready(cls, size: tuple[int, int], barrier: Barrier) -> None:
        """Take the memory, then wait for the others."""
        cls.pixels = np.ones(size[0] * size[1] * 3, np.uint8)
        barrier.wait()

    @classmethod
    def decode(cls, path: str) -> None:
        """Read, digest, decode."""
        content = Path(path).read_bytes()
        for name in ("md5", "sha1", "sha256"):
            hashlib.new(name, content, usedforsecurity=False).digest()
        simplejpeg.decode_jpeg(content, "RGB", buffer=cls.pixels)


def run_limit(paths: Iterable[Path], size: tuple[int, int]) -> float:
    """Seconds that the limit takes for all files."""
    barrier = multiprocessing.Barrier(CORES + 1)
    with multiprocessing.Pool(CORES, Limit.ready, (size, barrier)) as pool:
        barrier.wait()
        began = time.monotonic()
        for _ in pool.imap_unordered(Limit.decode, map(str, paths)):
            pass
        return time.monotonic() - began


@contextmanager
def installation(base: list[str]) -> Iterator["Acting"]:
    """A Safelight of its own with the base imported, gone at the end; its founder acts."""
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as scratch:
        settings = read_settings(data=Path(scratch) / "data")
        with open_database(settings), acting(NOBODY_ENROLLED):
            from safelight.access.actions import do_create_node  # noqa: PLC0415 - needs the database open
            from safelight.access.rules import FOUNDER  # noqa: PLC0415 - likewise
            from safelight.casework.access import Acting  # noqa: PLC0415 - likewise
            from safelight.known.actions import do_import_list  # noqa: PLC0415 - likewise
            from safelight.known.importing import ImportOptions  # noqa: PLC0415 - likewise
            from safelight.log.sequencer import publishing  # noqa: PLC0415 - likewise

            who = getpass.getuser()
            made = do_create_node(
                "bench.example",
                settings,
                lambda: KeyFile(secrets.token_bytes(32)),
                needed=2,
                total=3,
                acting_user=who,
                now=now(),
            )
            node = made.node

            listed = Path(scratch) / "base.csv"
            with listed.open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerows([("pdq", "quality"), *((code, 100) for code in base)])
            options = ImportOptions(name="bench")
            do_import_list(listed, options=options, settings=settings, node=node, acting_user=who, now=now())
            with publishing(node.log_store, node.signer):
                yield Acting(node, FOUNDER, who)


def run_safelight(folder: Path, base: list[str], keep: str) -> Timing:
    """`do_check` over all files."""
    with installation(base) as acting:
        from safelight.casework.check.actions import Surroundings, do_check  # noqa: PLC0415 - needs the database open
        from safelight.casework.check.options import CheckOptions, Keep  # noqa: PLC0415 - likewise

        stages = Stages()
        around = Surroundings(acting, acting.node.data, now, stages)
        began = time.monotonic()
        result = do_check(CheckOptions([os.fsencode(folder)], "Bench", "Bench", Keep(keep)), around)
        ended = time.monotonic()
        checking = stages.at["checking"]
        return Timing(checking - began, ended - checking, stages.busy, recorded_answers(result.case, acting, folder))


def recorded_answers(case: "Case", acting: "Acting", folder: Path) -> dict[str, Answer]:
    """What was recorded of each file: the list PDQ, and whether it matched as stored, as the peer matches."""
    from safelight.casework.report.gather import gather  # noqa: PLC0415 - needs the database open

    report = gather(case, acting.node.vault, now=now(), demo=False)
    found = {}
    for item in report.items:
        direct = any(one.which == "list" and one.transform == "original" for one in item.evidence)
        for sighting in item.sightings:
            found[str(folder / Path(sighting.path).name)] = Answer(item.pdq or "", item.quality or 0, direct)
    return found


def make_base(answers: dict[str, Answer], count: int) -> list[str]:
    """Random codes, and codes near some of the files' own."""
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 256, (count, 32), dtype=np.uint8)
    usable = [answer.pdq for _path, answer in sorted(answers.items()) if answer.quality >= QUALITY]
    for row, pdq in enumerate(usable[: int(len(usable) * PLANTED)]):
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(pdq), np.uint8))
        bits[rng.choice(256, size=int(rng.integers(0, 60)), replace=False)] ^= 1
        codes[row] = np.packbits(bits)
    return [code.tobytes().hex() for code in rng.permutation(codes)]


@dataclass(frozen=True)
class Agreement:
    """Usable hashes: how many there were, how many are equal, more than 2 bits off, of another verdict."""

    usable: int
    equal: int
    off: int
    verdicts: int

    @classmethod
    def of(cls, peer: dict[str, Answer], ours: dict[str, Answer]) -> "Agreement":
        """Compare file by file, at quality 50 and above."""
        pairs = [(answer, ours[path]) for path, answer in peer.items() if answer.quality >= QUALITY]
        distances = [(int(a.pdq, 16) ^ int(b.pdq or "0", 16)).bit_count() for a, b in pairs]
        differ = sum(a.matched != b.matched for a, b in pairs)
        return cls(len(pairs), distances.count(0), sum(distance > 2 for distance in distances), differ)


def compare(name: str, paths: list[Path], options: argparse.Namespace) -> str:
    """All rounds of one size; the row of the table of results."""
    base = make_base(run_peer(paths, ["00" * 32]).answers, options.base)
    peers, ours, limits, agreement = [], [], [], Agreement(0, 0, 0, 0)
    for number in range(options.rounds):
        peers.append(run_peer(paths, base))
        ours.append(run_safelight(paths[0].parent, base, options.keep))
        limits.append(run_limit(paths, SIZES[name]))
        agreement = Agreement.of(peers[-1].answers, ours[-1].answers)
        ratio = peers[-1].job / ours[-1].job
        rates = f"peer {len(paths) / peers[-1].job:.1f}/s, Safelight {len(paths) / ours[-1].job:.1f}/s"
        details = f"busy {ours[-1].busy:.0%}, start {ours[-1].start:.1f} s, limit {len(paths) / limits[-1]:.1f}/s"
        print(f"{name}, round {number + 1}: {rates} ({details}): {ratio:.2f} x; {agreement}", flush=True)
    ratios = sorted(peer.job / our.job for peer, our in zip(peers, ours, strict=True))
    bounds = [peer.job / limit for peer, limit in zip(peers, limits, strict=True)]
    return (
        f"| {name} | {len(paths)} | {len(paths) / statistics.median(peer.job for peer in peers):.1f} "
        f"| {len(paths) / statistics.median(our.job for our in ours):.1f} "
        f"| **{statistics.median(ratios):.2f} x** ({ratios[0]:.2f} to {ratios[-1]:.2f}) | ≥ {WANTED[name]:g} x "
        f"| {len(paths) / statistics.median(limits):.1f} ({statistics.median(bounds):.2f} x) "
        f"| {statistics.median(our.busy for our in ours):.0%} | {statistics.median(our.start for our in ours):.1f} s "
        f"| {agreement.equal} of {agreement.usable}, {agreement.off} off by more than 2 bits | {agreement.verdicts} |"
    )


def write_results(rows: list[str], options: argparse.Namespace) -> None:
    """Write RESULTS.md anew."""
    names = ("threatexchange", "pdqhash", "faiss-cpu", "pillow", "simplejpeg", "numba")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    method = str(__doc__).partition("\n\n")[2].partition("\n\n")[0]
    heads = ("JPEG", "files", "peer, files/s", "Safelight, files/s", "ratio", "wanted", "limit, files/s")
    heads += ("cores busy", "start-up", "list PDQ equal at quality ≥ 50", "verdicts that differ")
    text = f"""# Results

`make bench`, {now():%Y-%m-%d}, commit {commit()}; {machine()}; {versions}.

## The whole job against `threatexchange`

{method}

Base of {options.base:,} codes, {PLANTED:.0%} of the files with one planted near them, at 0 to 59 bits. Rounds:
{options.rounds}, median (least to most). Content kept: {options.keep}. A verdict differs where one side finds a code
within 31 bits of the hash as stored and the other does not.

| {" | ".join(heads)} |
|{"---|" * len(heads)}
"""
    RESULTS.write_text(text + "\n".join(rows) + "\n", encoding="utf-8")


def main() -> None:
    """Compare at every size, print each round, write RESULTS.md."""
    parser = argparse.ArgumentParser(description="The whole job against threatexchange, on the same files.")
    parser.add_argument("--counts", default="250,1000,10000", help="files of 12, 2 and 0.3 MP; 0 leaves a size out")
    parser.add_argument("--base", type=int, default=100_000, help="codes in the known base")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--keep", default="none", choices=["none", "new"], help="which content Safelight keeps meanwhile"
    )
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "safelight-bench-pictures")
    parser.add_argument("--dry", action="store_true", help="do not write RESULTS.md")
    options = parser.parse_args()
    counts = zip(SIZES.items(), map(int, options.counts.split(",")), strict=True)
    rows = [compare(name, jpegs(options.folder, size, count), options) for (name, size), count in counts if count]
    if not options.dry:
        write_results(rows, options)


if __name__ == "__main__":
    main()
