"""What a reader may not see changes no answer: not a value, not a count, not an error.

Random worlds are made twice: once with all that is in them, once without what the reader may not see, which is cases of which
he is no member and statements that their handling, their purpose or their review keeps from him. Every public function of the packages that answer
(`ANSWERING`) is asked in both, and has to say the same; what it says of a case is what an independent model says, which
never heard of the hidden. A function that is new fails until it stands in one of the tables below.

All of it behind the first wall alone, and behind both.
"""

import random
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import md5, sha1, sha256

import pytest
from django.db import transaction

from safelight.access.errors import RefusedError
from safelight.access.permissions import Permission
from safelight.assertions.actions import do_make_as_node, do_receive_assertion
from safelight.assertions.record import About, Assertion, Handling
from safelight.assertions.signing import encode_envelope, sign_assertion
from safelight.casework.access import Acting, access_case, access_contents, access_numbered_case, open_case
from safelight.casework.finding.actions import do_search_case
from safelight.casework.judging import answered_otherwise, judge_items
from safelight.casework.kept_reviews.queries import kept_due
from safelight.casework.models import Case, Kept
from safelight.casework.queries import failures_of, kept_contents, path_text, summarise
from safelight.casework.report.actions import do_report_case, plan_pictures
from safelight.casework.report.gather import gather
from safelight.casework.stacking import do_stack_case
from safelight.casework.urgency.queries import urgent_sightings
from safelight.evidence.actions import RunRecord, do_add_source, do_begin_run, do_end_run, do_open_exhibit
from safelight.evidence.drafts import Content, Draft, Times
from safelight.evidence.models import Exhibit, ItemState, RunState, Sighting, SightingHow, SightingState
from safelight.evidence.queries import Standings, above_locked, known_places, latest_run, recorded_files, with_digests
from safelight.evidence.recording import record, recorded_items
from safelight.exchange.actions import open_draft, plan_export
from safelight.exchange.manifest import Recipient
from safelight.known.actions import do_import_list
from safelight.known.importing import ImportOptions
from safelight.known.matching import KnownBase
from safelight.known.queries import base_version, list_sources, show_source
from safelight.known.rules import Trust
from safelight.known.statements import reader_of, signed_claims
from safelight.media.types import Metadata
from safelight.platform.settings import mark_demo, read_settings
from safelight.platform.walls import acting as behind_walls
from safelight.signatures.types import Digests, Examination, Pdq, Still
from safelight.vault.actions.keeping import do_keep_contents
from safelight.writing.reading import read_fields
from tests.integration.access.example import LEAD, NOW, SECOND, enrolled, found, node
from tests.integration.assertions.node import KEYS, sent
from tests.integration.public_functions import public_functions
from tests.unit.assertions.example import change, identifier, statement
from tests.unit.assertions.model import TLP, allowed_to_see, standing

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Who:
    """Somebody who may see statements or not, for the model."""

    agency: str
    purposes: frozenset[str] = frozenset({"identify-persons-and-objects"})
    at: datetime = NOW
    groups: frozenset[str] = frozenset()
    is_provider: bool = False


FIRST_WALL_ALONE = pytest.mark.as_owner  # behind the second, what the first lets through would not show

SEEDS = range(6)
HERE, PURPOSE = "unit-alpha.example", "identify-persons-and-objects"
READER = Who(HERE)
READER_FOR_ALL = replace(READER, purposes=frozenset({PURPOSE, "removal"}))
RECIPIENTS = (
    Who("Agency Gamma"),
    Who("Agency Delta", groups=frozenset({"Group Lantern"})),
    Who("Service Harbour", is_provider=True),
    Who("Agency Gamma", frozenset({"removal"})),
)
NEIGHBOURS = {
    name: replace(one, begins=NOW - timedelta(days=900), ends=NOW + timedelta(days=900)) for name, one in KEYS.items()
}
DIGESTS = [kind(bytes([content])).digest() for content in range(1, 9) for kind in (md5, sha1)]
ANSWERING = ("casework", "known", "evidence", "exchange")

