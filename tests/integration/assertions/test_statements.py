"""What is stated is stored sealed, once, with its entry in the log, and found by whoever may see it."""

import hashlib
import random
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections, transaction

from safelight.access.errors import NotApprovedError, RefusedError
from safelight.access.four_eyes import do_approve_act, use_approval
from safelight.access.key_records import key_name
from safelight.access.models import Approval
from safelight.access.officer_actions import do_revoke_officer
from safelight.access.officer_keys import BadOfficerSignatureError
from safelight.access.permissions import Permission
from safelight.access.queries import asked_request
from safelight.access.records import over_statement
from safelight.assertions.actions import (
    OtherStatementError,
    do_make_as_node,
    do_receive_assertion,
    do_search_statements,
    officer_records,
    own_key,
)
from safelight.assertions.fold import Thing, concerns, fold
from safelight.assertions.handling import CannotFollowError, Reader, may_see
from safelight.assertions.kinds import Target, load_kinds
from safelight.assertions.models import AssertionAbout, StoredAssertion
from safelight.assertions.queries import (
    any_statements,
    approvers_of,
    assertions_about,
    due_for_review,
    is_purpose_here,
    make_ready_for_many,
    state_of,
    statement_named,
    statements_version,
)
from safelight.assertions.record import About, BadAssertionError, Handling, encode_assertion, reopen_assertion
from safelight.assertions.sealing import StatementSeals
from safelight.assertions.signing import (
    BadSignatureError,
    add_officer,
    encode_envelope,
    parse_envelope,
    reopen_envelope,
    sign_assertion,
    verify_record,
)
from safelight.assertions.stating import countersigning, do_state, write_draft
from safelight.errors import UsageError
from safelight.log.entries import Event
from safelight.log.models import LogEntry
from safelight.vault.sealing import SealedValueError
from tests.integration.access import example as access
from tests.integration.assertions.node import ELSEWHERE, KEYS, NODE, logged, make, receive, sent
from tests.integration.entrances import owner
from tests.unit.assertions.example import (
    NOW,
    PURPOSE,
    change,
    digest,
    identifier,
    open_to_all,
    reader,
    statement,
    statement_of,
)
from tests.unit.assertions.test_signing import EIGHT, SEVEN, record_of

pytestmark = pytest.mark.django_db
ITEM = Thing(Target.ITEM, frozenset({digest(1)}))
OFFICERS = {one.name: one for one in (record_of(SEVEN, "officer-7"), record_of(EIGHT, "officer-8"))}
ALPHA = reader("Agency Alpha")


def about(*things, who=ALPHA):
    return assertions_about(things or [ITEM], who, NODE)


def signatures(assertion, *officers):
    envelope = sign_assertion(assertion, NODE.keys.root.signing_key())
    for officer in officers:
        envelope = add_officer(envelope, officer)
    return envelope.officers


def test_what_was_made_is_found_and_logged():
    made = statement()
    row = make(made)
    assert about() == [made]
    assert statement_named("Agency Alpha", made.id, NODE) == made
    [(event, record)] = logged()
    assert event == Event.ASSERTED
    assert all(word in record for word in (made.id, '"grade"', "officer-7"))
    assert StoredAssertion.objects.get().entry == LogEntry.objects.get().id
    assert StoredAssertion.objects.get().id == row


def test_the_stored_envelope_is_signed_by_the_node_and_verifies():
    made = statement()
    make(made)
    stored = StoredAssertion.objects.get()
    encoded = StatementSeals(NODE).open_envelope(bytes(stored.envelope), stored.id)
    key = own_key(NODE)
    envelope = parse_envelope(encoded)
    assert envelope == reopen_envelope(encoded)
    assert (envelope.node.key, envelope.record) == (key.name, encode_assertion(made))


def test_a_statement_and_its_entry_end_with_their_transaction():
    with transaction.atomic():
        make(statement())
        transaction.set_rollback(True)
    assert (about(), logged()) == ([], [])


