"""What is handed out was wanted by two, is in the log before it is written, and is never what its recipient may not have."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

import pytest

from safelight.access.errors import NotApprovedError, RefusedError
from safelight.access.officer_actions import do_add_case_member
from safelight.access.permissions import Permission
from safelight.assertions.actions import do_make_as_node, do_receive_assertion
from safelight.assertions.record import About, Handling
from safelight.assertions.signing import parse_envelope
from safelight.casework.access import Acting
from safelight.casework.actions import do_erase_item
from safelight.casework.models import Case
from safelight.errors import CannotRunError, InputError, UsageError
from safelight.exchange import actions
from safelight.exchange.actions import (
    ChangedExportError,
    do_send_export,
    open_draft,
    plan_export,
    write_withdrawals,
)
from safelight.exchange.bundle import new_passphrase
from safelight.exchange.manifest import Recipient
from safelight.exchange.opening import open_bundle
from safelight.log.entries import Event
from safelight.platform.walls import acting as behind_walls
from safelight.vault.actions.erasing import ErasureOrder, do_note_receipt
from safelight.vault.content import NotKeptError
from safelight.vault.queries import Sent, handout_state, handouts
from safelight.vault.sealing import SealedValueError
from tests.integration.access.example import LATER, LEAD, SECOND, approved, enrolled, events, key, node, said
from tests.integration.assertions.node import KEYS, sent
from tests.integration.entrances import owner
from tests.integration.test_nothing_leaks import Bench
from tests.unit.assertions.example import change, digest, identifier, open_to_all, statement

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "a made-up request for help"
TO_BETA = Recipient("Agency Beta", ("investigations",))
ONE, TWO = bytes([1]), bytes([2])


def sha256(content):
    return hashlib.sha256(content).digest()


@dataclass
class Desk:
    """A case with two kept contents, and two officers who work on it."""

    folder: object
    node: object
    lead: Acting
    second: Acting
    case: int

    def plan(self, to=TO_BETA, chosen=(), now=LATER):
        return plan_export("Case", to, chosen, acting=self.lead, now=now)

    def approve(self, draft, to="Agency Beta"):
        wanted = {"case": str(self.case), "manifest": draft.digest.hex(), "recipient": to}
        approved(self.node, Permission.CONTENT_EXPORT, wanted, self.lead.officer, self.second.officer, now=LATER)

    def send(self, draft, **more):
        given = {"why": WHY, "key": key(1), "acting": self.lead, "now": LATER, **more}
        out = given.pop("out", self.folder / "bundle")
        self.words = new_passphrase()
        return do_send_export(draft.sealed, out, self.words, **given)

    def opened(self, name="bundle"):
        """What the recipient finds: contents, and the statements' identifiers."""
        out = self.folder / f"{name} opened"
        opened = open_bundle(self.folder / name, out, self.words, sender=self.node.signer.key)
        contents = {path.name: path.read_bytes() for path in (out / "contents").iterdir()}
        found = [parse_envelope(path.read_bytes()).record for path in sorted((out / "statements").iterdir())]
        return opened, contents, [json.loads(one)["id"] for one in found]

    def say(self, assertion, lasts=timedelta(days=365)):
        own = change(assertion, agency=self.node.name, made=LATER, review=LATER + lasts)
        do_make_as_node(own, self.node, acting_user="officer-7", now=LATER)

    def hear(self, assertion):
        heard = change(assertion, made=LATER, review=LATER + timedelta(days=365))
        do_receive_assertion(sent(heard), KEYS, self.node, acting_user="officer-7", now=LATER + timedelta(days=1400))


@pytest.fixture
def desk(tmp_path):
    made, places = Bench(tmp_path), (("file-0", 1), ("file-1", 2))
    here = node(tmp_path / "data")
    enrolled(here)
    (tmp_path / "away").mkdir()
    with made.acting(SECOND) as second, made.acting(LEAD) as lead:
        made.check("Case", places, lead)
        made.keep("Case", places, lead)
        yield Desk(tmp_path / "away", here, lead, second, Case.objects.get().pk)