ASKED = {
    "casework.access.access_case", "casework.access.access_contents", "casework.access.access_numbered_case",
    "casework.access.open_case", "casework.kept_reviews.queries.kept_due", "casework.queries.kept_contents",
    "exchange.actions.open_draft", "exchange.actions.plan_export",
    "casework.judging.answered_otherwise", "casework.judging.judge_items",
    "casework.queries.failures_of", "casework.queries.path_text", "casework.queries.summarise",
    "casework.report.actions.do_report_case", "casework.report.actions.plan_pictures",
    "casework.report.gather.gather", "casework.finding.actions.do_search_case",
    "casework.stacking.do_stack_case", "casework.urgency.queries.urgent_sightings",
    "evidence.actions.do_add_source", "evidence.actions.do_begin_run", "evidence.actions.do_end_run",
    "evidence.actions.do_open_exhibit", "evidence.queries.Standings.of", "evidence.queries.above_locked", "evidence.queries.known_places",
    "evidence.queries.latest_run", "evidence.queries.recorded_files", "evidence.queries.with_digests",
    "evidence.recording.record", "evidence.recording.recorded_items", "known.matching.KnownBase.match",
    "known.matching.KnownBase.open", "known.queries.base_version", "known.queries.list_sources",
    "known.queries.show_source", "known.statements.reader_of", "known.statements.signed_claims",
}  # fmt: skip
"""Asked here in both worlds."""

