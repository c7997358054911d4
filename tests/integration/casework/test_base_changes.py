"""What the known base learns and forgets between runs reaches the answers without decoding; what was said stands."""

import threading

import pytest
from django.db import connections

from safelight.casework.models import Answer
from safelight.casework.proof import TABLE, open_evidence
from safelight.known.actions import do_remove_source
from safelight.media.types import Kind
from safelight.platform.database import BusyError
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from safelight.signatures.digests import digest
from safelight.signatures.examine import examine
from tests.integration.casework.conftest import NOW
from tests.integration.casework.outcome import verdicts
from tests.nodes import VAULT, node_in

pytestmark = pytest.mark.django_db(transaction=True)
REFUSE = "tests.integration.casework.idle:refuse"
ONE, TWO = (FORMATS["png-rgb"].write(picture(8, number, (400, 300))) for number in (1, 2))
COPY = FORMATS["jpeg-444"].write(picture(8, 1, (400, 300)))


def write_list(bench, name, *contents, pdq=""):
    path = bench.source.parent / f"demo-not-for-use-{name}.csv"
    rows = [f"{digest(content).sha256.hex()},{pdq},3,Series Harbour" for content in contents]
    path.write_text("sha256,pdq,category,series\n" + "\n".join(rows) + "\n")
    return path


def hash_of(content, kind=Kind.PNG):
    """The list PDQ of a picture, as the engine computes it."""
    return examine(content, kind).stills[0].listed.bits.hex()


def current(content):
    return next(
        answer for answer in Answer.objects.filter(current=True)
        if any(hit.value == digest(content).sha256.hex() for hit in evidence_of(answer))
    )  # fmt: skip


def evidence_of(answer):
    return open_evidence(bytes(answer.evidence), answer.pk, VAULT.columns(TABLE))


def test_a_list_imported_later_changes_the_answers_and_a_removed_one_changes_them_back(bench):
    bench.put("one.png", ONE)
    bench.put("two.png", TWO)
    bench.put("copy.jpg", COPY)
    bench.check()
    assert verdicts(bench.outcome()) == {"new": 3}

    bench.learn(write_list(bench, "alpha", ONE, pdq=hash_of(ONE)))
    result = bench.check(examiner=REFUSE)
    assert result.tally.skipped == 3
    assert verdicts(bench.outcome()) == {"known": 1, "copy of known": 1, "new": 1}
    answer = current(ONE)
    assert answer.graded
    assert evidence_of(answer)[0].claim.series == "Series Harbour"

    do_remove_source("demo-not-for-use-alpha", node=node_in(bench.data), acting_user="officer", now=NOW)
    bench.check(examiner=REFUSE)
    assert verdicts(bench.outcome()) == {"new": 3}
    answer.refresh_from_db()
    assert (answer.current, answer.verdict) == (False, "known")
    assert evidence_of(answer)[0].claim.source == "demo-not-for-use-alpha"
    assert Answer.objects.count() == 9


def test_another_radius_is_another_question(bench):
    bench.put("copy.jpg", COPY)
    two_bits_off = f"{int(hash_of(COPY, Kind.JPEG), 16) ^ 3:064x}"
    bench.learn(write_list(bench, "alpha", ONE, pdq=two_bits_off))
    bench.check(radius=1)
    assert verdicts(bench.outcome()) == {"new": 1}
    bench.check(examiner=REFUSE)
    assert verdicts(bench.outcome()) == {"copy of known": 1}


def test_the_same_whatever_the_number_of_workers_and_the_order(bench, tmp_path):
    """The same files, named so that they are met in another order, by another number of workers."""
    forms = ("png-rgb", "jpeg-444", "webp", "bmp", "gif", "tiff-lzw", "jpeg-progressive")
    files = [FORMATS[form].write(picture(9, number, (200, 150))) for number in range(5) for form in forms]
    seen = []
    for workers, order in ((1, 1), (2, -1), (4, 1)):
        folder = tmp_path / f"workers-{workers}"
        folder.mkdir()
        for number, content in enumerate(files[::order]):
            (folder / f"{number:03d}").write_bytes(content)
        bench.check(folder, case=f"{workers}", exhibit=f"{workers}", workers=workers)
        found = bench.outcome()
        seen.append([stack[1:] for stack in found["stacks"] if stack[0] == f"{workers}"])
        seen.append([answer[1:] for answer in found["answers"] if answer[0] == f"{workers}"])
    assert seen[0::2] == [seen[0]] * 3
    assert seen[1::2] == [seen[1]] * 3
    assert 5 <= len(seen[0]) < len(files)


def test_the_same_exhibit_is_checked_once_at_a_time(bench):
    bench.put("one.png", ONE)
    errors = []

    def second():
        try:
            bench.check()
        except BusyError as error:
            errors.append(error.message)
        finally:
            connections.close_all()

    def while_running():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    first = type(bench)(bench.data, bench.source)
    first.watching.on_advance = while_running
    first.check()
    assert len(errors) == 1
    assert "is being checked by another process" in errors[0]


def test_two_exhibits_of_one_case_at_once_answer_once_about_each_item(bench):
    """Both meet the same content, which an earlier case has seen: neither examines it, both want to answer."""
    for number in range(30):
        bench.put(f"{number}.png", FORMATS["png-rgb"].write(picture(9, number, (64, 64))))
    bench.check(case="Earlier")
    failed = []

    def run(name):
        try:
            type(bench)(bench.data, bench.source).check(case="Both", exhibit=name)
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(name,)) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert Answer.objects.filter(case__name="Both").count() == 30
