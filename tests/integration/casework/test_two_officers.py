"""Two officers, each with a case that the other is not shown: what one does to shared content leaves the other's whole."""

from contextlib import contextmanager

import pytest

from safelight.access.errors import RefusedError
from safelight.casework.access import Acting, access_contents
from safelight.casework.check.options import Keep
from safelight.casework.models import Case, Kept
from safelight.casework.queries import summarise
from safelight.casework.report.actions import do_report_case
from safelight.evidence.models import Exhibit, Item, Sighting
from safelight.platform.walls import acting
from safelight.samples.exif import Camera
from safelight.samples.formats import FORMATS, camera_jpeg
from safelight.samples.pictures import picture
from safelight.signatures.digests import digest
from tests.integration.access.example import enrolled
from tests.integration.casework.conftest import NOW
from tests.nodes import kept_in, node_in

pytestmark = pytest.mark.django_db(transaction=True)
HARBOUR, MEADOW = "Series Harbour", "Series Meadow"
REFUSE = "tests.integration.casework.idle:refuse"
PNG = FORMATS["png-rgb"].write(picture(21, 1, (96, 64)))


@pytest.fixture
def officers(bench):
    """Who has Series Harbour, and who has Series Meadow, once they have checked it."""
    return enrolled(node_in(bench.data))


@contextmanager
def works(bench, officer):
    """Commands of this officer."""
    bench.officer = officer
    with acting(officer.pseudonym):
        yield Acting(node_in(bench.data), officer, officer.pseudonym)


def test_what_one_has_examined_answers_the_other_who_is_not_shown_where(bench, officers):
    bench.put("photo.jpg", camera_jpeg(picture(12, 1, (640, 480)), Camera()))
    with works(bench, officers[0]):
        bench.check(case=HARBOUR)
        told = vars(summarise(Case.objects.get(), "Exhibit"))
    with works(bench, officers[1]):
        bench.check(case=MEADOW, examiner=REFUSE)  # examined before: nothing is decoded again
        case = Case.objects.get()
        assert case.name == MEADOW
        assert vars(summarise(case, "Exhibit")) == told
        assert bench.failures() == {}
        assert Sighting.objects.filter(parent__isnull=False).count() == 1, "the picture inside is there, too"
    assert Item.objects.count() == 2


def test_what_one_lets_go_of_stays_kept_for_the_other_and_goes_with_the_last(bench, officers):
    bench.put("one.png", PNG)
    for officer, name in zip(officers, (HARBOUR, MEADOW), strict=True):
        with works(bench, officer):
            bench.check(case=name, keep=Keep.ALL)
    listed = bench.source.parent / "demo-not-for-use-alpha.csv"
    listed.write_text(f"sha256,category\n{digest(PNG).sha256.hex()},3\n")
    with works(bench, officers[0]):
        bench.learn(listed)
        bench.check(case=HARBOUR, examiner=REFUSE, keep=Keep.NEW)
        assert not Kept.objects.exists()
        assert kept_in(bench.vault) == [digest(PNG).sha256.hex()]
    with works(bench, officers[1]):
        assert Kept.objects.count() == 1
        bench.check(case=MEADOW, examiner=REFUSE, keep=Keep.NEW)
        assert not Kept.objects.exists()
        assert kept_in(bench.vault) == []


def test_the_others_case_is_refused_and_nothing_is_written_into_it(bench, officers):
    bench.put("one.png", PNG)
    with works(bench, officers[0]):
        bench.check(case=HARBOUR)
    with works(bench, officers[1]) as second:
        for refused in (
            lambda: bench.check(case=HARBOUR, exhibit="another"),
            lambda: do_report_case(HARBOUR, "json", bench.data / "out", acting=second, now=NOW),
        ):
            with pytest.raises(RefusedError):
                refused()
        assert access_contents(digest(PNG).md5, second, now=NOW) == []
    with works(bench, officers[0]) as lead:
        assert Exhibit.objects.get().name == "Exhibit"
        assert access_contents(digest(PNG).md5, lead, now=NOW) == [digest(PNG).sha256]