ELSEWHERE = {
    "casework.actions.do_erase_item": "one act of two persons by digest; tests/integration/vault/test_erasing.py",
    "casework.check.actions.Surroundings.vault": "a key ring, no record",
    "casework.check.actions.do_check": "opens its case by open_case; its steps are asked here one by one",
    "casework.check.intake.Intake.finished": "no record",
    "casework.check.intake.Intake.join": "no record",
    "casework.check.intake.Intake.start": "reads the source that is checked, and known_places",
    "casework.check.keeping.do_keep_missing": "of the case that do_check opened; content that another case keeps counts as kept",
    "casework.check.line.Line.abandon": "a step of do_check: what waits in this process",
    "casework.check.line.Line.begin_close": "as Line.abandon",
    "casework.check.line.Line.check": "as Line.abandon",
    "casework.check.line.Line.closed": "as Line.abandon",
    "casework.check.line.Line.crashes": "as Line.abandon",
    "casework.check.line.Line.examine": "as Line.abandon",
    "casework.check.line.Line.let_go": "as Line.abandon",
    "casework.check.line.Line.put": "as Line.abandon",
    "casework.check.line.Line.recorded": "as Line.abandon",
    "casework.check.parcel.Archive.arrived": "values only",
    "casework.check.parcel.Archive.expect": "values only",
    "casework.check.queries.Unkept.items": "of the case that do_check opened",
    "casework.check.queries.Unkept.left": "of the case that do_check opened",
    "casework.check.queries.Unkept.places": "of the case that do_check opened",
    "casework.check.readers.Reader.opened_again": "of the exhibit that is checked: what its locked entries lie in",
    "casework.check.readers.Reader.read": "reads the source that is checked",
    "casework.check.readers.same_file": "values only",
    "casework.check.recorder.Recorder.flush": "record and judge_items, asked here",
    "casework.check.recorder.Recorder.work": "record and judge_items, asked here",
    "casework.check.settling.name_failure": "values only",
    "casework.check.settling.settle": "values only",
    "casework.check.settling.settle_as_seen": "values only",
    "casework.check.settling.settle_clip": "values only",
    "casework.check.settling.settle_cover": "values only",
    "casework.check.settling.settle_no_file": "values only",
    "casework.check.settling.settle_part": "values only",
    "casework.check.settling.settle_unexamined": "values only",
    "casework.check.line.Line.read": "as Line.abandon",
    "casework.check.texts.Texts.check": "as Line.abandon",
    "casework.check.texts.Texts.close": "as Line.abandon",
    "casework.check.texts.Texts.crashes": "as Line.abandon",
    "casework.check.texts.Texts.read": "as Line.abandon",
    "casework.finding.near.queries.media_near": "a step of do_search_case",
    "casework.finding.near.queries.places_of": "a step of do_search_case",
    "casework.finding.queries.as_recorded": "a step of do_search_case",
    "casework.finding.queries.texts_of_case": "a step of do_search_case",
    "casework.judging.hold_answers": "answers nothing",
    "casework.kept_reviews.actions.do_keep_on": "of a case whose member he is; tests/integration/casework/test_kept_reviews.py",
    "casework.kept_reviews.queries.kept_for": "values only",
    "casework.report.html.write_html": "writes what gather found",
    "casework.report.write.file_stem": "values only",
    "casework.report.write.write_report": "writes what gather found",
    "casework.stacking.do_let_go": "answers nothing",
    "casework.urgency.queries.said_first": "a step of do_report_case",
    "casework.urgency.queries.urgent_about": "a step of do_report_case",
    "casework.stacking.do_settle_kept": "answers nothing",
    "casework.actions.WorkOnItems.destroy": "a step of do_erase_item",
    "casework.stacking.lock_kept": "answers nothing",
    "casework.stacking.lock_stacks": "answers nothing",
    "exchange.actions.Draft.digest": "values only",
    "exchange.answers.actions.do_write_answers": "gather and signed_claims, asked here; tests/integration/exchange/test_answers.py",
    "exchange.actions.do_send_export": "decides what plan_export did, anew; tests/integration/exchange/test_sending.py",
    "exchange.actions.write_withdrawals": "of an erasure by digest, as do_erase_item; test_sending.py",
    "casework.actions.do_forget_unsigned": "a step of do_restore_node",
    "casework.actions.do_readmit_item": "of digests that its caller brings; answers with the certificate of an erasure",
    "evidence.actions.RecordedOfItems.destroy": "a step of do_erase_item",
    "evidence.actions.do_forget_items": "a step of do_erase_item",
    "evidence.actions.do_read_again": "answers nothing",
    "evidence.queries.items_signed": "a step of do_forget_unsigned",
    "evidence.queries.items_of": "for do_erase_item, of digests that its caller brings",
    "evidence.recording.lock_items": "answers nothing",
    "evidence.actions.do_complete_containers": "answers nothing",
    "evidence.actions.do_meet_again": "answers nothing",
    "evidence.actions.hold_run": "answers nothing",
    "evidence.drafts.Draft.named": "values only",
    "evidence.drafts.Draft.news": "values only",
    "evidence.drafts.Draft.said": "values only",
    "evidence.queries.Known.answered": "values only",
    "evidence.queries.Known.erased": "values only",
    "evidence.queries.Known.same_file": "values only",
    "known.importing.ImportResult.clean": "values only",
    "known.intake.Counts.contradictions": "values only",
    "known.matches.harmless": "values only",
    "known.published.silent": "values only",
    "known.publishing.Publishing.take": "a step of do_import_list",
    "known.intake.Intake.finish": "a step of do_import_list",
    "known.intake.Intake.flush": "a step of do_import_list",
    "known.intake.Intake.take": "a step of do_import_list",
    "known.matching.KnownBase.signatures": "a key ring, no record",
    "known.pictures.OwnPictures.fill": "reads the pictures of the list that is imported",
    "known.quarantine.Quarantine.discard": "a step of do_import_list",
    "known.quarantine.Quarantine.finish": "a step of do_import_list",
    "known.quarantine.Quarantine.hold": "a step of do_import_list",
    "known.quarantine.Quarantine.used": "a step of do_import_list",
    "known.quarantine.quarantine_folder": "values only",
    "known.statements.by_subject": "values only",
    "known.statements.claims_of": "values only",
    "casework.proof.open_evidence": "opens the bytes that its caller brings",
    "casework.proof.seal_evidence": "values only",
    "casework.report.write.Writer.__call__": "as write_html",
    "evidence.sealed.open_seen": "opens the bytes that its caller brings",
    "evidence.sealed.open_letter": "as open_seen",
    "evidence.sealed.seal_letter": "values only",
    "evidence.sealed.seal_seen": "values only",
    "exchange.bundle.BundleReader.content": "reads a bundle that its caller brings with its passphrase; needs no node",
    "exchange.bundle.BundleReader.envelope": "as BundleReader.content",
    "exchange.bundle.BundleReader.finish": "as BundleReader.content",
    "exchange.bundle.new_passphrase": "values only",
    "exchange.bundle.seal_bundle": "a step of do_send_export",
    "exchange.opening.open_bundle": "as BundleReader.content; tests/unit/exchange/test_opening.py",
    "exchange.opening.read_sender": "values only",
    "known.films.asked_first": "values only",
    "known.films.is_film": "values only",
    "known.films.nearest_frame": "values only",
    "known.films.shared": "values only",
    "known.public.sets.Questions.of": "values only",
    "known.public.sets.Seals.entries": "values only",
    "known.public.taking.SetIntake.finish": "a step of do_import_list",
    "known.public.taking.SetIntake.take": "a step of do_import_list",
    "known.words.open_words": "opens the bytes that its caller brings",
    "known.words.seal_words": "values only",
    "known.words.words_of": "values only",
}
"""Not asked by themselves, and why."""