def test_the_same_statement_taken_twice_is_one():
    rows = {make(statement()), make(statement())}
    told = statement("urgent", 2, agency="Agency Beta")
    others = {receive(told), receive(told)}
    assert (len(rows), len(others), len(about()), len(logged())) == (1, 1, 2, 2)


def test_an_identifier_is_given_once_by_an_agency():
    make(statement())
    with pytest.raises(OtherStatementError, match="other words"):
        make(statement(says={"scheme": "DEMO", "value": "2"}))
    receive(statement(agency="Agency Beta", says={"scheme": "DEMO", "value": "2"}))
    assert len(about()) == 2


def test_a_node_speaks_for_itself_and_for_nobody_else():
    with pytest.raises(UsageError, match="speaks for 'Agency Alpha', not for 'Agency Beta'"):
        make(statement(agency="Agency Beta"))
    own = encode_envelope(sign_assertion(statement(), NODE.keys.root.signing_key()))
    with pytest.raises(UsageError, match="makes its own"):
        do_receive_assertion(own, {own_key(NODE).name: own_key(NODE)}, NODE, acting_user="officer-7", now=NOW)
    assert logged() == []


def test_nothing_is_said_from_the_future():
    with pytest.raises(UsageError, match="still to come"):
        make(statement(made=NOW + timedelta(seconds=1)))


def test_what_is_not_known_here_is_not_said_but_received_and_kept():
    strange = statement("foretold", says={"x": [1]}, agency="Agency Beta")
    with pytest.raises(UsageError, match="not known here"):
        make(change(strange, agency="Agency Alpha"))
    receive(strange)
    assert about() == [strange]
    assert state_of(ITEM, ALPHA, NODE).unknown == (strange,)


@pytest.mark.parametrize(
    ("officers", "problem"),
    [((), "signatures of"), ((SEVEN,), "signatures of"), ((EIGHT, EIGHT), "signatures of"), ((SEVEN, EIGHT), None)],
)
def test_four_eyes_are_wanted_where_the_kind_wants_them(officers, problem):
    said = statement("baseline", says={"value": True})
    given = {"officers": signatures(said, *officers), "keys": OFFICERS}
    if problem is None:
        make(said, **given)
        assert about() == [said]
    else:
        with pytest.raises(BadSignatureError, match=problem):
            make(said, **given)
        assert logged() == []


def test_an_officer_signature_over_other_words_is_refused():
    said = statement()
    with pytest.raises(BadSignatureError, match="does not hold"):
        make(said, officers=signatures(change(said, basis="Invented Act 2"), SEVEN), keys=OFFICERS)


@pytest.mark.parametrize(
    "harm",
    [
        lambda sealed: sealed.replace(b'"DEMO"', b'"DEMU"'),
        lambda sealed: b" " + sealed,
        lambda sealed: sealed[:-1],
    ],
)
def test_a_foreign_envelope_that_was_touched_is_refused(harm):
    with pytest.raises((BadAssertionError, BadSignatureError)):
        do_receive_assertion(harm(sent(statement(agency="Agency Beta"))), KEYS, NODE, acting_user="officer-7", now=NOW)
    assert (logged(), about()) == ([], [])


def test_a_foreign_key_that_is_not_known_or_does_not_count_is_refused():
    told = sent(statement(agency="Agency Beta"))
    for keys, now in (({}, NOW), (KEYS, NOW + timedelta(days=500))):
        with pytest.raises(BadSignatureError):
            do_receive_assertion(told, keys, NODE, acting_user="officer-7", now=now)


def test_what_is_taken_back_must_be_here():
    later = statement("withdrawn", 2, supersedes=(identifier(1),))
    with pytest.raises(CannotFollowError, match="not here"):
        make(later)
    make(statement())
    make(later)
    state = state_of(ITEM, ALPHA, NODE)
    assert ([gone.by for gone in state.taken_back], state.questions) == ([later], ())


def test_what_reached_many_is_not_taken_back_before_few():
    make(statement())
    with pytest.raises(CannotFollowError, match="narrower"):
        make(statement("withdrawn", 2, supersedes=(identifier(1),), handling=Handling()))
    assert len(logged()) == 1


