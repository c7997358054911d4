"""Videos: how many copies are found and how many strangers are, and how fast frames are hashed.

Recall: seeded films are the known base, as a check's would be (`known_hashes`, exact index, `shared`). Queries are made
of each: a clip of three seconds or more, re-encoded at a tenth of the bits and scaled; the same with bars around it;
mirrored; put into a film that is not known; and a still. One is placed rightly where a passage begins at most a
second late, and at the very moment it was taken from within half a second. False is every other film that is named.

Stacks: of each film there are copies (smaller at a tenth of the bits; every other frame; slower by a twenty-fifth;
between bars) and what is none (a clip; three seconds put in, or cut out), all new, as in one case. Wrongly joined is
what is in a stack with anything that it is no copy of.

Speed: all frames of a film, against `vpdq` (the code inside ThreatExchange) and FFmpeg's own decoding, each on one
thread, processor time, the best of three, in turn. `vpdq` comes as source only: `--peer` names a Python that has it.
Without it, or without `ffmpeg`, a column is empty.

    .venv/bin/python benchmarks/videos.py [--films 200] [--peer PYTHON] [FILM ...]
"""

import argparse
import io
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image
from surroundings import commit, machine

from safelight.known.films import asked_first, shared
from safelight.linking.film_stacks import build_film_stacks
from safelight.linking.types import FilmFrames, StackFilm
from safelight.media.types import Kind
from safelight.platform.clock import now
from safelight.samples.films import RATE, Rgb, film, moving
from safelight.search.banded import BandedIndex
from safelight.signatures.examine import examine
from safelight.signatures.film import FilmEnd, FilmHead, FilmOrder, FilmPart, examine_film, warm_up
from safelight.signatures.film_reading import Film
from safelight.signatures.types import Digests
from safelight.vault.film_hashes import asking_hashes, known_hashes
from safelight.vault.signature_blocks import NewPdq, NewSignature

RADIUS, QUALITY = 31, 50
SECONDS = 12
COPIES = ("smaller", "half the frames", "slower", "barred")
RESULTS = Path(__file__).with_name("VIDEOS.md")
KINDS = ("clip", "letterboxed", "mirrored", "inside another", "still")
_NO_DIGESTS = Digests(b"\0" * 16, b"\0" * 20, b"\0" * 32, 0)
_decode = msgspec.msgpack.Decoder(FilmHead | FilmPart | FilmEnd).decode
_DECODE = ["ffmpeg", "-v", "error", "-threads", "1", "-i", "-map", "0:v:0", "-f", "null", "-"]
_PEER = """
import sys, time, vpdq
began = time.process_time()
vpdq.computeHash(sys.argv[1], seconds_per_hash=0, thread_count=1)
print(time.process_time() - began)
"""


def read(content: bytes) -> Film:
    """A film as the parent of a sandbox has it."""
    order = msgspec.msgpack.encode(FilmOrder())
    head, *parts, end = [_decode(one) for one in examine_film(io.BytesIO(content), order)]
    return Film.of(head, parts, end, end.damaged)


def signature(hashes: list[NewPdq]) -> NewSignature:
    """What is stored of a film."""
    return NewSignature(None, None, b"\0" * 32, None, tuple(hashes))