NODE_WIDE = {
    "casework.queries.check_kept": "looks after the vault, whose contents may belong to any case: says numbers only",
    "evidence.recording.find_items": "a content is examined once on a node: tells the check whether it was, in any case",
    "known.actions.do_import_list": "lists are the node's: who may search the base sees all of them",
    "known.actions.do_remove_source": "as do_import_list",
    "known.quarantine.do_show_quarantine": "what an import held back is the node's, as the list is",
    "known.quarantine.read_quarantine": "as do_show_quarantine",
    "known.published.check_sets": "published lists are the node's, and in clear",
    "known.published.open_sets": "as check_sets",
    "known.queries.active_signatures": "lists are the node's",
    "known.queries.current_sets": "as check_sets",
    "known.queries.current_entries": "lists are the node's",
    "known.queries.held_signatures": "lists are the node's; answers numbers to do_remove_source",
    "known.queries.sources_by_id": "lists are the node's",
    "known.public.sets.DigestSet.check": "published lists are the node's, and in clear",
    "known.public.sets.DigestSet.find": "as DigestSet.check",
    "known.public.sets.DigestSet.open": "as DigestSet.check",
}
"""For the whole node by design, and why."""


def test_every_public_function_is_asked_or_says_why_not():
    assert not ASKED & ELSEWHERE.keys()
    assert not (ASKED | ELSEWHERE.keys()) & NODE_WIDE.keys()
    found_now = public_functions(ANSWERING)
    assert found_now - ASKED - ELSEWHERE.keys() - NODE_WIDE.keys() == set(), "new: ask it here in both worlds"
    # A tree in which these modules are called otherwise has them under another name.
    assert ASKED - found_now == set()


# --- worlds ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """The reader's case as (place, content or None for a failure); hidden cases likewise; which contents are listed.

    `said` are statements of any handling, by the reader's agency and others, about contents of any case.
    """

    own: tuple[tuple[str, int | None], ...]
    hidden: tuple[tuple[tuple[str, int | None], ...], ...]
    listed: frozenset[int]
    said: tuple[Assertion, ...]

    @property
    def seen(self):
        """The same without what the reader may not see."""
        return replace(self, hidden=(), said=tuple(one for one in self.said if allowed_to_see(one, READER_FOR_ALL)))


def draw(seed):
    dice = random.Random(seed)

    def places(least):
        contents = [dice.choice([None, *range(1, 9)]) for _ in range(dice.randint(least, 7))]
        return tuple((f"file-{number}", content) for number, content in enumerate(contents))

    hidden = tuple(places(1) for _ in range(dice.randint(1, 3)))
    listed = frozenset(dice.sample(range(1, 9), dice.randint(0, 4)))
    return World(places(1), hidden, listed, tuple(statements(dice)))


def statements(dice):
    """Statements by three agencies, of any handling; some are due for review, some are taken back, not always openly."""
    for number in range(1, dice.randint(20, 30)):
        agency, kind = dice.choice((HERE, "Agency Beta", "Agency Gamma")), dice.choice(("grade", "grade", "urgent"))
        more = {"says": {"scheme": "DEMO", "value": dice.choice("12")}} if kind == "grade" else {}
        said = statement(
            kind, number, agency=agency, about=About(type="item", ids=(name_of(dice.randint(1, 8)),)),
            purpose="removal" if dice.random() < 0.15 else PURPOSE, handling=handling(dice),
            made=NOW - timedelta(days=dice.randint(200, 400)), review=NOW + timedelta(days=dice.choice((-50, 300, 300))),
            **more,
        )  # fmt: skip
        yield said
        if dice.random() < 0.3:
            openly = agency == HERE or dice.random() < 0.5
            yield change(
                said, id=identifier(100 + number), kind="withdrawn", says={"why": "a mistake"}, supersedes=(said.id,),
                made=said.made + timedelta(days=1), handling=said.handling if openly else handling(dice),
                about=said.about if dice.random() < 0.5 else About(type="item", ids=(name_of(dice.randint(1, 8)),)),
            )  # fmt: skip


def handling(dice):
    return Handling(
        agencies=tuple(sorted(dice.sample((HERE, "Agency Gamma", "Agency Delta"), dice.randint(0, 2)))),
        groups=("Group Lantern",) if dice.random() < 0.3 else (),
        all_units=dice.random() < 0.4,
        providers=dice.random() < 0.3,
        onward=dice.random() < 0.5,
        ask_first=dice.random() < 0.3,
        tlp=dice.choice(sorted(TLP)),
    )


def name_of(content):
    return sha256(bytes([content])).hexdigest()


def signed(said, at):
    """A statement as the node of its agency signs it."""
    return encode_envelope(sign_assertion(said, at.keys.root.signing_key())) if said.agency == HERE else sent(said)


def expected(world):
    """The model: verdicts of the reader's files, contents and stacks, from what he may see alone."""

    stands = standing(world.said, READER)

    def graded(content):
        about = [
            one for one in stands if one.kind == "grade" and name_of(content) in one.about.ids and one.review > NOW
        ]
        return {(one.agency, one.says["value"]) for one in about}

    def urgent(content):
        return sorted(one.id for one in stands if one.kind == "urgent" and name_of(content) in one.about.ids)

    def verdict(content):
        if content is None:
            return "unreadable"
        return "known" if content in world.listed or graded(content) else "new"

    files = Counter(verdict(content) for _, content in world.own)
    contents = {content for _, content in world.own if content is not None}
    return {
        "files": files,
        "contents": Counter(verdict(content) for content in contents),
        "failures": sorted(f"/made-up/{place}" for place, content in world.own if content is None),
        "stacks": len(contents),
        "digests": sorted(map(name_of, contents)),
        "graded": [graded(content) for content in sorted(contents, key=name_of)],
        "urgent": [(f"/made-up/{place}", urgent(one)) for place, one in world.own if one is not None and urgent(one)],
        "handed out": [
            [one for one in world.said if may_hand_on(one, to) and {*one.about.ids} <= set(map(name_of, contents))]
            for to in RECIPIENTS
        ],
        "under": [
            [sha256(bytes([content])).digest()] if content in contents else []
            for content in range(1, 9)
            for _kind in ("md5", "sha1")
        ],
    }


