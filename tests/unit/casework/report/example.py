"""Reports to test writers with: a realistic seizure, one of any size, and one whose every text is hostile."""

import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta

from safelight.casework.report.model import (
    Claim,
    Evidence,
    Exhibit,
    Failure,
    Report,
    ReportItem,
    ReportStack,
    Run,
    Sighting,
    SourceUse,
    Urgent,
)

MADE = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
DISK = "/evidence/2026-0117/disk-01"
PHONE = "/evidence/2026-0117/phone.zip"
ALPHA = "demo-not-for-use-alpha"
BETA = "demo-not-for-use-beta"
ORDINARY = "demo-not-for-use-ordinary"
TILE = bytes((x * 2 + y * 2) % 256 for y in range(64) for x in range(64))


def claim(source: str = ALPHA, grade: str | None = "1", **changes) -> Claim:
    base = Claim(
        source=source,
        trust="partner",
        source_date="2026-02-01",
        known_good=False,
        scheme="DEMO",
        grade=grade,
        label={"1": "Category one", "2": "Category two"}.get(grade or ""),
        series="Series Harbour",
        victim_identified=True,
        offender_identified=None,
        distributed=None,
        external_id=None,
    )
    return replace(base, **changes)


def equal(how: str = "sha256", **changes) -> Evidence:
    return Evidence(how, "ab" * 32, claim(**changes))


def near(distance: int = 6, transform: str = "original", **changes) -> Evidence:
    return Evidence(
        "pdq",
        "cd" * 32,
        claim(**changes),
        distance=distance,
        quality=100,
        transform=transform,
        which="list 0",
        radius=31,
    )


def sighting(path: str, source: str = DISK, how: str = "file", size: int | None = 2_104_331) -> Sighting:
    return Sighting(path, size, datetime(2023, 7, 2, 10, 11, 12, tzinfo=UTC), source, how)


ALARM = Urgent("Agency Alpha", "series", "a new picture", "desk of Agency Alpha", MADE, f"{7:032x}")


def item(name: str, verdict: str = "new", *paths: str, **changes) -> ReportItem:
    digest = hashlib.sha256(name.encode())
    base = ReportItem(
        sha256=digest.hexdigest(),
        sha1=digest.hexdigest()[:40],
        md5=digest.hexdigest()[:32],
        size=2_104_331,
        verdict=verdict,
        reason=None,
        format="jpeg",
        width=4032,
        height=3024,
        frames=1,
        pdq=digest.hexdigest(),
        quality=98,
        evidence=(),
        sightings=tuple(sighting(path) for path in paths or (f"{DISK}/DCIM/{name}.jpg",)),
        tile=TILE,
    )
    return replace(base, **changes)


def bare(name: str, verdict: str, reason: str, *paths: str, **changes) -> ReportItem:
    without = {
        "format": None,
        "width": None,
        "height": None,
        "frames": None,
        "pdq": None,
        "quality": None,
        "tile": None,
    }
    return item(name, verdict, *paths, reason=reason, **{**without, **changes})


def _items() -> Iterator[ReportItem]:
    camera = {"make": "Examplar", "model": "EX-100", "serial body": "0042137", "software": "EX 1.4"}
    yield item(
        "harbour-1",
        "known",
        f"{DISK}/Users/me/Pictures/harbour/0001.jpg",
        f"{DISK}/Users/me/Downloads/0001 (1).jpg",
        f"{PHONE} > DCIM/100EX/0001.jpg",
        evidence=(
            near(0, source=BETA, grade="2"),
            equal(),
            equal("md5", source=BETA, grade="2", victim_identified=False),
        ),
        graded=True,
        metadata=camera,
    )
    yield item(
        "harbour-1-small", "known", evidence=(equal("sha1", external_id="A-7"),), graded=True, width=640, height=480
    )
    yield item("lane-md5", "known", evidence=(equal("md5", source=BETA, grade="2", series=None),))
    for number in range(3):
        yield item(
            f"harbour-copy-{number}",
            "copy of known",
            f"{DISK}/tmp/export/copy_{number}.jpg",
            evidence=(near(4 + 5 * number, ("original", "flipx", "rotate90")[number]),),
            metadata=camera,
        )
    for number in range(26):
        gps = {"gps": "54.10210, 10.81733"} if number % 3 == 0 else {}
        yield item(f"window-{number:02}", "new", metadata={"make": "Lumina", "model": "L5", **gps})
    yield item(
        "thumb", sightings=(sighting(f"{DISK}/DCIM/window-00.jpg", how="thumbnail", size=None),), width=160, height=120
    )
    yield item("wallpaper", "known good", evidence=(equal(source=ORDINARY, grade=None, known_good=True, series=None,
               victim_identified=None, scheme=None, removed=True),), metadata={"software": "Wallpaper 2"})  # fmt: skip
    yield bare("vault", "locked", "A password is needed to open this archive entry.", f"{PHONE} > private.zip > a.jpg")
    yield bare("cut", "unreadable", "The JPEG ends after 1,204 bytes.", f"{DISK}/DCIM/cut.jpg", format="jpeg")
    for number in range(14):
        yield bare(
            f"letter-{number}", "not examined", "A document.", f"{DISK}/Documents/letter {number}.pdf", size=48_200
        )
    nothing = {"sha256": "", "sha1": "", "md5": "", "size": 0}
    yield bare("secret", "unreadable", "unreadable: Permission denied.", f"{DISK}/System/secret", **nothing)
    gone = replace(sighting(f"{DISK}/tmp/lock"), standing="vanished")
    yield bare("lock", "unreadable", "vanished: It was listed, and gone.", sightings=(gone,), **nothing)
    yield item("earlier", sightings=(replace(sighting(f"{DISK}/odd.jpg"), standing="replaced"),))
    yield item("odd", "new", f"{DISK}/odd\n\u202egpj.\xe9\u05d0 \U0001f6a2.jpg", damaged="12 of 40 rows are missing")


