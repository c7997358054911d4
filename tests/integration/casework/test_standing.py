"""One definition of what is current: the check's summary, JSON, CSV and the page count the same after every change."""

import csv
import json
from collections import Counter
from io import StringIO

import pytest

from safelight.casework.models import Case
from safelight.casework.queries import summarise
from safelight.casework.report.csv import write_csv
from safelight.casework.report.gather import gather
from safelight.casework.report.html import write_html
from safelight.casework.report.json import write_json
from safelight.casework.report.page import page_of
from safelight.samples.exif import Camera
from safelight.samples.formats import FORMATS, camera_jpeg
from safelight.samples.pictures import picture
from tests.integration.casework.conftest import NOW, zipped
from tests.nodes import VAULT

pytestmark = pytest.mark.django_db(transaction=True)
SKETCH = "tests.integration.casework.idle:sketch"


def png(number):
    return FORMATS["png-rgb"].write(picture(13, number, (96, 64)))


def report(case="Case"):
    return gather(Case.objects.get(name=case), VAULT, now=NOW, demo=True)


def rows_of(made):
    out = StringIO(newline="")
    write_csv(made, out)
    return list(csv.DictReader(StringIO(out.getvalue(), newline="")))


def json_of(made):
    out = StringIO()
    write_json(made, out)
    return json.loads(out.getvalue())


def agreed():
    """Every count of the case's only exhibit, which all must agree on: files by verdict, contents, stacks, failures."""
    made = report()
    summary, value, page = summarise(Case.objects.get(), "Exhibit"), json_of(made), page_of(made)
    files = {verdict: count for verdict, count in summary.sightings.items() if count}
    current = [row for row in rows_of(made) if row["standing"] == "current"]
    assert files == Counter(row["verdict"] for row in current)
    assert files == value["summary"]["files_by_verdict"] == value["exhibits"][0]["by_verdict"]
    assert sum(files.values()) == value["summary"]["files"] == value["exhibits"][0]["sightings"]
    seen = [(item["verdict"], one) for item in value["items"] for one in item["sightings"]]
    assert files == Counter(verdict for verdict, one in seen if one["standing"] == "current")
    shown = {bar.title: int(bar.files) for bar in page.bars}
    assert sorted(shown.values()) == sorted(files.values())
    contents = {verdict: count for verdict, count in summary.items.items() if count}
    assert contents == value["summary"]["contents_by_verdict"]
    assert len({row["sha256"] for row in current} - {""}) == value["summary"]["contents"] == sum(contents.values())
    assert summary.stacks == len(made.stacks)
    stand = [failure for failure in value["failures"] if failure["stands"]]
    assert summary.failures == value["summary"]["failures"] == len(stand) == int(page.failures.total)
    write_html(made, StringIO())
    return files


def history(made):
    return sorted(
        (row["path"].rsplit("/source/")[-1], row["standing"]) for row in rows_of(made) if row["standing"] != "current"
    )


def test_the_numbers_agree_after_a_change_an_archive_replaced_and_a_file_gone(bench):
    photo = camera_jpeg(picture(13, 9, (320, 240)), Camera())
    bench.put("a.jpg", photo)
    bench.put("b.png", png(1))
    inner = zipped({"deep.png": png(6)})
    bench.put("plain.zip", zipped({"one.png": png(2), "two.png": png(3), "inner.zip": inner, "cut.png": png(7)[:300]}))
    bench.check()
    first = agreed()
    bench.put("a.jpg", photo + b"other")
    bench.put("plain.zip", zipped({"one.png": png(4), "two.png": png(5)}))
    bench.check()
    assert bench.failures() == {"a.jpg": "changed", "plain.zip": "changed"}
    second = agreed()
    assert second["not examined"] == 1 < first["not examined"] == 2
    entries = [f"plain.zip{inside}" for inside in ("", " > cut.png", " > inner.zip", " > inner.zip > deep.png",
                                                   " > one.png", " > two.png")]  # fmt: skip
    replaced = history(report())
    assert {(entry, "replaced") for entry in (*entries, "a.jpg")} <= set(replaced)
    (bench.source / "a.jpg").unlink()
    bench.check()
    third = agreed()
    assert sum(third.values()) < sum(second.values())
    told = history(report())
    assert [row for row in told if row == ("a.jpg", "vanished")] == [("a.jpg", "vanished")]
    assert [row for row in told if row == ("a.jpg", "replaced")] == [("a.jpg", "replaced")] * 2
    assert third == {"new": 3, "not examined": 1}
    told = {change.kind for change in page_of(report()).changes.shown}
    assert told == {"changed", "vanished", "replaced", "unreadable"}
    bench.put("a.jpg", photo)
    bench.check()
    agreed()
    (bench.source / "plain.zip").unlink()
    bench.check()
    agreed()
    assert ("plain.zip", "vanished") in history(report())


def test_two_exhibits_of_one_source_count_each_its_own(bench):
    bench.put("a.png", png(1))
    bench.check(examiner=SKETCH)
    bench.put("b.png", png(2))
    bench.check(exhibit="Second", examiner=SKETCH)
    value = json_of(report())
    assert [(one["name"], one["sightings"]) for one in value["exhibits"]] == [("Exhibit", 1), ("Second", 2)]
    assert value["summary"]["files"] == 3
    assert {row["exhibit"] for row in rows_of(report())} == {"Exhibit", "Second"}


def stands(bench):
    summary = summarise(Case.objects.get(), "Exhibit")
    return summary.failures, summary.named_before


def test_failures_stand_until_their_file_is_replaced_and_news_does_not(bench):
    bench.put("cut.png", png(1)[:300])
    bench.put("a.zip", zipped({"cut.png": png(2)[:300], "fine.png": png(3)}))
    bench.put("b.png", png(4))
    bench.check()
    assert stands(bench) == (2, 0)
    again = bench.check()
    assert (again.tally.failures, stands(bench)) == (0, (2, 2))
    bench.put("cut.png", png(1))
    bench.put("b.png", png(5)[:300])
    changed = bench.check()
    assert (changed.tally.failures, stands(bench)) == (2, (2, 1))  # both changed; one is damaged as well, and stands
    (bench.source / "a.zip").unlink()
    gone = bench.check()
    assert (gone.tally.failures, bench.failures(), stands(bench)) == (1, {"a.zip": "vanished"}, (1, 1))
    bench.put("b.png", png(6))
    bench.check()
    assert stands(bench) == (0, 0)
    last = bench.check()
    assert (last.tally.failures, stands(bench)) == (0, (0, 0))
    agreed()