def test_another_agency_takes_back_what_has_not_arrived_yet():
    receive(statement("withdrawn", 2, agency="Agency Beta", supersedes=(identifier(1),)))
    receive(statement(agency="Agency Beta"))
    assert state_of(ITEM, ALPHA, NODE).questions == ()


def test_what_takes_back_is_found_though_it_is_about_something_else():
    make(statement())
    later = statement("withdrawn", 2, supersedes=(identifier(1),), about=About(type="item", ids=(digest(2),)))
    make(later)
    assert about() == [statement(), later]
    assert state_of(ITEM, ALPHA, NODE).taken_back[0].by == later


def test_what_takes_back_a_hidden_statement_does_not_tell_that_it_is_there():
    later = statement("withdrawn", 2, supersedes=(identifier(1),), about=About(type="item", ids=(digest(2),)))
    make(statement(handling=Handling()))
    make(later, approve=lambda _digest, _is_wider: ())
    assert about(who=reader("Agency Beta")) == []


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (statement(about=About(type="stack", ids=(digest(1), digest(2)))), digest(2)),
        (statement("same-as", says={"other": digest(3)}), digest(3)),
        (statement("foretold", says={"x": identifier(9)}, agency="Agency Beta"), identifier(9)),
        (statement("note", says={"text": "seen"}, about=About(type="series", ids=(identifier(4),))), identifier(4)),
    ],
)
def test_a_statement_is_found_by_each_thing_it_names(said, named):
    (make if said.agency == "Agency Alpha" else receive)(said)
    assert about(Thing(Target.ITEM, frozenset({named}))) == [said]
    assert about(Thing(Target.ITEM, frozenset({digest(99)}))) == []


def test_several_things_are_asked_at_once_and_each_statement_comes_once():
    said = [statement(number=n, about=About(type="item", ids=(digest(n),))) for n in (1, 2, 3)]
    stack = statement(number=4, about=About(type="stack", ids=(digest(1), digest(2))))
    for one in (*said, stack):
        make(one)
    asked = [Thing(Target.ITEM, frozenset({digest(n)})) for n in (1, 2)]
    assert about(*asked) == [said[0], said[1], stack]


@pytest.mark.parametrize(
    "who",
    [reader("Agency Delta"), reader(purposes=("removal",)), reader(purposes=()), reader(at=NOW + timedelta(days=400))],
)
def test_what_a_reader_may_not_see_does_not_exist(who):
    make(statement(handling=open_to_all(all_units=False, agencies=("Agency Beta",), tlp="amber")))
    assert about(who=who) == []
    assert state_of(ITEM, who, NODE).questions == ()
    assert len(about(who=reader("Agency Beta"))) == 1


def test_a_purpose_of_a_newer_node_is_not_in_clear_and_reaches_who_asks_for_it():
    receive(statement(agency="Agency Beta", purpose="later-purpose"))
    assert StoredAssertion.objects.get().purpose == ""
    assert about() == []
    assert len(about(who=reader("Agency Alpha", purposes=("later-purpose",)))) == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_stored_world_answers_as_the_world_itself(seed):
    dice = random.Random(seed)
    world = {(one.agency, one.id): one for one in (statement_of(dice.random()) for _ in range(60))}
    kept = []
    for one in world.values():
        kind = load_kinds().get(one.kind)
        if one.agency == "Agency Alpha" or (kind is not None and kind.four_eyes):
            continue
        receive(one)
        kept.append(one)
    who = Reader(
        dice.choice(["Agency Alpha", "Agency Beta", "Agency Delta"]),
        frozenset({PURPOSE, "later-purpose"}),
        NOW + timedelta(days=dice.choice([1, 20, 50])),
        frozenset({"Group Harbour"}),
        is_provider=dice.random() < 0.3,
    )
    things = [Thing(Target.ITEM, frozenset({digest(n)})) for n in range(1, 5)]
    things += [Thing(Target.SERIES, frozenset({identifier(n)})) for n in range(1, 4)]
    things += [Thing(Target.LINK, frozenset({digest(1), digest(2)}))]
    assert len(kept) > 10
    for thing in things:
        assert state_of(thing, who, NODE) == fold(thing, kept, who)
        found = about(thing, who=who)
        assert {(a.agency, a.id) for a in found} >= {
            (a.agency, a.id) for a in kept if may_see(a, who) and concerns(a, thing)
        }
        assert all(may_see(one, who) for one in found)


