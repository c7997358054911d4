"""A node is made once, had back by its own kit and for a reason, and that is up for review."""

import pytest

from safelight.access.actions import do_create_node, do_make_kit, do_recover_node
from safelight.access.errors import NotApprovedError, RefusedError
from safelight.access.node import keys_path, open_node
from safelight.access.permissions import Permission
from safelight.access.queries import open_reviews
from safelight.access.rules import FOUNDER
from safelight.errors import UsageError
from safelight.log.entries import Event
from safelight.platform.settings import read_settings
from safelight.vault.keys import RootKey
from safelight.vault.nodekeys import BadKeysFileError
from safelight.vault.protection import KeyFile
from safelight.vault.recovery import BadShareError, restore_root
from tests.integration.access.example import NOW, approved, enrolled, events, said

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = KeyFile(bytes(32)), KeyFile(bytes([1]) * 32)


@pytest.fixture
def settings(tmp_path):
    tmp_path.chmod(0o700)
    return read_settings(data=tmp_path)


@pytest.fixture
def made(settings):
    return do_create_node(
        "unit-alpha.example", settings, lambda: OLD, needed=2, total=3, acting_user="alex", now=NOW
    )  # fmt: skip


def recovered(settings, root, *, name=None, why="the key file is lost"):
    return do_recover_node(root, settings, NEW, name=name, why=why, acting_user="alex", now=NOW)


def test_a_node_is_made_once(settings, made):
    assert (made.node.name, len(made.sheets), made.node.log_store.checkpoint() is not None) == (
        "unit-alpha.example",
        3,
        True,
    )
    with pytest.raises(UsageError, match="never written over"):
        do_create_node("unit-beta.example", settings, lambda: NEW, needed=2, total=3, acting_user="alex", now=NOW)
    assert events() == [Event.NODE_CREATED]


@pytest.mark.parametrize("lost", [False, True])
def test_a_recovered_node_opens_by_the_new_secret_and_is_up_for_review(settings, made, lost):
    root = made.node.keys.root
    if lost:
        keys_path(settings).unlink()
        with pytest.raises(UsageError, match="--name"):
            recovered(settings, root)
    recovered(settings, root, name="unit-alpha.example" if lost else None)
    assert open_node(settings, NEW).keys.root == root
    assert [(one.act, one.by) for one in open_reviews()] == [("access:node:recover", None)]
    assert events() == [Event.NODE_CREATED, Event.NODE_RECOVERED, Event.GLASS_BROKEN]


def test_a_node_is_not_had_back_without_its_own_root_and_a_reason(settings, made):
    with pytest.raises(BadKeysFileError):
        recovered(settings, RootKey(bytes(32)))
    with pytest.raises(UsageError, match="without a reason"):
        recovered(settings, made.node.keys.root, why=" ")
    assert open_node(settings, OLD).keys.root == made.node.keys.root
    assert open_reviews() == []


def further_kit(here, officer, *, needed=2, total=3, why="the first was never printed"):
    return do_make_kit(here, needed=needed, total=total, why=why, officer=officer, acting_user="alex", now=NOW)


def words(*sheets):
    return [sheet.words for sheet in sheets]


@pytest.mark.parametrize(("needed", "total"), [(2, 3), (3, 5)])
def test_a_further_kit_gives_the_same_key_back_and_the_first_goes_on_doing_so(made, needed, total):
    sheets = further_kit(made.node, FOUNDER, needed=needed, total=total)
    assert (len(sheets), {sheet.fingerprint for sheet in sheets}) == (total, {made.sheets[0].fingerprint})
    assert restore_root(words(*sheets[-needed:])) == made.node.keys.root
    assert restore_root(words(*made.sheets[:2])) == made.node.keys.root
    with pytest.raises(BadShareError):
        restore_root(words(made.sheets[0], *sheets[1:needed]))
    assert events() == [Event.NODE_CREATED, Event.KIT_MADE]
    assert b'"why":"the first was never printed"' in said(made.node)[-1]
    assert sheets[0].words.encode() not in said(made.node)[-1]


@pytest.mark.parametrize(("changed", "match"), [({"why": " "}, "reason"), ({"needed": 1}, "cannot be")])
def test_a_kit_that_cannot_be_or_has_no_reason_is_not_made(made, changed, match):
    with pytest.raises(UsageError, match=match):
        further_kit(made.node, FOUNDER, **changed)
    assert events() == [Event.NODE_CREATED]


def test_where_officers_are_enrolled_two_want_exactly_this_kit(made):
    lead, second = enrolled(made.node)
    with pytest.raises(RefusedError):
        further_kit(made.node, second)
    approved(made.node, Permission.KIT_MAKE, {"needed": "2", "shares": "3"}, lead, second)
    with pytest.raises(NotApprovedError):
        further_kit(made.node, lead, total=4)
    assert len(further_kit(made.node, lead)) == 3
    with pytest.raises(NotApprovedError):
        further_kit(made.node, lead)
    assert events().count(Event.KIT_MADE) == 1