def may_hand_on(said, to):
    """Whether the reader's agency may hand a statement to somebody."""
    onward = said.agency == HERE or (said.handling.onward and said.handling.tlp in {"amber", "green", "clear"})
    return onward and all(allowed_to_see(said, who) for who in (replace(READER, purposes=to.purposes), to))


def draft(source, place, content):
    common = {"source": source, "parent": None, "place": md5(place.encode()).digest(), "how": SightingHow.FILE}
    if content is None:
        common |= {"state": SightingState.UNREADABLE, "failure": "unreadable", "reason": "made up"}
        return Draft(name=place.encode(), **common)
    letter = read_fields([("Subject", f"Lanterns of {place}, see https://example.org/{content}")])
    return Draft(
        name=place.encode(), state=SightingState.EXAMINED, times=Times(size=9), content=made(content), letter=letter,
        **common,
    )  # fmt: skip


def made(content):
    """A content of which everything follows from its number; no two are near each other."""
    raw, dice = bytes([content]), random.Random(content)
    pdq = Pdq(dice.randbytes(256), 100, usable=True)
    still = Still(0, pdq, None, dice.randbytes(4096), (640, 480), dice.randbytes(16))
    seen = Examination("jpeg", (640, 480), 1, 1, "RGB", [still], [], Metadata(make="Lantern"))
    digests = Digests(md5(raw).digest(), sha1(raw).digest(), sha256(raw).digest(), 9)
    return Content(digests, "jpeg", ItemState.PICTURE, None, seen)