def about(content):
    return About(type="item", ids=(sha256(content).hex(),))


def test_what_two_want_leaves_and_is_recorded(desk):
    draft = desk.plan()
    desk.approve(draft)
    before = len(events())
    assert desk.send(draft).recipient == TO_BETA
    assert events()[before:] == [Event.APPROVAL_USED, Event.EXPORTED]
    entry = json.loads(said(desk.node)[-1])
    assert entry["why"] == WHY
    assert entry["about"]["items"] == sorted(sha256(one).hex() for one in (ONE, TWO))
    assert entry["about"]["recipient"] == "Agency Beta"
    opened, contents, _ = desk.opened()
    assert contents == {sha256(one).hex(): one for one in (ONE, TWO)}
    assert (opened.manifest.officer, opened.digest) == (desk.lead.by, draft.digest)
    given = {(one.recipient, one.sent, one.sha256) for one in handouts(desk.node.vault, desk.node.name)}
    assert given == {("Agency Beta", Sent.WRITTEN, sha256(one)) for one in (ONE, TWO)}
    with pytest.raises(UsageError, match="sent before"):
        desk.send(draft, out=desk.folder / "again")
    assert sorted(path.name for path in desk.folder.iterdir()) == ["bundle", "bundle opened"]


def test_nothing_leaves_that_was_not_approved_exactly(desk):
    draft, other = desk.plan(chosen={sha256(ONE)}), desk.plan()
    with pytest.raises(NotApprovedError):
        desk.send(draft)
    desk.approve(draft)
    for wrong, error in (
        ({"why": " "}, UsageError),
        ({"key": None}, UsageError),
        ({"key": key(2)}, UsageError),
        ({"out": desk.node.data / "bundle"}, UsageError),
        ({"out": desk.folder}, UsageError),
    ):
        with pytest.raises(error):
            desk.send(draft, **wrong)
    with behind_walls(desk.second.by):
        with pytest.raises(RefusedError):
            desk.send(draft, acting=desk.second, key=key(2))
        do_add_case_member(desk.case, desk.second.by, officer=desk.lead.officer, node=desk.node, now=LATER)
        with pytest.raises(UsageError, match="planned this"):
            desk.send(draft, acting=desk.second, key=key(2))
    with pytest.raises(NotApprovedError):
        desk.send(other)
    with pytest.raises(SealedValueError):
        open_draft(draft.record, acting=desk.lead, now=LATER)
    assert (list(desk.folder.iterdir()), handouts(desk.node.vault, desk.node.name)) == ([], [])
    desk.send(draft)
    assert desk.opened()[1] == {sha256(ONE).hex(): ONE}


def test_who_is_no_member_learns_nothing(desk):
    with owner():
        Case.objects.create(name="Hidden", opened=LATER)
    for name in ("Hidden", "Nowhere"):
        with pytest.raises(RefusedError):
            plan_export(name, TO_BETA, (), acting=desk.lead, now=LATER)
    for wrong, match in (
        ({"chosen": {bytes(32)}}, "keeps no content with the SHA-256 0000"),
        ({"to": Recipient(desk.node.name, ("investigations",))}, "own agency"),
        ({"to": Recipient("Agency Beta", ("gossip",))}, "no purpose"),
    ):
        with pytest.raises(UsageError, match=match):
            desk.plan(**wrong)