def barred(frames: list[Rgb]) -> list[Rgb]:
    """Frames between black bars of a sixth of their height each."""
    bar = np.zeros((frames[0].shape[0] // 6 // 2 * 2, frames[0].shape[1], 3), np.uint8)
    return [np.concatenate([bar, frame, bar]) for frame in frames]


def make(kind: str, number: int, frames: list[Rgb], rng: np.random.Generator) -> tuple[NewSignature, float, float]:
    """A query of a kind made of a film's frames, the second it was taken from, and the second it stands at."""
    length = int(rng.integers(3 * RATE, 6 * RATE))
    begin = int(rng.integers(0, len(frames) - length))
    part = frames[begin : begin + length]
    at = 0
    if kind == "still":
        out = io.BytesIO()
        Image.fromarray(part[0]).save(out, "JPEG", quality=60)
        one = examine(out.getvalue(), Kind.JPEG).stills[0]
        pdqs = NewSignature.of(_NO_DIGESTS, [one]).pdqs
        return signature(list(pdqs)), begin / RATE, 0
    if kind == "letterboxed":
        part = barred(part)
    elif kind == "mirrored":
        part = [frame[:, ::-1] for frame in part]
    elif kind == "inside another":
        at = int(rng.integers(RATE, 5 * RATE))
        part = moving(100_000 + number, at) + part + moving(200_000 + number, 2 * RATE)
    small = [np.asarray(Image.fromarray(frame).resize((240, frame.shape[0] * 3 // 8 * 2))) for frame in part]
    return signature(list(asking_hashes(read(film(small, "matroska", "mpeg4", bits=400_000))))), begin / RATE, at / RATE


class Base:
    """Known films in memory, asked as the known base asks."""

    def __init__(self) -> None:
        self.index = BandedIndex()
        self.films: list[NewSignature] = []

    def add(self, content: bytes) -> None:
        """Take a film in."""
        known = signature(list(known_hashes(read(content))))
        taken = [one.bits for one in known.pdqs if (one.quality or 0) >= QUALITY]
        codes = np.frombuffer(b"".join(taken), np.uint8).reshape(-1, 32)
        self.index.add(np.full(len(codes), len(self.films)), codes)
        self.films.append(known)

    def ask(self, query: NewSignature) -> dict[int, list[tuple[float, float]]]:
        """The films that answer: of each, where each passage begins in the query and in the known film, in seconds."""
        asked = [one for one in asked_first(query) if (one.quality or 0) >= QUALITY]
        codes = np.frombuffer(b"".join(one.versions for one in asked), np.uint8).reshape(-1, 32)
        met = self.index.within(codes, RADIUS)
        answers = {}
        for number in sorted(set(met.key.tolist())):
            if not query.pdqs[0].which.of_film:
                answers[number] = [(0.0, _nearest(asked, self.films[number]))]
                continue
            both = shared(query, self.films[number], RADIUS, QUALITY)
            if both is not None:
                answers[number] = [(one.query_start / 1e6, one.known_start / 1e6) for one in both.passages]
        return answers


def _nearest(asked: list[NewPdq], known: NewSignature) -> float:
    bits = int.from_bytes(asked[0].bits)
    return min(known.pdqs, key=lambda one: (int.from_bytes(one.bits) ^ bits).bit_count()).frame / 1000


def recall(count: int) -> tuple[Counter[str], Counter[str], int, int]:
    """Found and placed rightly by kind, false answers, and pairs that were asked about."""
    base, rng = Base(), np.random.default_rng(9)
    for number in range(count):
        base.add(film(moving(number, SECONDS * RATE)))
    found: Counter[str] = Counter()
    placed: Counter[str] = Counter()
    false = 0
    for number in range(count):
        frames = moving(number, SECONDS * RATE)
        for kind in KINDS:
            query, taken, at = make(kind, number, frames, rng)
            answers = base.ask(query)
            false += len(answers.keys() - {number})
            mine = answers.get(number, [])
            found[kind] += bool(mine)
            # a passage may begin a little later than the clip, by as much in both
            placed[kind] += any(abs((known - here) - (taken - at)) <= 0.5 and here - at <= 1.0 for here, known in mine)
        if number % 20 == 19:
            print(f"{number + 1} of {count}: {dict(found)}, false {false}", flush=True)
    return found, placed, false, count * count * len(KINDS)


def variants(number: int, frames: list[Rgb]) -> dict[str, bytes]:
    """A film, copies of it, and what is none, each of fewer pixels than the one before."""
    small = [np.asarray(Image.fromarray(frame).resize((240, 144))) for frame in frames]
    put_in = [*frames[:150], *moving(300_000 + number, 3 * RATE), *frames[150:]]
    return {
        "whole": film(frames),
        "smaller": film(small, "matroska", bits=400_000),
        "half the frames": film(frames[::2], times=range(0, len(frames), 2), bits=900_000),
        "slower": film(frames, times=[round(at * 1.04) for at in range(len(frames))], bits=900_000),
        "barred": film(barred(small), "avi", bits=600_000),
        "clip": film(frames[2 * RATE : 8 * RATE], bits=900_000),
        "put in": film(put_in, bits=900_000),
        "cut out": film(frames[:100] + frames[175:], bits=900_000),
    }


def stacks(count: int) -> tuple[Counter[str], int]:
    """How many of each kind joined their film's stack, and how many stand in a wrong one."""
    listed, frames_of, kind_of = [], {}, {}
    for number in range(count):
        for place, (kind, content) in enumerate(variants(number, moving(number, SECONDS * RATE)).items()):
            key = 10 * number + place
            listed.append(StackFilm(key, key.to_bytes(32), None, 100_000 - place, len(content)))
            frames_of[key], kind_of[key] = frames(signature(list(asking_hashes(read(content))))), kind
    joined: Counter[str] = Counter()
    wrong = 0
    for stack in build_film_stacks(listed, frames_of.__getitem__):
        head = stack.members[0].key
        for one in stack.members[1:]:
            mine = one.key // 10 == head // 10 and kind_of[head] == "whole" and kind_of[one.key] in COPIES
            joined[kind_of[one.key]] += mine
            wrong += not mine
    return joined, wrong


def frames(of: NewSignature) -> FilmFrames:
    """The hashes of a film as stacking takes them."""
    codes = np.frombuffer(b"".join(one.bits for one in of.pdqs), np.uint8).reshape(-1, 32)
    times = np.array([one.frame for one in of.pdqs], np.int64) * 1000
    return FilmFrames(times, codes, np.array([(one.quality or 0) >= QUALITY for one in of.pdqs]))


def speed(path: Path, peer: str | None) -> str:
    """The row of one film: frames a second of decoding alone, of vpdq, and of us."""
    ours, theirs, bare = [], [], []
    content = path.read_bytes()
    frames = 0
    for _ in range(3):
        began = time.process_time()
        seen = read(content)
        ours.append(time.process_time() - began)
        frames = seen.end.decoded if seen.end else 0
        if shutil.which(_DECODE[0]):
            bare.append(_children([*_DECODE[:6], str(path), *_DECODE[6:]]))
        if peer:
            said = subprocess.run([peer, "-c", _PEER, str(path)], check=True, capture_output=True, text=True)
            theirs.append(float(said.stdout))
    width, height = seen.facts.size
    rates = " | ".join(f"{frames / min(times):.0f}" if times else "" for times in (bare, theirs, ours))
    ratio = f"**{min(theirs) / min(ours):.2f} x**" if theirs else ""
    row = f"| {path.name} | {width} x {height} | {frames} | {rates} | {ratio} |"
    print(row, flush=True)
    return row


def _children(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def made(folder: Path) -> list[Path]:
    """Films of two sizes, H.264, ten seconds each."""
    paths = []
    for name, size in (("480p.mp4", (854, 480)), ("1080p.mp4", (1920, 1080))):
        path = folder / name
        path.write_bytes(film(moving(3, 10 * RATE, size), "mp4", "libx264", bits=size[0] * size[1] * 4))
        paths.append(path)
    return paths


def main() -> None:
    """Both parts; writes VIDEOS.md."""
    parser = argparse.ArgumentParser(description="Videos: recall, false answers, speed.")
    parser.add_argument("--films", type=int, default=200)
    parser.add_argument("--peer", help="a Python that can import vpdq")
    parser.add_argument("paths", nargs="*", type=Path, help="further films to time")
    options = parser.parse_args()
    warm_up()
    found, placed, false, pairs = recall(options.films)
    joined, wrong = stacks(options.films)
    copies = [f"| {kind} | {joined[kind] / options.films:.1%} |" for kind in COPIES]
    with tempfile.TemporaryDirectory() as folder:
        rows = [speed(path, options.peer) for path in [*made(Path(folder)), *options.paths]]
    kinds = [f"| {kind} | {found[kind] / options.films:.1%} | {placed[kind] / options.films:.1%} |" for kind in KINDS]
    method = str(__doc__).partition("\n\n")[2].rpartition("\n\n")[0]
    said = " ".join(Path(one).name for one in sys.argv)
    RESULTS.write_text(
        f"""# Videos

`benchmarks/{said}`, {now():%Y-%m-%d}, commit {commit()}; {machine()}.

{method}

{options.films} films of {SECONDS} s, 320 x 192. **{false} false answers in {pairs:,} pairs.** Wanted: 95 % at 0 in
10,000.

| query | its film is named | and placed rightly |
|---|---:|---:|
{chr(10).join(kinds)}

**{wrong} wrongly joined of {8 * options.films:,} in one case.**

| copy | in its film's stack |
|---|---:|
{chr(10).join(copies)}

| film | size | frames | decoding alone, frames/s | vpdq | Safelight | ratio to vpdq |
|---|---|---:|---:|---:|---:|---:|
{chr(10).join(rows)}
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
