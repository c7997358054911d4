"""The made-up known base that goes with a made-up seizure: lists in each format, all of the scheme DEMO.

Every source is named `demo-not-for-use-...`; categories are DEMO 1 to 5, series and agencies invented. Alpha and gamma
say different things about one picture, as real sources do.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from safelight.samples.originals import Role
from safelight.samples.recordings import known_recording
from safelight.samples.truth import GroundTruth, Listed

SERIES = ("Series Harbour", "Series Lantern", None)
AGENCIES = ("Agency Alpha", "Agency Beta")
CATEGORIES = 5
PREFIX = "demo-not-for-use-"
VICS_CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/DEMO/$metadata#Media"
ICSE_COLUMNS = (
    "MD5", "SHA1", "ZZ40", "PhotoDNA", "Lace", "Image ID", "Is distributed", "Victim identified", "Offender identified",
    "Series name", "Investigation name", "Agency", "Number of submissions", "File Available", "Media Type", "Baseline",
)  # fmt: skip


def make_known_base(folder: Path, truth: GroundTruth, *, extra: int = 0) -> list[Path]:
    """Write the lists that the truth's roles ask for into `folder` and return their paths.

    `extra` adds that many rows to gamma about content that is nowhere, to make the base as large as a test needs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    named = {
        "alpha.json": (_write_vics, (Role.ALPHA, Role.BOTH, Role.ABSENT)),
        "beta.csv": (_write_icse, (Role.BETA,)),
        "gamma.csv": (_write_digests, (Role.GAMMA, Role.BOTH, Role.MD5)),
        "known-good.csv": (_write_known_good, (Role.GOOD,)),
    }
    paths = []
    for name, (write, roles) in named.items():
        path = folder / (PREFIX + name)
        write(path, [one for one in truth.listed if one.role in roles])
        paths.append(path)
    paths.append(_write_graded(folder, truth.seed))
    if extra:
        with (folder / f"{PREFIX}gamma.csv").open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(_nowhere(truth.seed, extra))
    return paths


def category(listed: Listed, *, contradicting: bool = False) -> int:
    """Return the DEMO category of a picture; a contradicting source says the next one."""
    return (listed.original + int(contradicting)) % CATEGORIES + 1


def series(listed: Listed) -> str | None:
    """Return the invented series of a picture, if any."""
    return SERIES[listed.original // 3 % len(SERIES)]


def _identified(listed: Listed) -> bool:
    return listed.original % 2 == 0


def _write_vics(path: Path, listed: Sequence[Listed]) -> None:
    media = [
        {
            "MediaID": number,
            "Category": category(one),
            "MD5": one.md5.upper(),
            "SHA1": one.sha1.upper(),
            "MediaSize": str(one.size),
            "MimeType": "image/jpeg",
            "VictimIdentified": _identified(one),
            "OffenderIdentified": False,
            "IsDistributed": "true",
            "IsPrecategorized": True,
            "Series": series(one) or "",
            "Tags": f"{PREFIX}alpha",
            "DateUpdated": "2021-06-05T12:00:00Z",
            "AlternativeHashes": [
                {"MD5": one.md5.upper(), "HashName": "SHA256", "HashValue": one.sha256},
                {"MD5": one.md5.upper(), "HashName": "PDQ", "HashValue": one.pdq},
            ],
        }
        for number, one in enumerate(listed, start=1)
    ]
    path.write_text(json.dumps({"@odata.context": VICS_CONTEXT, "value": media}, indent=1) + "\n", encoding="utf-8")


def _write_icse(path: Path, listed: Sequence[Listed]) -> None:
    """Write the ICSE shape with its traps: the extra empty column, and three spellings of yes and no."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(ICSE_COLUMNS)
        for number, one in enumerate(listed, start=1):
            identified = "Y" if _identified(one) else "N"
            writer.writerow([
                one.md5, one.sha1, "", "", "", f"DEMO-{number}", "Y", identified, "N", series(one) or "",
                "Investigation Tide", AGENCIES[number % 2], number, "True", "Image", "Yes", "",
            ])  # fmt: skip


def _write_digests(path: Path, listed: Sequence[Listed]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["md5", "sha1", "sha256", "size", "pdq", "quality", "category", "series", "victim_identified"])
        for one in listed:
            tail = [category(one, contradicting=True), series(one) or "", str(_identified(one)).lower()]
            if one.role == Role.MD5:
                writer.writerow([one.md5, "", "", "", "", "", *tail])
            else:
                writer.writerow([one.md5, one.sha1, one.sha256, one.size, one.pdq, one.quality, *tail])


def _write_known_good(path: Path, listed: Sequence[Listed]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sha256", "sha1", "md5", "size"])
        writer.writerows([one.sha256, one.sha1, one.md5, one.size] for one in listed)


def _write_graded(folder: Path, seed: int) -> Path:
    """Write a unit's own graded file, a video, and the table that names it."""
    (folder / "graded").mkdir(exist_ok=True)
    (folder / "graded" / "recording.mp4").write_bytes(known_recording(seed))
    path = folder / f"{PREFIX}graded.csv"
    path.write_text(f"path,category,series\ngraded/recording.mp4,2,{SERIES[0]}\n", encoding="utf-8")
    return path


def _nowhere(seed: int, count: int) -> Iterator[list[object]]:
    rng = np.random.default_rng([seed, 4])
    for _ in range(count):
        digests = [rng.bytes(length).hex() for length in (16, 20, 32)]
        yield [*digests, int(rng.integers(1000, 5_000_000)), rng.bytes(32).hex(), 100, int(rng.integers(1, 6)), "", ""]