def test_statements_go_only_to_whom_they_may_and_name_nothing_else(desk):
    here, narrow = desk.node.name, Handling(agencies=("Agency Gamma",), tlp="clear")
    only_own = Handling(tlp="clear")
    series = change(statement("in-series", 5, about=about(ONE)), says={"series": identifier(77)})
    desk.say(statement("grade", 1, about=about(ONE)))
    desk.say(statement("grade", 2, about=about(ONE), handling=narrow, says={"scheme": "DEMO", "value": "2"}))
    desk.say(statement("grade", 3, about=about(TWO), handling=only_own))
    desk.say(statement("grade", 4, about=about(ONE), purpose="removal"))
    desk.say(series)
    desk.say(statement("series-named", 6, about=About(type="series", ids=(identifier(77),)),
                       says={"name_space": "own", "name": "Series Harbour"}))  # fmt: skip
    desk.say(change(series, id=identifier(7), about=About(type="item", ids=(digest(9),))))
    desk.say(statement("withdrawn", 8, about=about(ONE), supersedes=(identifier(1),)))
    desk.hear(statement("grade", 9, agency="Agency Beta", about=about(ONE), handling=open_to_all(onward=False)))
    draft = desk.plan()
    desk.approve(draft)
    desk.send(draft)
    opened, _, ids = desk.opened()
    assert ids == [identifier(number) for number in (1, 5, 6, 8)]
    assert {opened.manifest.agency} == {here}
    gamma = desk.plan(Recipient("Agency Gamma", ("investigations",)))
    assert len(open_draft(gamma.sealed, acting=desk.lead, now=LATER)[0].statements) == 5


def test_what_changed_since_it_was_approved_stops_it_by_name(desk):
    draft = desk.plan()
    desk.approve(draft)
    desk.say(statement("grade", 1, about=about(ONE)))
    with pytest.raises(ChangedExportError, match="1 more would go"):
        desk.send(draft)
    desk.say(statement("grade", 2, about=about(ONE)), lasts=timedelta(hours=1))
    again = desk.plan()
    desk.approve(again)
    with pytest.raises(ChangedExportError, match="1 statements of this export may no longer go"):
        desk.send(again, now=LATER + timedelta(hours=2))
    assert list(desk.folder.iterdir()) == []
    desk.send(again)
    assert desk.opened()[2] == [identifier(1), identifier(2)]


def test_a_kill_after_the_log_leaves_no_bundle_and_the_approval_goes_on(desk, monkeypatch):
    draft = desk.plan()
    desk.approve(draft)

    def broken(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(actions, "sync_file", broken)
        with pytest.raises(CannotRunError, match="make room"):
            desk.send(draft)
    assert list(desk.folder.iterdir()) == []
    assert {one.sent for one in handouts(desk.node.vault, desk.node.name)} == {Sent.NOT_WRITTEN}
    assert handout_state(desk.node.vault, draft.digest) is Sent.NOT_WRITTEN
    (desk.folder / ".bundle.part").write_bytes(b"what a kill left")
    desk.send(draft)
    assert json.loads(said(desk.node)[-1])["about"]["approval"] == "as when it was begun"
    assert len(desk.opened()[1]) == 2
    assert sorted(path.name for path in desk.folder.iterdir()) == ["bundle", "bundle opened"]


def test_an_erasure_is_told_to_whom_it_was_given_and_waits(desk):
    draft = desk.plan()
    desk.approve(draft)
    waiting = desk.plan()
    desk.approve(waiting)
    desk.send(draft)
    wanted = {"owner": desk.node.name, "sha256": sha256(ONE).hex()}
    lead, second = desk.lead.officer, desk.second.officer
    approved(desk.node, Permission.CONTENT_ERASE, wanted, lead, second, now=LATER)
    order = ErasureOrder("a made-up court said so", "made-up order 7")
    shown = do_erase_item(sha256(ONE), order, acting=desk.lead, now=LATER)
    assert [one.recipient for one in shown.receipts] == ["Agency Beta"]
    with pytest.raises(ChangedExportError, match=sha256(ONE).hex()):
        desk.send(waiting, out=desk.folder / "late")
    [written] = write_withdrawals(sha256(ONE), desk.folder, acting=desk.lead, now=LATER)
    record = json.loads(parse_envelope(written.read_bytes()).record)
    assert (record["recipient"], record["sha256"]) == ("Agency Beta", sha256(ONE).hex())
    do_note_receipt(desk.node.vault, sha256(ONE), desk.node.name, "Agency Beta", acting_user=desk.lead.by, now=LATER)
    assert write_withdrawals(sha256(ONE), desk.folder, acting=desk.lead, now=LATER) == []
    with pytest.raises(NotKeptError):
        write_withdrawals(sha256(TWO), desk.folder, acting=desk.lead, now=LATER)
    assert issubclass(ChangedExportError, InputError)
