"""What only code can do in a data folder for the test of `planting`: run as a process of its own."""

import json
import sys
from datetime import timedelta
from pathlib import Path

from safelight.platform.clock import now
from safelight.platform.database import open_database, set_up_django
from safelight.platform.settings import read_settings
from safelight.vault.protection import read_key_file

set_up_django()

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402
from django.db import connection  # noqa: E402

from safelight.access.four_eyes import do_approve_act, do_break_glass, do_request_act  # noqa: E402
from safelight.access.node import Node, open_node  # noqa: E402
from safelight.access.officer_actions import Interval, Person, do_enrol_first_two  # noqa: E402
from safelight.access.officer_keys import SignedAs, public_text, sign  # noqa: E402
from safelight.access.permissions import Permission  # noqa: E402
from safelight.access.queries import asked_request, find_officer  # noqa: E402
from safelight.access.roles import Role  # noqa: E402
from safelight.assertions.actions import do_make_as_node  # noqa: E402
from safelight.casework.models import Answer  # noqa: E402
from safelight.evidence.models import Item  # noqa: E402
from safelight.evidence.sealed import TABLE, open_seen  # noqa: E402
from safelight.log.actions import do_add_entry, do_erase_entry  # noqa: E402
from safelight.log.entries import Entry, Event  # noqa: E402
from safelight.vault.signatures import Realm  # noqa: E402
from tests.unit.assertions.example import statement  # noqa: E402


def say(node: Node, note: str, name: str, erased: str, asked: str, broken: str) -> None:
    """Make a statement, enrol two officers, write an entry of the log and erase it, ask for an act, break a glass."""
    moment = now()
    made = moment.replace(microsecond=0) - timedelta(hours=1)
    said = statement("note", 1, says={"text": note}, agency=node.name, made=made, review=made + timedelta(days=30))
    do_make_as_node(said, node, acting_user="officer-7", now=moment)
    entry = Entry(Event.SEARCHED, "officer-7", moment, erased, {"type": "item", "ids": [], "purposes": []})
    do_erase_entry(do_add_entry(entry, node.log_sealer))
    keys = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    roles = frozenset({Role.NATIONAL_OFFICER})
    one, other = (Person(name, roles, public_text(key), node.name) for key in keys)
    do_enrol_first_two((one, other), keys, Interval(moment, moment + timedelta(days=30)), node=node, now=moment)
    officers = [find_officer(person.pseudonym, moment) for person in (one, other)]
    act, values = Permission.CONTENT_ERASE, {"owner": node.name, "sha256": _one_of_all(node)}
    until = moment + timedelta(hours=1)
    number = do_request_act(
        act, values, why=asked, until=until, key=keys[0], officer=officers[0], node=node, now=moment
    )
    signature = sign(keys[1], SignedAs.APPROVAL, asked_request(number, node).record)
    do_approve_act(number, signature, officer=officers[1], node=node, now=moment)
    do_break_glass(node.keys.root, act, values, why=broken, officer=officers[0], node=node, now=moment)


def _one_of_all(node: Node) -> str:
    """The SHA-256 of some item."""
    return next(node.vault.signatures.digests(Realm.ITEM)).hex()


def open_all(node: Node) -> None:
    """Print every recorded digest, hash and small picture, in hex."""
    vault, found = node.vault, {}
    for item in Item.objects.order_by("id"):
        stored = vault.signatures.fetch([item.signature])[item.signature]
        told = {"sha256": stored.sha256, "sha1": stored.sha1, "md5": stored.md5}
        told |= {f"PDQ {pdq.which.name} {at}": pdq.bits for at, pdq in enumerate(stored.pdqs)}
        seen = open_seen(item.sealed, item.pk, vault.columns(TABLE))
        told |= {"tile": _telling(seen.tile), "digest of pixels": stored.pixels}
        found |= {f"{what} of item {item.pk}": value.hex() for what, value in told.items() if value}
    assert Answer.objects.exists()
    sys.stdout.write(json.dumps(found))


def copy_all(into: Path) -> None:
    """Copy every table, as the server gives it out in binary: large values come out of their compression."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [table for (table,) in cursor.fetchall()]
    for table in tables:
        with connection.connection.cursor().copy(f'COPY "{table}" TO STDOUT (FORMAT BINARY)') as rows:
            (into / table).write_bytes(b"".join(bytes(row) for row in rows))


def _telling(tile: bytes | None) -> bytes | None:
    """A stretch of a tile that stands nowhere by chance."""
    if tile is None:
        return None
    starts = range(0, len(tile) - 32, 32)
    return max((tile[start : start + 32] for start in starts), key=lambda stretch: len(set(stretch)))


def main(what: str, data: Path, key_file: Path, *words: str) -> None:
    settings = read_settings(data=data, key_file=key_file)
    with open_database(settings, as_owner=True):
        node = open_node(settings, read_key_file(key_file, data))
        if what == "say":
            say(node, *words)
        elif what == "open":
            open_all(node)
        else:
            copy_all(Path(*words))
