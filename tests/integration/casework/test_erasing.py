"""An erasure takes all that was made of a content; places, others' work and everything that reads it go on."""

import hashlib

import pytest
from django.db import connection

from safelight.access.errors import NotApprovedError, RefusedError
from safelight.access.permissions import Permission
from safelight.casework.access import Acting
from safelight.casework.actions import WorkOnItems, do_erase_item, do_readmit_item
from safelight.casework.check.options import Keep
from safelight.casework.models import Answer, Case, Kept, StackMember
from safelight.casework.proof import TABLE, open_evidence
from safelight.casework.queries import summarise
from safelight.casework.report.gather import gather
from safelight.evidence.actions import RecordedOfItems
from safelight.evidence.models import Item, ItemState, Sighting
from safelight.evidence.recording import ERASED_BEFORE
from safelight.platform.walls import acting as behind_walls
from safelight.samples.exif import Camera
from safelight.samples.formats import FORMATS, camera_jpeg
from safelight.samples.pictures import picture
from safelight.vault.actions.erasing import ErasureOrder, do_erase_content
from safelight.vault.actions.readmitting import ReadmissionOrder
from safelight.vault.content import ErasedContentError, NotKeptError
from safelight.vault.fsck import check_vault
from safelight.vault.models import Signature, SignatureKey
from safelight.vault.signatures import Realm
from tests.integration.access.example import LATER, approved, enrolled
from tests.integration.casework.conftest import NOW
from tests.integration.entrances import owner
from tests.nodes import acting_in, node_in

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = ErasureOrder("a made-up court said so", "made-up order 7")
ONE, OTHER = (FORMATS["png-rgb"].write(picture(13, number, (96, 64))) for number in (1, 2))


def digest(content):
    return hashlib.sha256(content).digest()


def erase(bench, content, acting=None, now=NOW):
    return do_erase_item(digest(content), ORDER, acting=acting or acting_in(bench.data), now=now)


def item_of(bench, name):
    return Sighting.objects.filter(name=name.encode()).latest("id").item


def report(bench, case="Case"):
    return gather(Case.objects.get(name=case), bench.vault, now=NOW, demo=True)


def known(bench, content, name="demo-not-for-use.csv"):
    path = bench.source.parent / name
    path.write_text(f"md5,sha1,sha256,category\n,,{digest(content).hex()},1\n")
    bench.learn(path)


def everything():
    """Every value in every table that the node writes, as one run of bytes."""
    with owner(), connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if not name.startswith("django")]
        found = []
        for name in names:
            cursor.execute(f'SELECT * FROM "{name}"')
            found += [bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode()
                      for row in cursor.fetchall() for one in row]  # fmt: skip
    return b"\0".join(found)


def test_all_that_was_made_of_a_content_goes_and_its_places_stay(bench):
    known(bench, ONE)
    bench.put("one.png", ONE)
    bench.put("again.png", ONE)
    bench.put("other.png", OTHER)
    bench.check(keep=Keep.ALL)
    item = item_of(bench, "one.png")
    keys = set(SignatureKey.objects.values_list("wrapped", flat=True))
    shown = erase(bench, ONE)
    assert dict(shown.act.destroyed) == {
        "keys": 1, "rows": 1, "blobs": 1, "signatures": 1, "small pictures": 1, "answers' evidence": 1,
        "places in stacks": 1,
    }  # fmt: skip
    item.refresh_from_db()
    assert (item.state, item.sealed, item.metadata, item.width) == (ItemState.ERASED, None, None, None)
    [answer] = Answer.objects.filter(item=item)
    assert (answer.current, open_evidence(bytes(answer.evidence), answer.pk, bench.vault.columns(TABLE))) == (False, [])
    assert not StackMember.objects.filter(item=item).exists()
    assert not Kept.objects.filter(item=item).exists()
    assert Signature.objects.filter(realm=Realm.ITEM).count() == 1
    assert not keys & set(SignatureKey.objects.filter(block__in=Signature.objects.filter(realm=Realm.ITEM).values("block")).values_list("wrapped", flat=True))  # fmt: skip
    assert Sighting.objects.filter(item=item).count() == 2
    assert list(check_vault(bench.vault)) == []
    assert Signature.objects.filter(realm=Realm.KNOWN).count() == 1


def test_a_report_names_the_places_of_what_was_erased(bench):
    bench.put("one.png", ONE)
    bench.put("other.png", OTHER)
    bench.check()
    erase(bench, ONE)
    by_path = {one.sightings[0].path.rpartition("/")[2]: one for one in report(bench).items}
    gone = by_path["one.png"]
    assert (gone.verdict, gone.reason, gone.sha256, gone.tile) == (
        "not examined", "its content was erased from this node", "", None,
    )  # fmt: skip
    assert by_path["other.png"].verdict == "new"
    assert summarise(Case.objects.get(), "Exhibit").sightings == {"not examined": 1, "new": 1}
    assert digest(ONE).hex().encode() not in everything()


def test_a_check_that_meets_it_again_says_so_and_keeps_nothing(bench):
    bench.put("one.png", ONE)
    bench.check()
    erase(bench, ONE)
    bench.check()  # the same place, as it was: nothing is read
    assert bench.failures() == {}
    bench.put("elsewhere.png", ONE)
    known(bench, ONE)
    bench.check()
    assert [(one.kind, one.reason) for one in bench.watching.failures] == [("erased", ERASED_BEFORE)]
    assert (Item.objects.count(), Signature.objects.filter(realm=Realm.ITEM).count(), Kept.objects.count()) == (1, 0, 0)
    assert Answer.objects.filter(current=True).count() == 0
    bench.check(case="Another case")
    assert bench.failures() == {"one.png": "erased", "elsewhere.png": "erased"}
    assert Signature.objects.filter(realm=Realm.ITEM).count() == 0


