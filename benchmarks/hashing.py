"""From a file's bytes to its PDQ, beside the hasher of `threatexchange`.

    python benchmarks/hashing.py [--rounds 5]        (writes HASHING.md)

Both get the same bytes, in turn, in one process on one thread; times are of the processor, the best of the rounds. Ours
opens the picture as a check does, with its metadata, and computes the hash in all eight turned versions; the peer
(`pdq_from_bytes`, what Hasher-Matcher-Actioner calls) computes one. Hashes are compared where quality is 50 or more.
Two limits of JPEG are told as shares of our time: libjpeg-turbo's decoding to the same pixels, and its decoding to an
eighth of the size, which is hardly more than undoing the Huffman codes: nobody who looks at every pixel, or at every
coefficient, can leave that out.
"""

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import photographs
import simplejpeg
from PIL import Image
from surroundings import Page
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from safelight.media.compiled import warm_up
from safelight.media.picture import open_picture
from safelight.media.sniff import sniff
from safelight.signatures.pdq import MATCHED_QUALITY, compute

FILES = {"12 MP": 6, "2 MP": 20, "0.3 MP": 60}
OTHERS = {
    "PNG": {"format": "PNG"},
    "WebP": {"format": "WEBP", "quality": 85},
    "AVIF": {"format": "AVIF", "quality": 75, "speed": 8},
    "JPEG 2000": {"format": "JPEG2000", "irreversible": True, "quality_mode": "rates", "quality_layers": [12]},
    "TIFF": {"format": "TIFF", "compression": "tiff_lzw"},
}


def ours(content: bytes) -> tuple[str, int]:
    """The hash and the quality, by what a check runs in its sandbox."""
    frame = next(iter(open_picture(content, sniff(content[:4096])).frames))
    pdq = compute(frame.rgb).pdq
    return pdq.bits.hex(), pdq.quality


def _entropy(content: bytes) -> object:
    return simplejpeg.decode_jpeg(content, "GRAY", min_height=1, min_width=1, min_factor=8)


def _decoding(content: bytes) -> object:
    height, width, _, _ = simplejpeg.decode_jpeg_header(content)
    return simplejpeg.decode_jpeg(content, "RGB", buffer=_PIXELS[: height * width * 3])


_PIXELS = np.empty(4000 * 3000 * 3, np.uint8)


def _best(work: Callable[[bytes], object], contents: list[bytes], rounds: int) -> float:
    """Seconds a file."""
    spent = []
    for _ in range(rounds):
        begun = time.process_time()
        for content in contents:
            work(content)
        spent.append(time.process_time() - begun)
    return min(spent) / len(contents)


def row(page: Page, name: str, contents: list[bytes], rounds: int) -> None:
    """Measure one kind of file."""
    differing = 0
    for content in contents:
        (mine, quality), (theirs, their_quality) = ours(content), pdq_from_bytes(content)
        if min(quality, their_quality) >= MATCHED_QUALITY:
            differing += mine != theirs
    mine, theirs = _best(ours, contents, rounds), _best(pdq_from_bytes, contents, max(1, rounds // 2))
    limit = ""
    if name.startswith("JPEG,"):
        limit = " | ".join(f"{_best(work, contents, rounds) / mine:.0%}" for work in (_decoding, _entropy))
    page.line(
        f"{name} | {len(contents)} | {mine * 1e3:.1f} ms | {theirs * 1e3:.1f} ms | **{theirs / mine:.1f} x** | "
        f"{limit or ' | '} | {differing}"
    )


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    warm_up()
    page = Page("Hashing")
    page.line(
        "file | how many | Safelight, eight hashes | threatexchange, one | ratio | "
        "decoding alone | Huffman codes alone | hashes apart"
    )
    page.line("---|---:|---:|---:|---:|---:|---:|---:")
    with tempfile.TemporaryDirectory() as folder:
        for size, count in FILES.items():
            paths = photographs.jpegs(Path(folder), photographs.SIZES[size], count)
            contents = [path.read_bytes() for path in paths]
            row(page, f"JPEG, {size}", contents, rounds)
            if size == "12 MP":
                pictures = [Image.open(io.BytesIO(content)).convert("RGB") for content in contents[:2]]
    for name, settings in OTHERS.items():
        written = []
        for picture in pictures:
            out = io.BytesIO()
            picture.save(out, **settings)
            written.append(out.getvalue())
        row(page, f"{name}, 12 MP", written, max(1, rounds // 2))
    page.write("HASHING.md")


if __name__ == "__main__":
    main()