def test_what_is_due_for_review_is_ones_own_and_the_earliest_first():
    days = {1: 30, 2: 20, 3: 300}
    for number, after in days.items():
        make(statement(number=number, review=NOW + timedelta(days=after)))
    receive(statement(number=4, agency="Agency Beta", review=NOW + timedelta(days=1)))
    due = due_for_review(NOW + timedelta(days=60), ALPHA, NODE)
    assert [one.id for one in due] == [identifier(2), identifier(1)]


def test_urgent_goes_first_and_what_was_taken_back_is_not_due_for_review():
    soon, late = (NOW + timedelta(days=days) for days in (20, 40))
    for number in (1, 2):
        make(statement(number=number, review=soon))
    make(statement("urgent", 3, says={"why": "a new picture", "contact": "desk"}, review=late))
    make(statement(number=4, review=NOW + timedelta(days=300), supersedes=(identifier(1),)))
    make(statement("withdrawn", 5, says={"why": "a mistake"}, review=late, supersedes=(identifier(2),)))
    make(statement(number=6, review=late))
    receive(statement(number=7, agency="Agency Beta", review=late, supersedes=(identifier(6),)))
    due = due_for_review(NOW + timedelta(days=60), ALPHA, NODE)
    assert [one.id for one in due] == [identifier(number) for number in (3, 5, 6)]


def test_a_search_is_logged_before_it_is_answered():
    make(statement())
    found = do_search_statements(
        [ITEM], ALPHA, NODE, asked="ab" * 16, why="a new seizure", acting_user="officer-8", now=NOW
    )
    assert found == [statement()]
    event, record = logged()[-1]
    assert event == Event.SEARCHED
    assert all(word in record for word in ("a new seizure", digest(1), "ab" * 16, "officer-8", PURPOSE))
    with pytest.raises(UsageError, match="reason"):
        do_search_statements([ITEM], ALPHA, NODE, asked=digest(1), why=" ", acting_user="officer-8", now=NOW)


def test_nothing_planted_stands_in_clear_in_any_table():
    words = ["Series Harbour", "a lamp on the pier", "Agency Beta", "officer-7", "Invented Act 1", "DEMO-Scheme"]
    series = identifier(0xABCDEF)
    said = [
        statement(
            "series-named", 1, says={"name_space": "own", "name": words[0]}, about=About(type="series", ids=(series,))
        ),
        statement("note", 2, says={"text": words[1]}),
        statement(number=3, agency=words[2], says={"scheme": words[5], "value": "1"}),
    ]
    for one in said:
        (make if one.agency == "Agency Alpha" else receive)(one)
    do_search_statements([ITEM], ALPHA, NODE, asked=digest(1), why=words[1], acting_user="officer-7", now=NOW)
    planted = [word.encode() for word in words]
    for name in (digest(1), series):
        planted += [name.encode(), bytes.fromhex(name)]
    with owner(), connection.cursor() as cursor:  # who holds a dump of it all
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [table for (table,) in cursor.fetchall()]
        assert {"assertion", "assertion_about", "log_entry"} <= set(tables)
        for table in tables:
            with cursor.copy(f"COPY {table} TO STDOUT (FORMAT BINARY)") as copy:
                dump = b"".join(bytes(piece) for piece in copy)
            assert [word for word in planted if word in dump] == [], table
            assert table != "log_entry" or Event.SEARCHED.encode() in dump
    assert AssertionAbout.objects.count() == 3


