"""Every command that opens the node asks first whether the officer may: who has no role gets nowhere, and it is logged."""

import io
import shutil
from contextlib import redirect_stderr, redirect_stdout
from itertools import product

import click
import pytest

from safelight.access.errors import RefusedError
from safelight.access.models import RoleGrant
from safelight.access.node import Node
from safelight.casework.access import Acting, open_case
from safelight.cli import safelight_commands
from safelight.log.entries import Event
from safelight.log.queries import recorded_entries
from safelight.platform.settings import read_settings
from safelight.platform.walls import acting
from tests.integration.access.example import LEAD, NOW, SECOND, enrolled, events
from tests.integration.entrances import owner
from tests.nodes import KEYS, NODE, UNLOCKED, write_node

pytestmark = pytest.mark.django_db(transaction=True)
DIGEST = "ab" * 32
WHY = ("--why", "a made-up reason")
ASKED = {
    "act approve": ("1", "--signature", "00" * 64),
    "act glass": ("1",),
    "act list": (),
    "act review": ("1", "--remark", "seen"),
    "act show": ("1",),
    "backup create": ("FOLDER",),
    "backup prune": ("FOLDER",),
    "backup verify": ("FOLDER",),
    "check": ("FILE",),
    "export list": (),
    "export icse": ("Case of others", "--to", "Agency Beta", "--out", "NEW", *WHY),
    "export vics": ("Case of others", "--to", "Agency Beta", "--out", "NEW", *WHY),
    "export plan": ("Case", "--to", "Agency Beta", "--out", "DRAFT"),
    "export withdraw": (DIGEST, "--out", "FOLDER"),
    "find": ("harbour", "--case", "Case", *WHY),
    "history": (DIGEST, *WHY),
    "known import": ("FILE",),
    "known list": (),
    "known quarantine": ("FILE", *WHY),
    "known remove": ("Series Harbour", "--yes"),
    "known show": ("Series Harbour",),
    "log checkpoint": (),
    "log cosigned": ("FILE", "--policy", "FILE"),
    "log prove": ("0",),
    "node kit": ("FOLDER", *WHY),
    "officer enrol": ("--name", "Robin Invented", "--role", "auditor", "--public-key", DIGEST),
    "officer grant": (LEAD.pseudonym, "auditor"),
    "officer join": (LEAD.pseudonym, "1"),
    "officer leave": (LEAD.pseudonym, "1"),
    "officer list": (),
    "officer revoke": (LEAD.pseudonym, *WHY),
    "officer withdraw": (LEAD.pseudonym, "auditor"),
    "report": ("Case",),
    "review": (),
    "review keep": ("1", *WHY),
    "state make": ("note", "--about", f"item:{DIGEST}", "--set", "text=seen", "--basis", "Act 1", "--nature", "fact"),
    "state send": ("FILE",),
    "vault certificate": (DIGEST,),
    "vault erase": (DIGEST, *WHY, "--legal-basis", "made-up order 7"),
    "vault fsck": (),
    "vault hold": (DIGEST, *WHY),
    "vault readmit": (DIGEST, *WHY, "--legal-basis", "made-up order 8"),
    "vault receipt": (DIGEST, "Agency Beta"),
    "vault release": (DIGEST, *WHY),
    "vault rotate": (),
    "vault sweep": (),
}
"""Each command with words that it would take from somebody who may."""
NOT_ASKED = {
    "act break-glass": "the kit's words are asked for first; `do_break_glass` asks, and its tests see to it",
    "act request": "the officer's key is asked for first, at a terminal; `do_request_act` asks, and its tests see to it",
    "backup restore": "the secret or the kit of the node that is restored opens it; there is no database to ask yet",
    "compare": "works on files alone",
    "database upgrade": "restores a backup, as `backup restore`",
    "doctor": "says how the machine and its node stand, and nothing of what is in it",
    "export open": "works offline, on what somebody was given",
    "export send": "the draft says of which case it is; `open_draft` asks, and its tests see to it",
    "export show": "as `export send`",
    "hash": "works on files alone",
    "log open": "works offline, on what somebody was given",
    "log verify": "works offline, on a copy",
    "node create": "there is no node yet",
    "node recover": "the recovery kit stands for every officer, and it is reviewed",
    "officer countersign": "nobody acts: the signature of the second is what is taken in",
    "officer key": "makes a file, and opens no node",
    "state kinds": "lists what comes with Safelight, and opens no node",
    "officer sign": "signs with an officer's own key, and opens no node",
}
"""Each command that does not ask, and why that is right."""


