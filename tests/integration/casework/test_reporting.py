"""A report leaves the node only once the log says so."""

import json
from hashlib import sha256

import pytest

from safelight.casework.report.actions import do_report_case
from safelight.casework.report.write import ReportNotWrittenError
from safelight.errors import UsageError
from safelight.log.queries import recorded_entries
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from tests.integration.casework.conftest import NOW
from tests.nodes import acting_in

pytestmark = pytest.mark.django_db(transaction=True)
SKETCH = "tests.integration.casework.idle:sketch"


def logged(bench):
    """What the log says of reports, in order."""
    every = recorded_entries(acting_in(bench.data).node.log_sealer)
    return [json.loads(one.record)["about"] for one in every if one.event == "casework:case:reported"]


def report(bench, out):
    return do_report_case("Case", "json", out, pictures=False, acting=acting_in(bench.data), now=NOW)


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
