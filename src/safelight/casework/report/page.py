"""The report as one page's content: every text that the template shows, ready, capped and made visible.

The template decides how things look, this module what is said. Nothing here is markup.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from safelight.casework.report.model import Exhibit, Failure, Report, ReportItem, Run, SourceUse
from safelight.casework.report.rows import Alarm, Dispute, Section, StackRow, disputes, sections, stacks, urgent
from safelight.casework.report.summary import Summary, summarise
from safelight.casework.report.text import (
    Capped,
    amount,
    capped,
    counted,
    duration_words,
    made_visible,
    time_words,
)
from safelight.casework.report.words import GLOSSARY, VERDICTS, verdict_counts, verdict_order, word_for

FAILURES = 500
SOURCES = 200
EXHIBITS = 100
RUNS = 40
HIGHLIGHTS = 40
_DEMO = "Demonstration: lists, grades and series are made up, all pictures are generated or benign. Not for casework."


@dataclass(frozen=True)
class Bar:
    """One verdict in the chart: its name, figures in words, the bar's width out of 1,000, whether it is stressed."""

    title: str
    files: str
    contents: str
    share: str
    width: str
    stressed: bool


@dataclass(frozen=True)
class RunRow:
    """One run of the custody record in words."""

    number: str
    by: str
    when: str
    took: str
    state: str
    command: str
    sources: tuple[str, ...]
    versions: str
    settings: str


@dataclass(frozen=True)
class ExhibitRow:
    """One exhibit: its name, its counts in words, and its runs."""

    name: str
    counts: str
    runs: Capped[RunRow]


@dataclass(frozen=True)
class SourceRow:
    """One source of the known base and what it answered, in words."""

    name: str
    trust: str
    date: str
    scheme: str
    entries: str
    known: str
    copies: str
    known_good: str
    removed: bool


@dataclass(frozen=True)
class Highlight:
    """What files say about themselves in the same words (a camera, a serial number, a place), and how many do."""

    text: str
    files: str


@dataclass(frozen=True)
class Highlights:
    """What stands out in the files' metadata: cameras, serial numbers, and the places that cameras say they were at."""

    cameras: Capped[Highlight]
    serials: Capped[Highlight]
    gps: Capped[Highlight]


@dataclass(frozen=True)
class Page:
    """All text of the page."""

    case: str
    scheme: str
    made: str
    version: str
    node: str
    by: str
    exhibits: Capped[ExhibitRow]
    notices: tuple[str, ...]
    urgency: str
    urgent: Capped[Alarm]
    sentence: str
    views: str
    views_avoided: str
    views_needed: str
    graded: str
    bars: tuple[Bar, ...]
    sources: Capped[SourceRow]
    disputes: Capped[Dispute]
    stacks: Capped[StackRow]
    sections: tuple[Section, ...]
    failures: Capped[Failure]
    changes: Capped[Failure]
    highlights: Highlights
    glossary: tuple[tuple[str, str], ...]
    pictures: bool


def page_of(report: Report, *, pictures: bool = False) -> Page:
    """Say a report as a page. The page's size is bounded whatever the size of the report."""
    figures = summarise(report)
    people = sorted({run.by for exhibit in report.exhibits for run in exhibit.runs})
    page = Page(
        case=report.case,
        scheme=report.scheme or "none is set",
        made=time_words(report.made),
        version=report.version,
        node=report.node,
        by=", ".join(people[:HIGHLIGHTS]),
        exhibits=capped(report.exhibits, EXHIBITS, _exhibit),
        notices=_notices(report),
        urgency=figures.urgency,
        urgent=urgent(report),
        sentence=figures.sentence,
        views=figures.views,
        views_avoided=counted(figures.views_avoided),
        views_needed=counted(figures.views_needed),
        graded=counted(figures.graded),
        bars=_bars(figures),
        sources=capped(report.sources, SOURCES, _source),
        disputes=disputes(report),
        stacks=stacks(report, pictures=pictures),
        sections=sections(report, pictures=pictures),
        failures=capped([one for one in report.failures if one.stands], FAILURES, lambda failure: failure),
        changes=capped(_changes(report), FAILURES, lambda change: change),
        highlights=_highlights(report),
        glossary=tuple((name.capitalize(), word.meaning) for name, word in VERDICTS.items()) + GLOSSARY,
        pictures=pictures,
    )
    return made_visible(page)


def _notices(report: Report) -> tuple[str, ...]:
    standing = [_DEMO] if report.demo else []
    return (*standing, *report.warnings[:RUNS])


def _bars(figures: Summary) -> tuple[Bar, ...]:
    counts = figures.files_by_verdict
    longest = max(counts.values(), default=0) or 1
    return tuple(
        Bar(
            title=word_for(verdict).title,
            files=counted(counts[verdict]),
            contents=counted(figures.contents_by_verdict.get(verdict, 0)),
            share=f"{100 * counts[verdict] / max(1, figures.files):.1f} %",
            width=str(round(1000 * counts[verdict] / longest)),
            stressed=verdict in ("known", "copy of known"),
        )
        for verdict in verdict_order(counts)
    )


def _exhibit(exhibit: Exhibit) -> ExhibitRow:
    counts = f"{amount(exhibit.sightings, 'sighting')}: {verdict_counts(exhibit.by_verdict)}"
    return ExhibitRow(exhibit.name, counts, capped(exhibit.runs, RUNS, _run))


def _run(run: Run) -> RunRow:
    ended = f" to {time_words(run.ended)}" if run.ended else ", not ended"
    return RunRow(
        number=str(run.number),
        by=run.by,
        when=f"{time_words(run.started)}{ended}",
        took=duration_words(run.started, run.ended),
        state=run.state,
        command=run.command,
        sources=run.sources[:RUNS],
        versions=_pairs(run.versions),
        settings=_pairs(run.settings),
    )


def _pairs(values: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items()))


def _source(source: SourceUse) -> SourceRow:
    return SourceRow(
        name=source.name,
        trust=source.trust,
        date=source.date or "not dated",
        scheme=source.scheme or "none",
        entries=counted(source.entries),
        known=counted(source.known),
        copies=counted(source.copies),
        known_good=counted(source.known_good),
        removed=source.removed,
    )


def _changes(report: Report) -> list[Failure]:
    """What changed or vanished between runs, and what stood there before: told, and counted nowhere."""
    told = [failure for failure in report.failures if not failure.stands]
    for item in report.items:
        for sighting in item.sightings:
            if sighting.standing == "replaced" and item.sha256:
                earlier = f"an earlier version, SHA-256 {item.sha256}, {word_for(item.verdict).one}"
                told.append(Failure(sighting.path, sighting.standing, earlier, stands=False))
    return told


def _highlights(report: Report) -> Highlights:
    return Highlights(
        cameras=_most_common(report, _camera),
        serials=_most_common(report, lambda item: _named(item, "serial")),
        gps=_most_common(report, lambda item: _named(item, "gps")),
    )


def _most_common(report: Report, texts: Callable[[ReportItem], list[str]]) -> Capped[Highlight]:
    counts = Counter(text for item in report.items if item.metadata and item.current for text in texts(item))
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return capped(ranked, HIGHLIGHTS, lambda pair: Highlight(pair[0], amount(pair[1], "content")))


def _camera(item: ReportItem) -> list[str]:
    words = " ".join(item.metadata[name] for name in ("make", "model") if item.metadata.get(name))
    return [words] if words else []


def _named(item: ReportItem, part: str) -> list[str]:
    found = [(name, value) for name, value in item.metadata.items() if part in name.lower() and value]
    return [value if name.lower() == part else f"{name}: {value}" for name, value in found]