def commands(group, *names):
    """Every command below a group, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group) and command.invoke_without_command:
            yield " ".join((*names, name))
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield " ".join((*names, name))


def test_every_command_asks_or_says_why_not():
    assert sorted(commands(safelight_commands)) == sorted([*ASKED, *NOT_ASKED])


@pytest.fixture
def outsider(embedded_database, tmp_path):
    """Type a command as an officer with a role, who is no member of the one case that there is."""
    data = embedded_database.data
    write_node(data)
    shutil.rmtree(data / "log", ignore_errors=True)  # an earlier test's, whose entries are gone
    node = Node(KEYS, data)
    lead, _second = enrolled(node)
    with acting(lead.pseudonym):
        open_case("Case of others", None, Acting(node, lead, lead.pseudonym), now=NOW)
    (tmp_path / "list").write_text("md5\n")
    url = embedded_database.database_url
    settings = read_settings(data=data, key_file=UNLOCKED["SAFELIGHT_KEY_FILE"], database_url=url)

    def run(*words):
        paths = {
            "FILE": str(tmp_path / "list"),
            "FOLDER": str(tmp_path),
            "DRAFT": str(tmp_path / "draft"),
            "NEW": str(tmp_path / "new"),
        }
        given = [paths.get(word, word) for word in words]
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
            safelight_commands.main([*given, "--officer", SECOND.pseudonym], standalone_mode=False, obj=settings)
        return out.getvalue()

    return run


@pytest.fixture
def nobody(outsider):
    """Type a command as an officer who has lost his only role."""
    with owner():  # no worker deletes a role
        RoleGrant.objects.filter(officer__pseudonym=SECOND.pseudonym).delete()
    return outsider


@pytest.mark.parametrize("command", ASKED)
def test_who_has_no_role_is_refused_and_it_is_logged(nobody, command):
    before = len(events())
    with pytest.raises(RefusedError):
        nobody(*command.split(), *ASKED[command])
    assert events()[before:] == [Event.REFUSED]


READ = {
    "find": ("harbour", "--case", "CASE", *WHY),
    "report": ("CASE", "--out", "FOLDER"),
    "report --pictures-for Unit": ("CASE", "--out", "FOLDER", *WHY),
    "report --pictures-for Unit --plan": ("CASE",),
}
"""What shows something of a case, with words that it would take from a member."""


@pytest.mark.parametrize(
    ("command", "case"), [*product(READ, ("Case of others", "Case of nobody")), ("check", "Case of others")]
)
def test_who_is_no_member_is_refused_and_it_is_logged(outsider, command, case):
    words = [case if word == "CASE" else word for word in READ.get(command, ("FILE", "--case", "CASE"))]
    before = len(events())
    with pytest.raises(RefusedError):
        outsider(*command.split(), *words)
    [refused] = list(recorded_entries(NODE.log_sealer))[before:]
    assert refused.event == Event.REFUSED
    assert b'"permission":"' in refused.record


@pytest.mark.parametrize("command", ["backup create", "backup prune", "backup verify"])
def test_backups_have_a_permission_of_their_own(nobody, command):
    with pytest.raises(RefusedError):
        nobody(*command.split(), *ASKED[command])
    asked = [entry.record for entry in recorded_entries(NODE.log_sealer)][-1]
    assert b'"permission":"access:backup:take"' in asked