def _stacks(items: tuple[ReportItem, ...]) -> tuple[ReportStack, ...]:
    by_verdict: dict[str, list[str]] = {}
    for one in items:
        by_verdict.setdefault(one.verdict, []).append(one.sha256)
    known, copies, new = by_verdict["known"], by_verdict["copy of known"], by_verdict["new"]
    head = ((known[0], "representative", None), (known[1], "same pixels", None), (copies[0], "copy", 4))
    return (
        ReportStack("known", head, ((copies[1], 22),)),
        ReportStack("new", ((new[0], "representative", None), *((one, "copy", 8) for one in new[1:15])), ()),
        ReportStack("new", ((new[20], "representative", None),), ()),
    )


def _exhibits(total: int) -> tuple[Exhibit, ...]:
    run = Run(
        number=1,
        by="Officer Maple",
        started=MADE - timedelta(hours=2, minutes=14),
        ended=MADE - timedelta(hours=2),
        state="finished",
        command="safelight check /evidence/2026-0117/disk-01 --case 'Harbour 17' --exhibit 'Disk 1'",
        sources=(DISK,),
        versions={"safelight": "0.1.0", "pillow": "12.0", "libjpeg-turbo": "3.1"},
        settings={"radius": "31", "quality": "50", "keep": "new"},
    )
    phone = replace(run, number=2, sources=(PHONE,), state="interrupted", ended=None, by="Officer Rowan")
    again = replace(
        phone, number=3, state="finished", started=MADE - timedelta(minutes=9), ended=MADE - timedelta(minutes=8)
    )
    counts = {"known": 4, "copy of known": 3, "new": 28, "not examined": 14, "unreadable": 1}
    return (
        Exhibit("Disk 1", (run,), total - 2, counts),
        Exhibit("Phone", (phone, again), 2, {"known": 1, "locked": 1}),
    )


def example_report() -> Report:
    """A small, realistic case: every verdict, a contradiction, stacks, failures, two exhibits, a removed source."""
    items = tuple(_items())
    return Report(
        case="Harbour 17",
        scheme="DEMO",
        made=MADE,
        version="0.1.0",
        node="unit-north",
        demo=True,
        exhibits=_exhibits(sum(len(one.current) for one in items)),
        items=items,
        stacks=_stacks(items),
        sources=(
            SourceUse(ALPHA, "partner", "2026-02-01", "DEMO", 48_210, 2, 3, 0, removed=False),
            SourceUse(BETA, "public", None, "DEMO", 9_500, 2, 0, 0, removed=False),
            SourceUse(ORDINARY, "public", "2025-11-30", None, 1_204_771, 0, 0, 1, removed=True),
        ),
        failures=(
            Failure(f"{DISK}/DCIM/cut.jpg", "unreadable", "The JPEG ends after 1,204 bytes."),
            Failure(f"{DISK}/System/secret", "unreadable", "Permission denied."),
            Failure(f"{DISK}/tmp/lock", "vanished", "It was listed, and gone when it was opened.", stands=False),
            Failure(f"{DISK}/odd.jpg", "changed", "Not what stood here in an earlier run.", stands=False),
        ),
        warnings=("This kernel has no Landlock: the sandbox runs with one layer less.",),
    )


def large_report(count: int) -> Report:
    """A case of `count` items, most of them new, a tenth known, with stacks."""
    small = example_report()
    items = tuple(
        item(
            f"i{number}",
            ("known", "new", "new", "copy of known", "not examined")[number % 5],
            f"{DISK}/{number // 1000}/{number}.jpg",
            evidence=(equal(), near(number % 31)) if number % 5 in (0, 3) else (),
            graded=number % 5 == 0,
            metadata={"make": "Examplar", "model": f"EX-{number % 300}", "serial body": str(number % 5000)},
        )
        for number in range(count)
    )
    stacks = tuple(
        ReportStack(first.verdict, ((first.sha256, "representative", None), (second.sha256, "copy", 3)), ())
        for first, second in zip(items[::5], items[3::5], strict=False)
    )
    return replace(small, items=items, stacks=stacks)


def hostile_report(text: str) -> Report:
    """The example with `text` in every field that holds foreign or typed text, on top of the words of the model."""
    return _poisoned(example_report(), text)


_KEPT = frozenset({"how", "standing", "verdict", "sha256", "sha1", "md5", "pdq", "value", "transform", "which"})


def _poisoned(value, text):
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(_poisoned(part, text) for part in value)
    if isinstance(value, dict):
        return {text: text, "make": text, "serial": text, "gps": text} if _is_text(value) else value
    if is_dataclass(value):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        kept = parts.keys() & _KEPT
        if isinstance(value, ReportStack):
            kept = parts.keys()
        return replace(value, **{name: _poisoned(part, text) for name, part in parts.items() if name not in kept})
    return value


def _is_text(value: dict) -> bool:
    return all(isinstance(part, str) for part in value.values())
