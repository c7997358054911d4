"""The figures of a report: files and contents by verdict, what could not be read, and the views that were avoided.

Counted from the items themselves, so that each figure can be checked against the rows of the CSV report: a *file* is a
current sighting, also of what yielded no content; what was replaced or vanished is history and counts nowhere. A *view*
is needed once for each stack (or single content) that neither a trusted source has graded nor a list knows as good;
every other file is a view avoided. Embedded thumbnails are not counted as files that someone would have looked at.
"""

from collections import Counter
from dataclasses import dataclass

from safelight.casework.report.model import Report, ReportItem
from safelight.casework.report.text import amount, counted
from safelight.casework.report.words import verdict_counts

_LOOKED_AT = frozenset({"known", "copy of known", "linked", "new"})
_IN_FULL = frozenset({"file", "entry", "deleted"})


@dataclass(frozen=True)
class Summary:
    """The figures: files and contents in all and by verdict, contents graded, views needed and avoided, failures."""

    files: int
    contents: int
    files_by_verdict: dict[str, int]
    contents_by_verdict: dict[str, int]
    graded: int
    views_needed: int
    views_avoided: int
    failures: int
    """Those that stand against current files."""
    urgent: int
    urgent_files: int
    """Contents, and files, about which something says that a child may be at risk now."""

    @property
    def urgency(self) -> str:
        """What goes before everything else, in one sentence; "" where nothing is urgent."""
        if not self.urgent:
            return ""
        files = amount(self.urgent_files, "file")
        return f"Urgent: a child may be at risk now: {files} ({amount(self.urgent, 'content')})."

    @property
    def sentence(self) -> str:
        """The one sentence that a unit's head wants."""
        contents = amount(self.contents, "content")
        return f"{amount(self.files, 'file')} ({contents}): {verdict_counts(self.files_by_verdict)}."

    @property
    def views(self) -> str:
        """What is left for eyes, in one sentence."""
        if not self.views_needed:
            return f"Nothing is left to look at; {amount(self.views_avoided, 'view')} avoided."
        look = f"{amount(self.views_needed, 'picture')} left to look at"
        return f"{look}; {counted(self.views_avoided)} views avoided."


def summarise(report: Report) -> Summary:
    """Count a report. Linear in its items and sightings."""
    files: Counter[str] = Counter()
    contents: Counter[str] = Counter()
    for item in report.items:
        if seen := len(item.current):
            files[item.verdict] += seen
            contents[item.verdict] += bool(item.sha256)
    needed = _views_needed(report)
    urgent = [len(item.current) for item in report.items if item.urgent and item.current]
    viewable = sum(_views_without_us(item) for item in report.items)
    return Summary(
        files=sum(files.values()),
        contents=contents.total(),
        files_by_verdict=dict(files),
        contents_by_verdict={verdict: count for verdict, count in contents.items() if count},
        graded=sum(item.graded for item in report.items if item.current),
        views_needed=needed,
        views_avoided=max(0, viewable - needed),
        failures=sum(failure.stands for failure in report.failures),
        urgent=len(urgent),
        urgent_files=sum(urgent),
    )


def _needs_a_look(item: ReportItem) -> bool:
    return item.verdict in _LOOKED_AT and not item.graded and bool(item.current)


def _views_needed(report: Report) -> int:
    waiting = {item.sha256 for item in report.items if _needs_a_look(item)}
    stacks = 0
    for stack in report.stacks:
        members = {digest for digest, _, _ in stack.members}
        if members & waiting:
            stacks += 1
            waiting -= members
    return stacks + len(waiting)


def _views_without_us(item: ReportItem) -> int:
    picture = item.verdict in _LOOKED_AT or (item.verdict == "known good" and item.width is not None)
    return sum(sighting.how in _IN_FULL for sighting in item.current) if picture else 0


def exhibits_by_source(report: Report) -> dict[str, str]:
    """Map each source that was checked to its exhibit's name; names are joined where two exhibits share a source."""
    names: dict[str, list[str]] = {}
    for exhibit in report.exhibits:
        for source in {source for run in exhibit.runs for source in run.sources}:
            names.setdefault(source, []).append(exhibit.name)
    return {source: "; ".join(exhibits) for source, exhibits in names.items()}