@dataclass
class Bench:
    """A node with two officers, the reader and somebody else, in a folder of its own."""

    folder: object
    number: int = 0

    @contextmanager
    def acting(self, person):
        """A command of this officer; the second wall, where it stands, is told of him."""
        officer = found(person)
        with behind_walls(officer.pseudonym):
            yield Acting(node(self.folder / "data"), officer, officer.pseudonym)

    @contextmanager
    def world(self, world):
        """Everything of a world, in a transaction that is undone."""
        with transaction.atomic():
            enrolled(node(self.folder / "data"))
            self.learn(world.listed)
            with self.acting(SECOND) as second:
                for number, places in enumerate(world.hidden):
                    self.check(f"Hidden {number}", places, second)
                    self.keep(f"Hidden {number}", places, second)
                assert Case.objects.count() == len(world.hidden)
            self.say(world.said)
            with self.acting(LEAD) as lead:
                self.check("Own", world.own, lead)
                self.keep("Own", world.own, lead)
                yield lead
            transaction.set_rollback(True)

    def learn(self, listed):
        rows = [f"{sha256(bytes([content])).hexdigest()},1" for content in sorted(listed)]
        path = self.folder / "demo-not-for-use-list.csv"
        path.write_text("\n".join(["sha256,category", f"{'ab' * 32},1", *rows, ""]))
        settings, at = read_settings(data=self.folder / "data"), node(self.folder / "data")
        options = ImportOptions(trust=Trust.NATIONAL, scheme="DEMO")
        do_import_list(path, options=options, settings=settings, node=at, acting_user="officer", now=NOW)

    def check(self, name, places, acting):
        """What a check of these files leaves, without reading any."""
        vault = acting.node.vault
        case = open_case(name, "DEMO", acting, now=NOW)
        exhibit = do_open_exhibit(case.name, "Exhibit", now=NOW)
        run = do_begin_run(exhibit, RunRecord("check", {}, {}), now=NOW, acting_user=acting.by)
        source = do_add_source(exhibit, b"/made-up")
        drafts = [draft(source.pk, place, content) for place, content in places]
        new = record(run, drafts, vault)
        items = [one.item for one in drafts if one.item is not None]
        judge_items(case, run, items, KnownBase.open(acting.node, now=NOW), vault, now=NOW, new=new)
        do_end_run(run, RunState.DONE, now=NOW)
        do_stack_case(case, vault)

    def keep(self, name, places, acting):
        """What a check that keeps everything leaves; a content is the byte of its number."""
        vault = acting.node.vault
        contents = {bytes([content]) for _, content in places if content is not None}
        do_keep_contents(vault, sorted(contents), vault.keys.node)
        case = Case.objects.get(name=name)
        for item in set(Sighting.objects.filter(exhibit__case=name, item__isnull=False).values_list("item", flat=True)):
            Kept.objects.create(case=case, item_id=item, review=NOW + timedelta(days=1000))

    def say(self, said):
        """Take in all statements, those of the reader's own agency with the approval of two where they want it."""
        at = node(self.folder / "data")
        for one in said:
            if one.agency == HERE:
                do_make_as_node(one, at, approve=lambda _record, _is_wider: (), acting_user="officer", now=NOW)
            else:
                do_receive_assertion(signed(one, at), NEIGHBOURS, at, acting_user="officer", now=NOW)

    def answers(self, acting):
        """What every function in `ASKED` says to the reader, without the numbers that the database gives."""
        vault = acting.node.vault
        case = access_case("Own", Permission.CASE_WORK, acting, now=NOW)
        exhibit = Exhibit.objects.get(case="Own")
        rows = list(Sighting.objects.filter(exhibit=exhibit).order_by("id"))
        standings = Standings([exhibit.pk])
        places = known_places(exhibit, [bytes(row.place) for row in rows])
        known = with_digests([places[place] for place in sorted(places)], vault)
        items = recorded_items([row.item_id for row in rows if row.item_id], vault)
        base = KnownBase.open(acting.node, now=NOW)
        wider = KnownBase.open(acting.node, now=NOW, radius=base.radius + 1)
        refused = {name: self.refusal(name, acting) for name in ("Hidden 0", "Hidden 1", "Nowhere")}
        report = asdict(gather(case, vault, now=NOW, demo=True))
        self.number += 1
        written = do_report_case("Own", "json", self.folder / f"{self.number}.json", acting=acting, now=NOW)
        searched = [
            [
                (one.sha256.hex(), one.texts, one.paths, one.near)
                for one in do_search_case("Own", asked, why="a lead", acting=acting, now=NOW)
            ]
            for asked in ("file", "DEMO", "1", "lanterns", "example org")
        ]
        kept = kept_contents(case, vault)
        return {
            "kept": kept,
            "exported": [self.planned(to, acting) for to in RECIPIENTS if kept],
            "pictures": plan_pictures("Own", "Agency Delta", acting=acting, now=NOW).items,
            "summary": vars(summarise(case, "Exhibit")),
            "to be reviewed": sorted(
                (one.sha256, one.at, one.case) for one in kept_due(NOW + timedelta(days=4000), acting, now=NOW)
            ),
            "urgent": urgent_sightings(case, "Exhibit", reader_of(acting.node, NOW), acting.node),
            "searched": searched,
            "answered otherwise": [sum(map(len, answered_otherwise(case, exhibit, one))) for one in (base, wider)],
            "failures": [asdict(one) for one in failures_of([exhibit.pk])],
            "paths": [path_text(row) for row in rows],
            "standings": [standings.of(row) for row in rows],
            "places": [{**asdict(one), "sighting": 0, "item": bool(one.item)} for one in known],
            "items": sorted((one.signature.sha256, one.state, one.reason) for one in items),
            "files": sorted(recorded_files(rows[0].source_id)),
            "run": latest_run(exhibit).number,
            "locked": len(above_locked(exhibit)),
            "report": report,
            "written": written.read_text(),
            "refused": refused,
            "stacked again": do_stack_case(case, vault),
            "matches": self.matches(base, items),
            "under": [access_contents(digest, acting, now=NOW) for digest in DIGESTS],
            "lists": [(one.name, one.entries) for one in list_sources()],
            "list": show_source("demo-not-for-use-list").by_grade,
            "signed": signed_claims([one.signature.sha256 for one in items], base.reader, acting.node),
            "removed": base_version().partition(".")[2],
        }  # fmt: skip

    def planned(self, to, acting):
        """What would be handed to somebody: contents and statements, without what is drawn at random."""
        recipient = Recipient(to.agency, tuple(sorted(to.purposes)), tuple(sorted(to.groups)), to.is_provider)
        draft = plan_export("Own", recipient, (), acting=acting, now=NOW)
        manifest, record = open_draft(draft.sealed, acting=acting, now=NOW)
        assert (record, access_numbered_case(int(manifest.case), Permission.CASE_WORK, acting, now=NOW).name) == (
            draft.record, "Own"
        )  # fmt: skip
        return manifest.items, manifest.statements

    def matches(self, base, items):
        """What the known base says of each of the reader's contents."""
        asked = sorted((one.signature for one in items), key=lambda one: one.sha256)
        return [[(one.how, one.value, one.statement) for one in matches] for matches in base.match(asked)]

    def refusal(self, name, acting):
        """How each permission of a case is refused that the reader is no member of, or that does not exist."""
        said = []
        for permission in (Permission.CASE_WORK, Permission.CASE_REPORT, Permission.CASE_REPORT_PICTURES):
            with pytest.raises(RefusedError) as met:
                access_case(name, permission, acting, now=NOW)
            said.append(str(met.value))
        return said


