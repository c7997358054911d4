"""Hold the answers of a check against the ground truth of practice material.

Typed as `python .ci/truth.py TRUTH.json REPORT.csv`. Contents are told by their SHA-256; a thing that has none (locked,
too large to unpack) is held by the number of its verdict. What the material does not promise is left out.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from safelight.samples.truth import Expected, GroundTruth, Part


def _named(expected: Iterable[Expected]) -> Iterator[Expected]:
    yield from (one for one in expected if one.promised and one.part is not Part.EMBEDDED)


def wrong(truth: GroundTruth, rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Yield every promise that the rows of a CSV report do not keep, one line each."""
    answered: dict[str, set[str]] = {}
    verdicts: Counter[str] = Counter()
    for row in rows:
        answered.setdefault(row["sha256"], set()).add(row["verdict"])
        verdicts[row["verdict"]] += 1
    for one in _named(truth.expected):
        said = answered.get(one.sha256 or "", set())
        if one.sha256 and one.verdict not in said:
            where = b" > ".join(one.place).decode("utf-8", "backslashreplace")
            yield f"{where!r} should be {one.verdict}, was answered {', '.join(sorted(said)) or 'not at all'}"
    unnamed = Counter(one.verdict.value for one in _named(truth.expected) if not one.sha256)
    for verdict, count in unnamed.items():
        if verdicts[verdict] < count:
            yield f"{count} things should be {verdict}, {verdicts[verdict]} were answered so"
    for digest in truth.forbidden:
        if digest in answered:
            yield f"{digest} lies outside the source and was read"


def main(truth_file: Path, report: Path) -> int:
    """Print what is wrong, or how much was right."""
    truth = GroundTruth.load(truth_file)
    with report.open(encoding="utf-8", newline="") as lines:
        found = list(wrong(truth, csv.DictReader(lines)))
    for line in found[:20]:
        print(f"not as promised: {line}", file=sys.stderr)
    if found:
        print(f"{len(found)} answers are not as promised; please report this", file=sys.stderr)
        return 1
    print(f"All {sum(1 for _ in _named(truth.expected))} answers that the material promises were given.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
