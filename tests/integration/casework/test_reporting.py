"""A report leaves the node only once the log says so."""

import json
from hashlib import sha256

import pytest

from safelight.access.errors import NotApprovedError
from safelight.access.permissions import Permission
from safelight.casework.access import Acting
from safelight.casework.report.actions import do_report_case, plan_pictures
from safelight.casework.report.write import ReportNotWrittenError
from safelight.errors import UsageError
from safelight.log.queries import recorded_entries
from safelight.platform.walls import acting
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from safelight.vault.queries import Sent, handouts, recipients_of
from tests.integration.access.example import approved, enrolled
from tests.integration.casework.conftest import NOW
from tests.nodes import acting_in, node_in

pytestmark = pytest.mark.django_db(transaction=True)
SKETCH = "tests.integration.casework.idle:sketch"


def logged(bench):
    """What the log says of reports, in order."""
    every = recorded_entries(acting_in(bench.data).node.log_sealer)
    return [json.loads(one.record)["about"] for one in every if one.event == "casework:case:reported"]


def report(bench, out):
    return do_report_case("Case", "json", out, acting=acting_in(bench.data), now=NOW)


def test_the_log_tells_of_a_report_before_and_after_it_is_written(bench, tmp_path):
    bench.put("a.png", FORMATS["png-rgb"].write(picture(11, 1, (96, 64))))
    bench.check(examiner=SKETCH)
    written = report(bench, tmp_path / "out")
    begun, ended = logged(bench)
    assert (begun["stage"], begun["case"], begun["contents"]) == ("begun", "Case", 1)
    assert (ended["stage"], ended["sha256"]) == ("written", sha256(written.read_bytes()).hexdigest())


def test_a_report_that_cannot_be_written_is_said_to_have_been_begun_only(bench, tmp_path):
    bench.check(examiner=SKETCH)
    (tmp_path / "in the way").write_text("")
    with pytest.raises(ReportNotWrittenError):
        report(bench, tmp_path / "in the way" / "out")
    assert [one["stage"] for one in logged(bench)] == ["begun"]


@pytest.mark.parametrize("there", ["data", "by a link"])
def test_a_report_is_never_written_into_the_data_folder(bench, tmp_path, there):
    bench.check(examiner=SKETCH)
    (tmp_path / "link").symlink_to(bench.data)
    out = bench.data / "out" if there == "data" else tmp_path / "link" / "out"
    with pytest.raises(UsageError, match="lies in the data folder"):
        report(bench, out)
    assert (logged(bench), (bench.data / "out").exists()) == ([], False)


def test_pictures_need_a_second_person_and_a_reason_and_the_log_lists_them(bench, tmp_path):
    content = FORMATS["png-rgb"].write(picture(11, 1, (96, 64)))
    bench.put("a.png", content)
    bench.put("a.txt", b"no picture")
    node = node_in(bench.data)
    lead, second = enrolled(node)
    bench.officer = lead
    with acting(lead.pseudonym):
        bench.check()

        by = Acting(node, lead, lead.pseudonym)

        def show(why, to="Agency Beta"):
            return do_report_case("Case", "html", tmp_path / "out", pictures_for=to, why=why, acting=by, now=NOW)

        with pytest.raises(NotApprovedError):
            show("the court asks")
        wanted = plan_pictures("Case", "Agency Beta", acting=by, now=NOW)
        assert wanted.items == (sha256(content).hexdigest(),)
        approved(node, Permission.CASE_REPORT_PICTURES, wanted.parameters, lead, second, now=NOW)
        for nothing in (None, " "):
            with pytest.raises(UsageError, match="without a reason"):
                show(nothing)
        with pytest.raises(NotApprovedError):
            show("the court asks", "Agency Gamma")
        bench.put("b.png", FORMATS["png-rgb"].write(picture(12, 1, (96, 64))))
        bench.check()
        with pytest.raises(NotApprovedError):  # one picture more than was approved
            show("the court asks")
        wanted = plan_pictures("Case", "Agency Beta", acting=by, now=NOW)
        approved(node, Permission.CASE_REPORT_PICTURES, wanted.parameters, lead, second, now=NOW)
        assert not (tmp_path / "out").exists()
        assert "<img" in show("the court asks").read_text()
        with pytest.raises(NotApprovedError):
            show("once more")
    told = [json.loads(one.record) for one in recorded_entries(node.log_sealer) if "report" in one.event]
    assert [(one["event"], one["why"], one["about"]["stage"]) for one in told] == [
        ("casework:case:pictures-reported", "the court asks", stage) for stage in ("begun", "written")
    ]
    assert told[0]["about"]["items"] == list(wanted.items)
    assert told[0]["about"]["recipient"] == "Agency Beta"
    given = handouts(node.vault, node.name)
    assert [(one.recipient, one.sent) for one in given] == [("Agency Beta", Sent.WRITTEN)] * 2
    assert recipients_of(node.vault, sha256(content).digest(), node.name) == ["Agency Beta"]


@pytest.mark.parametrize("kind", ["csv", "pdf", "kml"])
def test_pictures_are_refused_where_there_is_no_place_for_them(bench, tmp_path, kind):
    bench.check(examiner=SKETCH)
    with pytest.raises(UsageError, match="no place for pictures"):
        do_report_case(
            "Case", kind, tmp_path, pictures_for="the court", why="asked", acting=acting_in(bench.data), now=NOW
        )
    assert list(tmp_path.glob("report-*")) == []


def test_a_report_is_written_as_pdf(bench, tmp_path):
    bench.put("a.png", FORMATS["png-rgb"].write(picture(11, 1, (96, 64))))
    bench.check(examiner=SKETCH)
    written = do_report_case("Case", "pdf", tmp_path, acting=acting_in(bench.data), now=NOW)
    assert written.read_bytes().startswith(b"%PDF")
    assert logged(bench)[-1]["sha256"] == sha256(written.read_bytes()).hexdigest()