def test_what_was_let_in_again_is_read_where_it_lies_as_it_was(bench):
    bench.put("one.png", ONE)
    bench.put("other.png", OTHER)
    bench.check()
    for content in (ONE, OTHER):
        erase(bench, content)
    order = ReadmissionOrder("the made-up court changed its mind", "made-up order 8")
    do_readmit_item(digest(ONE), order, acting=acting_in(bench.data), now=NOW)
    bench.check()
    assert bench.failures() == {"other.png": "erased"}
    assert summarise(Case.objects.get(), "Exhibit").sightings == {"not examined": 1, "new": 1}
    assert digest(OTHER).hex().encode() not in everything()


def test_a_place_that_is_touched_is_read_again_and_named_without_saying_that_it_changed(bench):
    path = bench.put("one.png", ONE)
    bench.check()
    erase(bench, ONE)
    path.write_bytes(ONE)
    bench.check()
    assert bench.failures() == {"one.png": "erased"}
    bench.check()
    assert bench.failures() == {}


def test_stacks_are_built_anew_without_it_and_matching_goes_on(bench):
    third = ONE + b"three more"
    bench.put("one.png", ONE)
    bench.put("copy.png", ONE + b"a trailing byte or two")
    bench.put("third.png", third)
    bench.check()
    representative = StackMember.objects.filter(near=False).order_by("id").first().item
    stored = bench.vault.signatures.fetch([representative.signature])[representative.signature].sha256
    do_erase_item(stored, ORDER, acting=acting_in(bench.data), now=NOW)
    assert not StackMember.objects.filter(representative=representative).exists()
    left = set(Answer.objects.filter(current=True).values_list("item", flat=True))
    assert set(StackMember.objects.filter(near=False).values_list("item", flat=True)) == left
    assert len(left) == 2
    assert report(bench).stacks
    known(bench, third)
    bench.check()
    assert item_of(bench, "third.png").pk in set(
        Answer.objects.filter(current=True, verdict="known").values_list("item", flat=True)
    )


def test_what_was_embedded_in_it_is_an_item_of_its_own_and_says_why_it_cannot_be_read_again(bench):
    holder = camera_jpeg(picture(13, 5, (640, 480)), Camera())
    bench.put("photo.jpg", holder)
    bench.check(keep=Keep.NONE)
    assert Item.objects.count() == 2
    erase(bench, holder)
    bench.check(keep=Keep.ALL)
    assert [one.kind for one in bench.watching.failures] == ["not kept"]
    assert "was erased" in bench.watching.failures[0].reason


def test_what_is_only_seen_and_not_kept_is_erased_too_and_once(bench):
    bench.put("one.png", ONE)
    bench.check(keep=Keep.NONE)
    assert erase(bench, ONE).act.destroyed["signatures"] == 1
    with pytest.raises(ErasedContentError):
        erase(bench, ONE)
    with pytest.raises(NotKeptError):
        erase(bench, OTHER)


def test_another_owners_erasure_leaves_the_nodes_items(bench):
    bench.put("one.png", ONE)
    bench.check()
    derived = (WorkOnItems(bench.vault), RecordedOfItems(bench.vault))
    with pytest.raises(NotKeptError):
        do_erase_content(
            bench.vault, digest(ONE), "Agency Beta", ORDER, approve=str, derived=derived, acting_user="x", now=NOW
        )
    assert Item.objects.get().state == ItemState.PICTURE


def test_two_have_to_want_exactly_this(bench):
    bench.put("one.png", ONE)
    bench.put("other.png", OTHER)
    bench.check()
    here = node_in(bench.data)
    lead, second = enrolled(here)
    acting = Acting(here, lead, lead.pseudonym)
    wanted = {"owner": here.name, "sha256": digest(ONE).hex()}
    request = approved(here, Permission.CONTENT_ERASE, wanted, lead, second)
    with behind_walls(lead.pseudonym):
        with pytest.raises(NotApprovedError):
            erase(bench, OTHER, acting, now=LATER)
        shown = erase(bench, ONE, acting, now=LATER)
    assert (shown.act.approval, shown.act.by) == (f"act-{request}", lead.pseudonym)
    with owner():
        assert item_of(bench, "other.png").state == ItemState.PICTURE
    with pytest.raises(RefusedError):
        erase(bench, OTHER, acting_in(bench.data), now=LATER)


def test_it_reaches_into_cases_that_whoever_erases_is_not_shown(bench):
    """Behind the second wall, as a command works: two may want an erasure without being members of every case."""
    known(bench, ONE)
    bench.put("one.png", ONE)
    bench.check(keep=Keep.ALL)
    here = node_in(bench.data)
    lead, second = enrolled(here)
    wanted = {"owner": here.name, "sha256": digest(ONE).hex()}
    approved(here, Permission.CONTENT_ERASE, wanted, lead, second)
    with behind_walls(lead.pseudonym):
        assert not Case.objects.exists()
        shown = erase(bench, ONE, Acting(here, lead, lead.pseudonym), now=LATER)
        assert not Case.objects.exists()
    assert shown.act.destroyed["answers' evidence"] == 1
    with owner():
        answer = Answer.objects.get()
        evidence = open_evidence(bytes(answer.evidence), answer.pk, bench.vault.columns(TABLE))
        assert (evidence, answer.current) == ([], False)
        assert not StackMember.objects.exists()
        assert not Kept.objects.exists()
