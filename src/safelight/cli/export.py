"""`safelight export`: hand content out to another agency, know who was given what, and open what one was given.

An export is planned into a draft, approved by a second person by its hash, and then sent.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.access.permissions import Permission
from safelight.cli.acting import KEY_PATH, Session, by_officer, opened_key, session
from safelight.cli.showing import for_people, line, say, table
from safelight.errors import UsageError
from safelight.platform.settings import Settings
from safelight.platform.writing import lies_in, write_private
from safelight.vault.protection import Passphrase

if TYPE_CHECKING:
    from safelight.casework.access import Acting

_USUAL_PURPOSE = "identify-persons-and-objects"
_MOST_WORDS = 4096
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def export() -> None:
    """Content that is handed out: planned, approved by two, sealed for one recipient; answers; who was given what."""


@export.command()
@click.argument("case_name", metavar="CASE")
@click.option("--to", "agency", required=True, help="The agency that is to receive it.")
@click.option("--item", "items", multiple=True, help="Only this content, by SHA-256; given again for each.")
@click.option("--purpose", "purposes", multiple=True, default=[_USUAL_PURPOSE], show_default=True,
              help="For what they ask; statements of other purposes stay. May be given again.")  # fmt: skip
@click.option("--group", "groups", multiple=True, help="A group that the agency is in; given again for each.")
@click.option("--provider", "is_provider", is_flag=True, help="The agency is a provider, and no unit.")
@click.option("--out", "draft", type=_FILE, required=True, help="The new file for the draft, sealed for this node.")
@by_officer
@click.pass_obj
def plan(
    settings: Settings,
    *,
    case_name: str,
    agency: str,
    items: tuple[str, ...],
    purposes: tuple[str, ...],
    groups: tuple[str, ...],
    is_provider: bool,
    draft: Path,
    named: str | None,
) -> None:
    """List what of CASE would be handed out, with all that the recipient may have of what is said about it."""
    with session(settings, named) as here:
        from safelight.exchange.actions import plan_export
        from safelight.exchange.manifest import Recipient, parse_manifest
        from safelight.vault.content import checked_digest

        to = Recipient(agency, tuple(sorted(set(purposes))), tuple(sorted(set(groups))), is_provider)
        chosen = {checked_digest(one) for one in items}
        planned = plan_export(case_name, to, chosen, acting=_acting(here), now=here.now)
        manifest = parse_manifest(planned.record)
    _write_new(draft, planned.sealed)
    asked = f"--set case={manifest.case} --set manifest={planned.digest.hex()} --set 'recipient={agency}'"
    if for_people():
        say(f"{len(manifest.items)} contents and {len(manifest.statements)} statements for {agency}, in {draft}.")
        say(f"Have it approved: safelight act request vault:content:export {asked}")
    else:
        line(
            event="plan",
            case=manifest.case,
            manifest=planned.digest.hex(),
            recipient=agency,
            items=len(manifest.items),
            statements=len(manifest.statements),
        )


@export.command()
@click.argument("draft", type=_FILE)
@by_officer
@click.pass_obj
def show(settings: Settings, *, draft: Path, named: str | None) -> None:
    """Show what DRAFT would hand out, to whom, for who is to approve it."""
    with session(settings, named) as here:
        from safelight.exchange.actions import open_draft
        from safelight.exchange.manifest import manifest_digest

        manifest, record = open_draft(_read(draft), acting=_acting(here), now=here.now)
    line(event="manifest", manifest=manifest_digest(record).hex(), case=manifest.case, by=manifest.officer,
         recipient=manifest.recipient.agency, purposes=manifest.recipient.purposes, groups=manifest.recipient.groups,
         provider=manifest.recipient.is_provider, items=[one.sha256 for one in manifest.items],
         statements=len(manifest.statements))  # fmt: skip


@export.command()
@click.argument("draft", type=_FILE)
@click.option("--out", type=_FILE, required=True, help="The new file for the bundle, outside the data folder.")
@click.option("--why", required=True, help="Why; it stands in the log.")
@click.option("--key", "key_path", type=KEY_PATH, help="Your own key, which signs it; once officers are enrolled.")
@click.option("--passphrase-file", type=_FILE, help="A new file for the bundle's passphrase; else it is shown, once.")
@by_officer
@click.pass_obj
def send(
    settings: Settings,
    *,
    draft: Path,
    out: Path,
    why: str,
    key_path: Path | None,
    passphrase_file: Path | None,
    named: str | None,
) -> None:
    """Write what DRAFT lists into a sealed bundle, once two have approved it; tell its passphrase apart from it."""
    with session(settings, named) as here:
        from safelight.exchange.actions import do_send_export
        from safelight.exchange.bundle import new_passphrase

        key = opened_key(key_path, settings) if key_path is not None else None
        passphrase = new_passphrase()
        if passphrase_file is not None:
            _refuse_inside(passphrase_file, settings)
            _write_new(passphrase_file, passphrase.words.encode() + b"\n")
        try:
            sent = do_send_export(_read(draft), out, passphrase, why=why, key=key, acting=_acting(here), now=here.now)
        except BaseException:
            if passphrase_file is not None:
                passphrase_file.unlink()
            raise
    shown = {} if passphrase_file is not None else {"passphrase": passphrase.words}
    if for_people():
        say(f"{len(sent.items)} contents for {sent.recipient.agency}: {out}.")
        for words in shown.values():
            say(f"Its passphrase, shown this once, to be told apart from the file: {words}")
    else:
        line(event="export", path=str(out), recipient=sent.recipient.agency, items=len(sent.items), **shown)


def _answers(form: str, what: str) -> click.Command:
    @click.argument("case_name", metavar="CASE")
    @click.option("--to", "agency", required=True, help="The agency that is to receive it.")
    @click.option("--purpose", "purposes", multiple=True, default=[_USUAL_PURPOSE], show_default=True,
                  help="For what they ask; statements of other purposes stay. May be given again.")  # fmt: skip
    @click.option("--group", "groups", multiple=True, help="A group that the agency is in; given again for each.")
    @click.option("--provider", "is_provider", is_flag=True, help="The agency is a provider, and no unit.")
    @click.option("--scheme", help="The scheme of the grades in it; else the case's. No grade is translated.")
    @click.option("--with-lists", is_flag=True, help="Also what lists of others say, each named as such.")
    @click.option("--out", type=_FILE, required=True, help="The new file, outside the data folder.")
    @click.option("--why", required=True, help="Why; it stands in the log.")
    @by_officer
    @click.pass_obj
    def command(
        settings: Settings,
        *,
        case_name: str,
        agency: str,
        purposes: tuple[str, ...],
        groups: tuple[str, ...],
        is_provider: bool,
        scheme: str | None,
        with_lists: bool,
        out: Path,
        why: str,
        named: str | None,
    ) -> None:
        with session(settings, named) as here:
            from safelight.exchange.answers.actions import Order, do_write_answers
            from safelight.exchange.manifest import Recipient

            to = Recipient(agency, tuple(sorted(set(purposes))), tuple(sorted(set(groups))), is_provider)
            order = Order(form, to, scheme, with_lists)
            losses = do_write_answers(case_name, order, out, why=why, acting=_acting(here), now=here.now)
        lost = {loss.value: count for loss, count in sorted(losses.counts.items())}
        if not for_people():
            line(event="answers", path=str(out), form=form, contents=losses.contents, lost=lost)
            return
        say(f"{losses.contents} contents for {agency}: {out}. It is in clear, and names them by digest.")
        for what_is_lost, count in lost.items():
            say(f"  {count} {what_is_lost}")

    command.__doc__ = f"Write what was found in CASE as {what}, without any picture."
    return click.command(form)(command)


export.add_command(_answers("vics", "a VICS 2.0 case file"))
export.add_command(_answers("icse", "a table in the shape of ICSE's export"))


@export.command("open")
@click.argument("bundle", type=_FILE)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The new folder.")
@click.option("--passphrase-file", type=_FILE, required=True, help="The file that holds the bundle's passphrase.")
@click.option("--from-key", "sender", help="The sending node's public key, as it was told apart (name+id+key).")
@click.pass_obj
def open_(settings: Settings, *, bundle: Path, out: Path, passphrase_file: Path, sender: str | None) -> None:
    """Check BUNDLE, which another agency sent, to its last byte, and write what it holds into a new folder."""
    _refuse_inside(out, settings)
    from safelight.exchange.opening import open_bundle
    from safelight.log.notes import VerifierKey

    words = Passphrase(_read(passphrase_file, _MOST_WORDS).decode(errors="replace").strip())
    opened = open_bundle(bundle, out, words, sender=VerifierKey.parse(sender) if sender is not None else None)
    manifest = opened.manifest
    if for_people():
        say(f"{len(manifest.items)} contents and {len(manifest.statements)} statements of {manifest.agency}: {out}.")
        if sender is None:
            say("Whose key signed it was not checked: give the sender's by --from-key.", err=True)
    else:
        line(event="opened", path=str(out), agency=manifest.agency, manifest=opened.digest.hex(),
             items=len(manifest.items), statements=len(manifest.statements),
             sender_checked=sender is not None)  # fmt: skip


@export.command("list")
@by_officer
@click.pass_obj
def list_(settings: Settings, *, named: str | None) -> None:
    """List who was given what and when; what was erased since, and whose receipt of that is missing."""
    with session(settings, named) as here:
        from safelight.access.authorising import require_one_of
        from safelight.vault.queries import handouts

        readers = (Permission.CONTENT_ERASE, Permission.LOG_READ)  # who may withdraw it, and who audits it
        require_one_of(here.officer, readers, sealer=here.node.log_sealer, now=here.now)
        given = handouts(here.node.vault, here.node.name)
    rows = [
        (one.recipient, one.at.isoformat(), one.sent.value, one.sha256.hex() if one.sha256 else None, one.awaited)
        for one in given
    ]
    if for_people():
        shown = [(*row[:3], row[3] or "(not kept here)", "awaited" if row[4] else "") for row in rows]
        table("Handed out", ("recipient", "at", "bundle", "content", "receipt"), shown)
        return
    for recipient, at, sent, sha256, awaited in rows:
        line(event="handout", recipient=recipient, at=at, bundle=sent, sha256=sha256, receipt_awaited=awaited)


@export.command()
@click.argument("sha256")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True,
              help="The folder to write them into.")  # fmt: skip
@by_officer
@click.pass_obj
def withdraw(settings: Settings, *, sha256: str, out: Path, named: str | None) -> None:
    """Write a signed withdrawal of an erased content for each recipient whose receipt is missing, to be handed over."""
    with session(settings, named) as here:
        from safelight.exchange.actions import write_withdrawals
        from safelight.vault.content import checked_digest

        written = write_withdrawals(checked_digest(sha256), out, acting=_acting(here), now=here.now)
    for path in written:
        line(event="withdrawal", path=str(path))


def _acting(here: Session) -> "Acting":
    from safelight.casework.access import Acting

    return Acting(here.node, here.officer, here.by)


def _refuse_inside(place: Path, settings: Settings) -> None:
    if lies_in(place, settings.data):
        raise UsageError(f"{place} lies in the data folder {settings.data}: choose a place elsewhere.")


def _write_new(path: Path, content: bytes) -> None:
    """Write a new file that only its owner reads.

    Raises:
        UsageError: it is there already, or cannot be written.
    """
    try:
        write_private(path, content)
    except OSError as error:
        raise UsageError(f"The file {path} cannot be written: {error.strerror}.") from error


def _read(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise UsageError(f"The file {path} cannot be read: {error.strerror}.") from error