def test_an_index_of_another_node_does_not_find_it():
    make(statement())
    assert assertions_about([ITEM], ALPHA, ELSEWHERE) == []


def test_an_envelope_put_in_another_row_does_not_open():
    rows = [make(statement(number=n)) for n in (1, 2)]
    second = StoredAssertion.objects.get(id=rows[1])
    StoredAssertion.objects.filter(id=rows[0]).update(envelope=second.envelope)
    with pytest.raises(SealedValueError, match="moved from another row"):
        about()


def test_what_a_later_release_knows_to_be_wrong_is_named():
    receive(statement("foretold", agency="Agency Beta", says={}))
    record = encode_assertion(statement("foretold", says={}))
    with pytest.raises(BadAssertionError, match="scheme is missing"):
        reopen_assertion(record.replace(b'"foretold"', b'"grade"'))
    assert reopen_assertion(record).kind == "foretold"


@pytest.mark.django_db(transaction=True)
def test_two_who_take_in_the_same_statement_at_once_take_it_once():
    rows, begun = [], threading.Barrier(2)

    def take():
        begun.wait(10)
        rows.append(receive(statement(agency="Agency Beta")))
        connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(rows), len(set(rows)), len(logged())) == (2, 1, 1)


def test_officers_of_this_node_sign_with_the_keys_that_they_were_enrolled_with(tmp_path):
    here = access.node(tmp_path)
    lead, second = access.enrolled(here)
    moment = access.NOW + timedelta(hours=1)
    usual = {"agency": here.name, "officer": lead.pseudonym, "made": moment, "review": moment + timedelta(days=20)}
    said = change(statement("baseline", says={"value": True}), **usual)
    envelope = add_officer(
        add_officer(sign_assertion(said, here.keys.root.signing_key()), access.key(1)), access.key(2)
    )
    do = partial(do_make_as_node, said, here, acting_user=lead.pseudonym, now=moment)
    with pytest.raises(BadSignatureError):
        do(officers=envelope.officers[:1])
    assert do(officers=envelope.officers)
    do_revoke_officer(second.pseudonym, why="a stolen key", officer=lead, node=here, now=moment)
    assert officer_records()[key_name(access.key(2).public_key().public_bytes_raw())].revoked == moment


@pytest.mark.django_db(transaction=True)  # a refusal is written on a connection of its own
def test_what_widens_the_handling_of_an_earlier_statement_is_approved_by_two(tmp_path):
    here = access.node(tmp_path)
    lead, second = access.enrolled(here)
    moment = access.NOW + timedelta(hours=1)
    usual = {"agency": here.name, "made": moment, "review": moment + timedelta(days=20)}
    do = partial(do_make_as_node, node=here, acting_user=lead.pseudonym, now=moment)
    do(statement(handling=Handling(), **usual))
    wider = statement(number=2, supersedes=(identifier(1),), **usual)
    act, wanted = Permission.HANDLING_WIDEN, hashlib.sha256(encode_assertion(wider)).hexdigest()

    def approve(widening, is_wider):
        assert is_wider
        use_approval(act, {"assertion": widening}, officer=lead, node=here, now=moment)
        return ()

    with pytest.raises(UsageError, match="which it takes back or says again: two must approve that"):
        do(wider)
    access.asked(here, act, {"assertion": wanted}, lead, now=moment)
    with pytest.raises(NotApprovedError):
        do(wider, approve=approve)
    access.approved(here, act, {"assertion": wanted}, lead, second, now=moment)
    with pytest.raises(NotApprovedError):
        do(change(wider, basis="Invented Act 2"), approve=approve)
    assert StoredAssertion.objects.count() == 1
    do(wider, approve=approve)
    assert StoredAssertion.objects.count() == 2
    assert Approval.objects.get().used_at == moment


