"""PDQ and the exact search against the data that ThreatExchange publishes."""

import csv
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from safelight.media.sniff import sniff
from safelight.search.banded import BandedIndex
from safelight.search.scan import ScanIndex
from safelight.signatures.compare import compare
from safelight.signatures.examine import examine
from safelight.signatures.pdq import distance, from_hex
from safelight.signatures.types import Transform

REFERENCE = os.environ.get("SAFELIGHT_REFERENCE_DATA")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="SAFELIGHT_REFERENCE_DATA names no folder of reference data")
FOLDER = Path(REFERENCE or ".") / "pdq"

DIHEDRAL = {
    "bridge-1-original": Transform.ORIGINAL,
    "bridge-2-rotate-90": Transform.ROTATE90,
    "bridge-3-rotate-180": Transform.ROTATE180,
    "bridge-4-rotate-270": Transform.ROTATE270,
    "bridge-5-flipx": Transform.FLIPX,
    "bridge-6-flipy": Transform.FLIPY,
    "bridge-7-flip-plus-1": Transform.TRANSPOSE,
    "bridge-8-flip-minus-1": Transform.ANTITRANSPOSE,
}


def examined(name: str):
    content = (FOLDER / name).read_bytes()
    return examine(content, sniff(content[:4096]))


def test_each_published_picture_is_within_16_bits_of_one_of_its_rows():
    rows = defaultdict(list)
    with (FOLDER / "expected.csv").open() as file:
        for row in csv.DictReader(file):
            rows[row["file"]].append(from_hex(row["pdq_hex"]))
    assert len(rows) > 20
    far = {}
    for name, hashes in rows.items():
        bits = examined(name).stills[0].listed.bits
        nearest = min(distance(bits, published) for published in hashes)
        if nearest > 16:
            far[name] = nearest
    assert far == {}


@pytest.mark.parametrize(("name", "transform"), DIHEDRAL.items())
def test_the_eight_turned_pictures_are_found_by_their_transform(name, transform):
    found = compare(examined("dih/bridge-1-original.jpg"), examined(f"dih/{name}.jpg"))
    assert found.transform is transform
    assert found.distance <= 10


@pytest.mark.parametrize("index", [ScanIndex(), BandedIndex(fewest=1), BandedIndex(fewest=1, dearest=0)])
def test_published_needles_find_every_code_that_comparing_everything_finds(index):
    def codes(name):
        lines = (FOLDER / name).read_text().split()
        return np.frombuffer(b"".join(from_hex(line) for line in lines), np.uint8).reshape(-1, 32)

    haystack, needles = codes("haystack.txt"), codes("needles.txt")
    index.add(np.arange(len(haystack)), haystack)
    distances = np.bitwise_count(needles[:, None] ^ haystack[None]).sum(axis=2, dtype=np.int64)
    for radius in (0, 10, 31, 64, 128, 256):
        hits = index.within(needles, radius)
        found = sorted(zip(hits.query.tolist(), hits.key.tolist(), hits.distance.tolist(), strict=True))
        query, row = np.nonzero(distances <= radius)
        assert found == list(zip(query.tolist(), row.tolist(), distances[query, row].tolist(), strict=True))
