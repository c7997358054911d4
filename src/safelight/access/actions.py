"""Makes a node, and gives it back to those who hold its recovery kit.

Rules kept here:
- keys are never written over: a node is made where none is;
- a recovery kit is handed out once, and kept nowhere; a further one is a new splitting of the same key, wanted by two
  (four eyes), and logged before it is handed out;
- the first entry of a log says that its node was made, under which key and with which kit;
- whoever breaks the glass says why: a recovery is in the log, and up for review, before the keys are locked anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from safelight.access.authorising import require
from safelight.access.four_eyes import RECOVERY, do_note_glass, use_approval
from safelight.access.layout import keys_path
from safelight.access.node import Node, checked_name
from safelight.access.permissions import Permission
from safelight.access.rules import Officer
from safelight.errors import UsageError
from safelight.log.actions import do_add_entry, do_publish_entries
from safelight.log.entries import Entry, Event
from safelight.platform.settings import Settings
from safelight.vault.keys import RootKey
from safelight.vault.nodekeys import load_keys_by_root, make_keys, save_keys
from safelight.vault.protection import Secret
from safelight.vault.recovery import Sheet, make_kit


@dataclass(frozen=True)
class NewNode:
    """A node that was just made, and the sheets of its recovery kit, to be printed and put away."""

    node: Node
    sheets: list[Sheet]


def do_create_node(
    name: str,
    settings: Settings,
    secret: Callable[[], Secret],
    *,
    needed: int,
    total: int,
    acting_user: str,
    now: datetime,
) -> NewNode:
    """Make the node of a data folder: its keys, its recovery kit (any `needed` of `total` shares), its log.

    `secret` is asked for, or made, only when nothing else speaks against the node.

    Raises:
        UsageError: there is a node already, or the name, the passphrase or the kit's numbers cannot be.
        CannotRunError: keys or log could not be written; without keys, nothing was made.
    """
    path = keys_path(settings)
    if path.exists():
        raise UsageError(
            f"There is a node in {settings.data} already; its keys are never written over. Where its recovery kit was "
            "not handed out, `safelight node kit` makes one."
        )
    keys = make_keys(checked_name(name), secret())
    sheets = make_kit(keys.root, node=name, needed=needed, total=total, made_on=now.date())
    node = Node(keys, settings.data)
    about = {"node": name, "key": str(node.signer.key), "kit": {"needed": needed, "total": total}}
    with transaction.atomic():
        do_add_entry(Entry(Event.NODE_CREATED, acting_user, now, about=about), node.log_sealer)
        save_keys(path, keys, replacing=None)
    do_publish_entries(node.log_store, node.signer)
    return NewNode(node, sheets)


def do_make_kit(
    node: Node, *, needed: int, total: int, why: str, officer: Officer, acting_user: str, now: datetime
) -> list[Sheet]:
    """Make a further recovery kit of a node (any `needed` of `total` shares), and log it before it is handed out.

    Earlier kits go on giving the same key back, each by its own shares; shares of two kits do not go together.

    Raises:
        RefusedError, NotApprovedError: the officer may not, or no approval stands for exactly this; it is in the log.
        UsageError: `why` says nothing, or the kit's numbers cannot be.
    """
    require(officer, Permission.KIT_MAKE, sealer=node.log_sealer, now=now)
    sheets = make_kit(node.keys.root, node=node.name, needed=needed, total=total, made_on=now.date())
    with transaction.atomic():
        wanted = {"needed": str(needed), "shares": str(total)}
        approval = use_approval(Permission.KIT_MAKE, wanted, officer=officer, node=node, now=now)
        about = {"kit": {"needed": needed, "total": total}, "approval": approval}
        do_add_entry(Entry(Event.KIT_MADE, acting_user, now, why, about), node.log_sealer)
    return sheets


def do_recover_node(
    root: RootKey, settings: Settings, secret: Secret, *, name: str | None, why: str, acting_user: str, now: datetime
) -> Node:
    """Lock a node's keys anew under `secret`, with the root key from its recovery kit.

    `name` is the node's, needed where the file of node keys is lost; that its keys were rotated is lost with it.

    Raises:
        UsageError: `why` says nothing, the passphrase is too short, or the node's name is not known.
        BadKeysFileError: the kit, or the file of node keys, is another node's.
        UnsignedError, BadCheckpointError: the log is another node's.
        CannotRunError: keys or log could not be written.
    """
    path = keys_path(settings)
    if path.exists():
        before = load_keys_by_root(path, root)
        after = before.locked_by(secret)
    elif name is None:
        raise UsageError(f"The file of node keys is not in {settings.data}: give the node's name with --name.")
    else:
        before, after = None, make_keys(checked_name(name), secret, root=root)
    node = Node(after, settings.data)
    do_publish_entries(node.log_store, node.signer)  # a log that is not this node's stops it here
    entry = Entry(Event.NODE_RECOVERED, acting_user, now, why, {"node": node.name, "keys file": before is not None})
    with transaction.atomic():
        do_add_entry(entry, node.log_sealer)
        do_note_glass(RECOVERY, {"node": node.name}, why=why, acting_user=acting_user, node=node, now=now)
        save_keys(path, after, replacing=before)
    do_publish_entries(node.log_store, node.signer)
    return node