def test_who_makes_a_batch_signs_its_header_with_the_own_key_and_with_no_other(tmp_path):
    here = access.node(tmp_path)
    lead, _ = access.enrolled(here)
    moment = access.NOW + timedelta(hours=1)
    with pytest.raises(UsageError, match="not that of"):
        countersigning(access.key(2), lead, moment)
    sign = countersigning(access.key(1), lead, moment)
    envelope = sign(sign_assertion(statement(agency=here.name), here.keys.root.signing_key()))
    keys = {**officer_records(), own_key(here).name: own_key(here)}
    assert [one.officer for one in verify_record(envelope, keys, logged_at=moment)] == [lead.pseudonym]


def test_the_server_counts_statements_when_it_is_told_to():
    make(statement())
    make_ready_for_many()
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname IN ('assertion', 'assertion_about')")
        assert cursor.fetchall() == [(1,), (1,)]


@pytest.mark.parametrize("withdrawn", [False, True])
def test_what_says_the_same_again_to_more_is_approved_by_two(tmp_path, withdrawn):
    here = access.node(tmp_path)
    lead, _ = access.enrolled(here)
    moment = access.NOW + timedelta(hours=1)
    usual = {"agency": here.name, "made": moment, "review": moment + timedelta(days=20)}
    do = partial(do_make_as_node, node=here, acting_user=lead.pseudonym, now=moment + timedelta(hours=1))
    do(statement(handling=Handling(), **usual))
    if withdrawn:
        do(statement("withdrawn", number=7, supersedes=(identifier(1),), handling=Handling(), **usual))
    usual["made"] = moment + timedelta(minutes=1)
    do(statement(number=2, says={"scheme": "DEMO", "value": "2"}, **usual))
    do(statement(number=3, handling=Handling(), **usual))
    wider = statement(number=4, **usual)
    with pytest.raises(UsageError, match="which it takes back or says again: two must approve that"):
        do(wider)
    asked = []
    do(wider, approve=lambda widening, is_wider: asked.append((widening, is_wider)) or ())
    assert asked == [(hashlib.sha256(encode_assertion(wider)).hexdigest(), True)]
    others = change(statement(number=5, **usual), about=About(type="item", ids=(digest(2),)))
    do(others)


def test_a_purpose_of_a_newer_node_is_one_where_a_statement_that_may_be_seen_has_it():
    alpha = reader("Agency Alpha")
    assert is_purpose_here("removal", alpha, NODE)
    assert not is_purpose_here("later-purpose", alpha, NODE)
    receive(statement(agency="Agency Beta", purpose="later-purpose"))
    receive(statement(number=2, agency="Agency Beta", purpose="hidden-purpose", handling=Handling()))
    assert is_purpose_here("later-purpose", alpha, NODE)
    assert not is_purpose_here("hidden-purpose", alpha, NODE)


@pytest.mark.django_db(transaction=True)  # a refusal is written on a connection of its own
def test_an_officer_speaks_as_himself_where_he_may_and_widens_what_two_approved(tmp_path):
    here = access.node(tmp_path)
    lead, second = access.enrolled(here)
    moment = access.NOW + timedelta(hours=1)
    usual = {"agency": here.name, "officer": lead.pseudonym, "made": moment, "review": moment + timedelta(days=9)}
    narrow = statement(handling=Handling(), **usual)
    do = partial(do_state, officer=lead, node=here, now=moment)
    with pytest.raises(UsageError, match="make a statement of your own"):
        do(change(narrow, officer="Alex Madeup, 3 Sea Lane"))
    with pytest.raises(UsageError, match="more than 30 days ago"):
        do(change(narrow, made=moment - timedelta(days=31)))
    with pytest.raises(UsageError, match="signed by two officers: give your own key"):
        do(change(narrow, kind="baseline"))
    with pytest.raises(UsageError, match="is not that of"):
        do(narrow, key=access.key(2))
    with pytest.raises(RefusedError):
        do_state(narrow, officer=replace(second, pseudonym="officer-none"), node=here, now=moment)
    assert not any_statements()
    do(narrow)
    with pytest.raises(UsageError, match="field z is not known here"):
        write_draft(change(narrow, says={**narrow.says, "z": "1"}), lead, moment)
    wider = statement(number=2, supersedes=(narrow.id,), **usual)
    wanted = hashlib.sha256(write_draft(wider, lead, moment)).hexdigest()
    with pytest.raises(NotApprovedError):
        do(wider)
    access.approved(here, Permission.HANDLING_WIDEN, {"assertion": wanted}, lead, second, now=moment)
    do(wider)
    assert Approval.objects.get().used_at == moment