@pytest.fixture
def bench(tmp_path):
    mark_demo(tmp_path / "data")
    return Bench(tmp_path)


@pytest.mark.parametrize("walls", [pytest.param(1, marks=FIRST_WALL_ALONE), 2])
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_hidden_changes_an_answer(bench, seed, walls):
    world = draw(seed)
    with bench.world(world) as reader:
        assert Case.objects.count() == 1 + (len(world.hidden) if walls == 1 else 0)
        told = bench.answers(reader)
        assert told["refused"]["Hidden 0"] == told["refused"]["Nowhere"]
    with bench.world(world.seen) as reader:
        assert bench.answers(reader) == told
    model = expected(world)
    assert told["summary"]["sightings"] == model["files"]
    assert told["summary"]["stacks"] == model["stacks"]
    assert {word: count for word, count in told["summary"]["items"].items() if count} == model["contents"]
    assert sorted(one["path"] for one in told["failures"]) == model["failures"]
    assert told["under"] == model["under"]
    assert sorted(one["sha256"] for one in told["report"]["items"] if one["sha256"]) == model["digests"]
    assert [one.hex() for one in told["kept"]] == model["digests"]
    assert [[one.sha256 for one in items] for items, _ in told["exported"]] == [model["digests"]] * (
        len(RECIPIENTS) * bool(model["digests"])
    )
    at = node(bench.folder / "data")
    assert [set(statements) for _, statements in told["exported"]] == [
        {sha256(signed(one, at)).hexdigest() for one in said} for said in model["handed out"]
    ][: len(told["exported"])]
    assert [
        {(one.agency, one.grade) for _, _, one in matches if one.source != "demo-not-for-use-list"}
        for matches in told["matches"]
    ] == model["graded"]
    assert [(one.path, sorted(said.assertion for said in one.said)) for one in told["urgent"]] == model["urgent"]
