"""Answers leave for one recipient, with a reason, in the log, and never hold what he may not have."""

import hashlib
import io
import json
import os

import pytest

from safelight.access.errors import RefusedError
from safelight.assertions.record import Handling
from safelight.errors import CannotRunError, UsageError
from safelight.exchange.answers import actions
from safelight.exchange.answers.actions import Order, do_write_answers
from safelight.exchange.manifest import Recipient
from safelight.known.formats.vics import read_vics
from safelight.log.entries import Event
from safelight.vault.queries import Sent, handouts
from tests.integration.access.example import LATER, events, said
from tests.integration.exchange.test_sending import ONE, TO_BETA, TWO, about, desk, sha256
from tests.unit.assertions.example import identifier, open_to_all, statement
from tests.unit.exchange.answers.reading import read

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["desk"]
WHY = "a made-up request for help"
TO_GAMMA = Recipient("Agency Gamma", ("investigations",))


def write(desk, out="answers.json", to=TO_BETA, form="vics", **more):
    given = {"why": WHY, "acting": desk.lead, "now": LATER, **more}
    return do_write_answers("Case", Order(form, to, "DEMO"), desk.folder / out, **given)


def grades(desk, out="answers.json"):
    _, _, media = read((desk.folder / out).read_text())
    return {bytes.fromhex(one["AlternativeHashes"][0]["HashValue"]): one["Category"] for one in media}


def only_for(agency):
    return Handling(
        agencies=(agency,), all_units=False, providers=False, onward=False, ask_first=False, tlp="amber", pap="clear"
    )


def test_it_is_in_the_log_with_its_reason_and_recorded_who_was_given_what(desk):
    before = len(events())
    losses = write(desk)
    assert losses.contents == 2
    assert events()[before:] == [Event.ANSWERS_WRITTEN, Event.ANSWERS_WRITTEN]
    begun, ended = (json.loads(one) for one in said(desk.node)[-2:])
    assert (begun["why"], begun["about"]["stage"], begun["about"]["recipient"]) == (WHY, "begun", "Agency Beta")
    content = (desk.folder / "answers.json").read_bytes()
    assert ended["about"]["sha256"] == hashlib.sha256(content).hexdigest()
    given = {(one.recipient, one.sent, one.sha256) for one in handouts(desk.node.vault, desk.node.name)}
    assert given == {("Agency Beta", Sent.WRITTEN, sha256(one)) for one in (ONE, TWO)}
    assert os.stat(desk.folder / "answers.json").st_mode & 0o777 == 0o600
    _, *rows, _ = read_vics(io.BytesIO(content))
    assert {row.sha256 for row in rows} == {sha256(ONE), sha256(TWO)}


def test_of_statements_only_own_ones_go_and_only_to_whom_they_may(desk):
    desk.say(
        statement(about=about(ONE), number=1, handling=only_for("Agency Beta"), says={"scheme": "DEMO", "value": "2"})
    )
    desk.hear(statement(about=about(TWO), number=2, agency="Agency Beta", handling=open_to_all()))
    write(desk)
    write(desk, "gamma.json", TO_GAMMA)
    assert grades(desk) == {sha256(ONE): 2, sha256(TWO): None}
    assert grades(desk, "gamma.json") == {sha256(ONE): None, sha256(TWO): None}


def test_a_statement_of_another_purpose_stays(desk):
    desk.say(statement(about=about(ONE), number=1, purpose="removal"))
    write(desk)
    assert set(grades(desk).values()) == {None}


def test_what_was_withdrawn_is_not_said(desk):
    desk.say(statement(about=about(ONE), number=1))
    write(desk)
    assert grades(desk)[sha256(ONE)] == 1
    desk.say(statement("withdrawn", 2, about=about(ONE), supersedes=(identifier(1),)))
    write(desk, "later.json")
    assert grades(desk, "later.json")[sha256(ONE)] is None


def test_what_is_wrong_is_refused_before_anything_is_written(desk):
    (desk.folder / "there.json").write_text("mine")
    before = len(events())
    for changed, words in (
        ({"why": " "}, "without a reason"),
        ({"out": desk.node.data / "answers.json"}, "lies in the data folder"),
        ({"out": "there.json"}, "is there already"),
        ({"out": "nowhere/answers.json"}, "is no folder"),
        ({"to": Recipient(desk.node.name, ("investigations",))}, "own agency"),
        ({"form": "fax"}, "no form"),
    ):
        with pytest.raises(UsageError, match=words):
            write(desk, **changed)
    assert (desk.folder / "there.json").read_text() == "mine"
    assert len(events()) == before
    assert handouts(desk.node.vault, desk.node.name) == []
    assert [path.name for path in desk.folder.iterdir()] == ["there.json"]


def test_a_case_that_nobody_shows_him_is_refused(desk):
    with pytest.raises(RefusedError):
        do_write_answers("Other", Order("vics", TO_BETA), desk.folder / "x", why=WHY, acting=desk.lead, now=LATER)
    assert list(desk.folder.iterdir()) == []


def test_a_full_disk_leaves_no_file_and_the_record_says_that_it_was_begun(desk, monkeypatch):
    def full(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(actions.os, "fsync", full)
    with pytest.raises(CannotRunError, match="No space left"):
        write(desk)
    assert list(desk.folder.iterdir()) == []
    assert {one.sent for one in handouts(desk.node.vault, desk.node.name)} == {Sent.NOT_WRITTEN}


def test_the_table_of_sixteen_columns_is_written_the_same_way(desk):
    assert write(desk, "answers.csv", form="icse").contents == 2
    lines = (desk.folder / "answers.csv").read_text().splitlines()
    assert len(lines) == 3
    assert {bytes.fromhex(line.split(";")[5]) for line in lines[1:]} == {sha256(ONE), sha256(TWO)}