@pytest.mark.django_db(transaction=True)  # a refusal is written on a connection of its own
def test_a_kind_for_four_eyes_is_made_once_another_officer_signed_exactly_that(tmp_path):
    here = access.node(tmp_path)
    lead, second = access.enrolled(here)
    moment = access.NOW + timedelta(hours=1)
    usual = {"agency": here.name, "officer": lead.pseudonym, "made": moment, "review": moment + timedelta(days=9)}
    said = statement("baseline", says={"value": True}, **usual)
    wanted = {"assertion": hashlib.sha256(write_draft(said, lead, moment)).hexdigest()}
    act = Permission.ASSERTION_MAKE_BY_TWO
    do = partial(do_state, said, key=access.key(1), officer=lead, node=here, now=moment)
    with pytest.raises(NotApprovedError):
        do()
    access.approved(here, act, wanted, lead, second, now=moment)
    with pytest.raises(BadSignatureError, match="a second officer"):
        do()  # approved, and not signed
    assert not any_statements()
    request = access.asked(here, act, wanted, lead, now=moment)
    approve = partial(do_approve_act, request, access.approval_of(here, request), officer=second, node=here, now=moment)
    with pytest.raises(BadOfficerSignatureError):
        approve(over=over_statement(access.key(1), asked_request(request, here).request))
    approve(over=over_statement(access.key(2), asked_request(request, here).request))
    do()
    assert approvers_of([said], here) == {(here.name, said.id): (second.pseudonym,)}
    with pytest.raises(NotApprovedError):
        do_state(change(said, id=identifier(2)), key=access.key(1), officer=lead, node=here, now=moment)


@pytest.mark.django_db(transaction=True)  # a refusal is written on a connection of its own
def test_one_approval_is_enough_for_four_eyes_and_a_wider_handling(tmp_path):
    here = access.node(tmp_path)
    lead, second = access.enrolled(here)
    moment = access.NOW + timedelta(hours=1)
    usual = {"agency": here.name, "officer": lead.pseudonym, "made": moment, "review": moment + timedelta(days=9)}
    do = partial(do_state, key=access.key(1), officer=lead, node=here, now=moment)

    def approved(said, act):
        request = access.asked(
            here, act, {"assertion": hashlib.sha256(encode_assertion(said)).hexdigest()}, lead, now=moment
        )
        over = over_statement(access.key(2), asked_request(request, here).request)
        signature = access.approval_of(here, request)
        do_approve_act(request, signature, over=over, officer=second, node=here, now=moment)

    narrow = statement("baseline", says={"value": True}, handling=Handling(), **usual)
    approved(narrow, Permission.ASSERTION_MAKE_BY_TWO)
    do(narrow)
    wider = statement("baseline", 2, says={"value": True}, supersedes=(narrow.id,), **usual)
    approved(wider, Permission.ASSERTION_MAKE_BY_TWO)
    with pytest.raises(NotApprovedError):
        do(wider)
    approved(wider, Permission.HANDLING_WIDEN)
    do(wider)
    assert set(approvers_of([narrow, wider], here).values()) == {(second.pseudonym,)}


def test_whoever_keeps_answers_learns_of_each_statement_and_of_each_review():
    assert not any_statements()
    versions = [statements_version(NOW)]
    make(statement(review=NOW + timedelta(days=1)))
    assert any_statements()
    versions.append(statements_version(NOW))
    assert statements_version(NOW + timedelta(hours=23)) == versions[-1]
    versions.append(statements_version(NOW + timedelta(days=1)))
    receive(statement("urgent", 2, agency="Agency Beta"))
    versions.append(statements_version(NOW + timedelta(days=1)))
    assert len(set(versions)) == len(versions)
