"""A made-up seizure and its known base: every promised verdict, every sighting, and what must not be met."""

import os

import pytest

from safelight.casework.models import Answer, StackMember
from safelight.evidence.models import Item, Sighting, SightingHow
from safelight.known.rules import Role
from safelight.samples.known_lists import make_known_base
from safelight.samples.seizure import make_seizure
from safelight.samples.truth import Part

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_postgresql]
REFUSE = "tests.integration.casework.idle:refuse"


def learn_all(bench, truth):
    for path in make_known_base(bench.source.parent / "lists", truth):
        bench.learn(path, role=Role.KNOWN_GOOD if "known-good" in path.name else Role.KNOWN)


def chain(sighting, rows):
    names = []
    while sighting is not None:
        names.append(bytes(sighting.name))
        sighting = rows.get(sighting.parent_id)
    return tuple(reversed(names))


def answered():
    """Verdict of each place, embedded pictures apart."""
    rows = {row.pk: row for row in Sighting.objects.all()}
    verdicts = dict(Answer.objects.filter(current=True).values_list("item", "verdict"))
    files, embedded = {}, {}
    for row in rows.values():
        verdict = verdicts.get(row.item_id, row.state)
        if row.how == SightingHow.EMBEDDED:
            embedded.setdefault(chain(rows[row.parent_id], rows), []).append(verdict)
        else:
            files[chain(row, rows)] = verdict
    return files, embedded


def test_every_promised_verdict_is_given(bench):
    seizure = bench.source / "seizure"
    truth = make_seizure(seizure, seed=11, originals=40, copies=2)
    learn_all(bench, truth)
    result = bench.check(seizure)
    assert not result.stopped
    files, embedded = answered()

    wrong = {
        one.place: (one.verdict.value, files.get(one.place), one.note or one.transform)
        for one in truth.expected
        if one.part is not Part.EMBEDDED and one.promised and files.get(one.place) != one.verdict.value
    }
    assert wrong == {}
    assert {one.place for one in truth.expected if one.part is Part.EMBEDDED} <= set(embedded)
    for one in truth.expected:
        if one.part is Part.EMBEDDED and one.promised:
            assert one.verdict.value in embedded[one.place], one

    packed = {place[:length] for place in truth.by_place() for length in range(1, len(place))}
    assert set(files) == set(truth.by_place()) | {(link,) for link in truth.links} | packed
    digests = {stored.sha256.hex() for stored in _stored(bench).values()}
    assert digests.isdisjoint(truth.forbidden)
    _stacks_are_as_promised(bench, truth)

    before = bench.outcome()
    again = bench.check(seizure, examiner=REFUSE)
    assert again.tally.skipped == again.tally.met > 0
    assert (again.tally.files, bench.failures()) == (0, {})
    assert bench.outcome() == before


def _stacks_are_as_promised(bench, truth):
    items = {stored.sha256.hex(): number for number, stored in _stored(bench).items()}
    stack_of = dict(StackMember.objects.filter(near=False).values_list("item", "representative"))
    promised = {}
    for one in truth.expected:
        if one.stack is not None and one.sha256 in items and one.part is not Part.EMBEDDED:
            promised.setdefault(one.stack, set()).add(stack_of[items[one.sha256]])
    assert promised
    assert {stack: len(found) for stack, found in promised.items() if len(found) != 1} == {}


def _stored(bench):
    signatures = dict(Item.objects.values_list("signature", "id"))
    return {signatures[number]: stored for number, stored in bench.vault.signatures.fetch(signatures).items()}


def test_the_source_is_left_as_it_was(bench):
    seizure = bench.source / "seizure"
    make_seizure(seizure, seed=3, originals=4, copies=1)

    def state():
        found = {}
        for folder, names, files in os.walk(os.fsencode(bench.source)):
            for name in (*names, *files, b"."):
                status = os.lstat(os.path.join(folder, name))
                found[folder, name] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_mode)
        return found

    before = state()
    bench.check(seizure)
    assert state() == before
