"""The figures of a report, counted by hand on small cases."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from safelight.casework.report.model import Failure, ReportStack
from safelight.casework.report.summary import exhibits_by_source, summarise
from tests.unit.casework.report.example import ALARM, DISK, PHONE, example_report, item, sighting

VERDICTS = ("known", "copy of known", "known good", "linked", "new", "locked", "not examined", "unreadable")


def report_of(*items, stacks=(), failures=()):
    return replace(example_report(), items=items, stacks=stacks, failures=failures)


def stack_of(*items):
    return ReportStack("new", tuple((one.sha256, "copy", 3) for one in items), ())


def test_files_are_sightings_and_contents_are_items():
    figures = summarise(report_of(item("a", "known", "/1", "/2", graded=True), item("b", "new", "/3")))
    assert (figures.files, figures.contents) == (3, 2)
    assert figures.files_by_verdict == {"known": 2, "new": 1}
    assert figures.sentence == "3 files (2 contents): 2 known, 1 new."


def test_graded_material_needs_no_view_and_ungraded_needs_one():
    graded = summarise(report_of(item("a", "known", "/1", "/2", graded=True)))
    assert (graded.views_needed, graded.views_avoided) == (0, 2)
    assert graded.views == "Nothing is left to look at; 2 views avoided."
    by_md5 = summarise(report_of(item("a", "known", "/1", "/2", graded=False)))
    assert (by_md5.views_needed, by_md5.views_avoided) == (1, 1)


def test_a_stack_needs_one_view():
    new = [item(f"n{number}", "new") for number in range(5)]
    figures = summarise(report_of(*new, item("alone", "copy of known"), stacks=(stack_of(*new),)))
    assert (figures.views_needed, figures.views_avoided) == (2, 4)


def test_what_is_no_picture_is_no_view():
    tool = item("tool", "known good", width=None)
    letter = item("letter", "not examined")
    thumbnail = item("t", "known", graded=True, sightings=(sighting("/1", how="thumbnail"),))
    figures = summarise(report_of(tool, letter, thumbnail))
    assert (figures.views_needed, figures.views_avoided) == (0, 0)


def test_what_yielded_no_content_counts_as_a_file_and_as_no_content():
    failures = (Failure("/1", "unreadable", "cut"), Failure("/shut", "unreadable", "shut"))
    shut = item("b", "unreadable", "/shut", sha256="")
    figures = summarise(report_of(item("a", "unreadable", "/1"), shut, failures=failures))
    assert (figures.failures, figures.contents_by_verdict) == (2, {"unreadable": 1})
    assert figures.sentence == "2 files (1 content): 2 could not be read."


def test_history_counts_nowhere():
    replaced, vanished = (
        item(name, "new", graded=True, sightings=(replace(sighting("/1"), standing=standing),))
        for name, standing in (("a", "replaced"), ("b", "vanished"))
    )
    now = item("c", "new", sightings=(sighting("/1"), replace(sighting("/2"), standing="replaced")))
    failures = (Failure("/1", "changed", "other", stands=False),)
    figures = summarise(report_of(replaced, vanished, now, stacks=(stack_of(replaced, now),), failures=failures))
    assert (figures.files, figures.contents, figures.failures, figures.graded) == (1, 1, 0, 0)
    assert (figures.views_needed, figures.views_avoided) == (1, 0)


def test_an_empty_case():
    figures = summarise(report_of())
    assert figures.sentence == "0 files (0 contents): none."


@given(st.lists(st.tuples(st.sampled_from(VERDICTS), st.integers(1, 4), st.booleans()), max_size=20))
def test_the_figures_add_up(rows):
    items = [
        item(f"i{number}", verdict, *(f"/{number}/{copy}" for copy in range(copies)), graded=graded)
        for number, (verdict, copies, graded) in enumerate(rows)
    ]
    figures = summarise(report_of(*items, stacks=(stack_of(*items[:4]),) if items else ()))
    assert figures.files == sum(figures.files_by_verdict.values()) == sum(copies for _, copies, _ in rows)
    assert figures.contents == sum(figures.contents_by_verdict.values()) == len(rows)
    assert 0 <= figures.views_needed <= figures.contents
    assert figures.views_needed + figures.views_avoided <= figures.files


def test_exhibits_by_source():
    report = example_report()
    assert exhibits_by_source(report) == {DISK: "Disk 1", PHONE: "Phone"}
    twice = replace(report, exhibits=(*report.exhibits, replace(report.exhibits[0], name="Disk 1 again")))
    assert exhibits_by_source(twice)[DISK] == "Disk 1; Disk 1 again"


def test_what_is_urgent_is_counted_where_it_is():
    alarming = item("a", "known good", "/1", "/2", urgent=(ALARM, ALARM))
    gone = item("b", "new", sightings=(replace(sighting("/3"), standing="replaced"),), urgent=(ALARM,))
    figures = summarise(report_of(alarming, gone, item("c")))
    assert (figures.urgent, figures.urgent_files) == (1, 2)
    assert figures.urgency == "Urgent: a child may be at risk now: 2 files (1 content)."
    assert summarise(report_of(item("c"))).urgency == ""
