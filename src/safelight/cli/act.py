"""`safelight act`: what needs two persons is asked for by one, approved by another, and used once."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from safelight.access.permissions import FOUR_EYES, Permission
from safelight.cli import showing
from safelight.cli.acting import KEY_PATH, NUMBER, by_officer, kit_root, named_values, opened_key, session, signature_of
from safelight.errors import UsageError
from safelight.platform.settings import Settings

if TYPE_CHECKING:
    from datetime import datetime

    from safelight.access.queries import Asked

_ACTS = click.Choice([act.value for act in FOUR_EYES])


@click.group()
def act() -> None:
    """What two persons must want: requests, approvals, and the recovery kit in their place."""


@act.command()
@click.argument("what", type=_ACTS)
@click.option("--set", "pairs", multiple=True, help="A parameter of the act, as name=value; given again for each.")
@click.option("--why", required=True, help="Why; who approves reads it, and it stands in the log.")
@click.option("--key", "key_file", type=KEY_PATH, required=True, help="Your own key, which signs the request.")
@click.option("--hours", default=24, show_default=True, type=click.IntRange(1, 720), help="How long it stands.")
@by_officer
@click.pass_obj
def request(
    settings: Settings, *, what: str, pairs: tuple[str, ...], why: str, key_file: Path, hours: int, named: str | None
) -> None:
    """Ask for the act WHAT with exactly these parameters."""
    values = named_values(pairs)
    with session(settings, named) as here:
        from safelight.access.four_eyes import do_request_act

        number = do_request_act(
            Permission(what),
            values,
            why=why,
            until=here.now + timedelta(hours=hours),
            key=opened_key(key_file, settings),
            officer=here.officer,
            node=here.node,
            now=here.now,
        )
    showing.line(event="request", request=number, act=what)


@act.command()
@click.argument("number", type=NUMBER)
@click.option("--key", "key_file", type=KEY_PATH, help="Your own key, which signs the approval.")
@click.option("--signature", help="Another unit's officer's signature, made by `safelight officer sign`.")
@click.option("--over", help="With --signature: the same officer's one over the statement that it is about.")
@by_officer
@click.pass_obj
def approve(
    settings: Settings,
    *,
    number: int,
    key_file: Path | None,
    signature: str | None,
    over: str | None,
    named: str | None,
) -> None:
    """Approve request NUMBER. Read it first: `safelight act show`. Your key signs the statement it is about, too."""
    if (key_file is None) == (signature is None):
        raise UsageError("give either --key or --signature")
    if over is not None and signature is None:
        raise UsageError("--over goes with --signature")
    with session(settings, named) as here:
        from safelight.access.four_eyes import do_approve_act
        from safelight.access.officer_keys import SignedAs, sign
        from safelight.access.queries import asked_request
        from safelight.access.records import over_statement

        if key_file is None:
            value, over_it = signature_of(signature or ""), signature_of(over) if over else None
        else:
            asked, key = asked_request(number, here.node), opened_key(key_file, settings)
            value, over_it = sign(key, SignedAs.APPROVAL, asked.record), over_statement(key, asked.request)
        do_approve_act(number, value, over=over_it, officer=here.officer, node=here.node, now=here.now)
    showing.line(event="request", request=number, approved=True)


@act.command("list")
@by_officer
@click.pass_obj
def list_(settings: Settings, *, named: str | None) -> None:
    """List the requests, and the broken glasses that wait for a review."""
    with session(settings, named) as here:
        from safelight.access.authorising import require_one_of
        from safelight.access.queries import asked_requests, destroyed_requests, open_reviews

        require_one_of(here.officer, _READERS, sealer=here.node.log_sealer, now=here.now)
        found, gone, reviews = asked_requests(here.node), destroyed_requests(), open_reviews()
    rows = [(one.row, one.request.act.value, one.request.officer, _state(one, here.now)) for one in found]
    rows = sorted(rows + [(one.row, one.act, one.officer, "destroyed with what it was about") for one in gone])
    if showing.for_people():
        showing.table("Requests", ("number", "act", "asked by", "state"), rows)
        broken = [(one.row, one.act, one.by or "nobody enrolled", one.at.isoformat()) for one in reviews]
        showing.table("Waiting for a review", ("number", "act", "by", "at"), broken)
        return
    for number, what, by, state in rows:
        showing.line(event="request", request=number, act=what, by=by, state=state)
    for review in reviews:
        showing.line(event="review", review=review.row, act=review.act, by=review.by, at=review.at.isoformat())


@act.command()
@click.argument("number", type=NUMBER)
@by_officer
@click.pass_obj
def show(settings: Settings, *, number: int, named: str | None) -> None:
    """Print request NUMBER, as it is signed: what, why, by whom, until when."""
    with session(settings, named) as here:
        from safelight.access.authorising import require_one_of
        from safelight.access.queries import asked_request

        require_one_of(here.officer, _READERS, sealer=here.node.log_sealer, now=here.now)
        click.echo(asked_request(number, here.node).record.decode())


@act.command()
@click.argument("number", type=NUMBER)
@click.option("--remark", help="What another unit's officer found: print what he signs by `safelight officer sign`.")
@by_officer
@click.pass_obj
def glass(settings: Settings, *, number: int, remark: str | None, named: str | None) -> None:
    """Print what review NUMBER is of, and why: a use of the recovery kit, or a restore. Read before `act review`."""
    with session(settings, named) as here:
        from safelight.access.four_eyes import review_record
        from safelight.access.queries import opened_glass

        here.require(Permission.BREAK_GLASS_REVIEW)
        printed = opened_glass(number, here.node) if remark is None else review_record(number, remark, here.node)
        click.echo(printed.decode())


@act.command("break-glass")
@click.argument("what", type=_ACTS)
@click.option("--set", "pairs", multiple=True, help="A parameter of the act, as name=value; given again for each.")
@click.option("--why", required=True, help="Why nobody could be asked; it stands in the log and is reviewed.")
@click.option("--share", "shares", multiple=True, type=click.File(encoding="utf-8"),
              help="A file with a share's words; given again for each. Without it they are typed in.")  # fmt: skip
@by_officer
@click.pass_obj
def break_glass(
    settings: Settings, *, what: str, pairs: tuple[str, ...], why: str, shares: tuple[IO[str], ...], named: str | None
) -> None:
    """Let the recovery kit stand for the second person: once, for exactly this, within an hour. It is reviewed."""
    values = named_values(pairs)
    root = kit_root(shares)
    with session(settings, named) as here:
        from safelight.access.four_eyes import do_break_glass

        number = do_break_glass(
            root, Permission(what), values, why=why, officer=here.officer, node=here.node, now=here.now
        )
    showing.line(event="review", review=number, act=what)


@act.command()
@click.argument("number", type=NUMBER)
@click.option("--remark", required=True, help="What was found; it stands in the log.")
@click.option("--signature", help="Another unit's officer's signature, made by `safelight officer sign`.")
@by_officer
@click.pass_obj
def review(settings: Settings, *, number: int, remark: str, signature: str | None, named: str | None) -> None:
    """Close the review NUMBER of a broken glass, as another officer than the one who broke it."""
    signed = None if signature is None else signature_of(signature)
    with session(settings, named) as here:
        from safelight.access.four_eyes import do_review_break_glass

        do = partial(do_review_break_glass, number, remark=remark, signature=signed)
        do(officer=here.officer, node=here.node, now=here.now)
    showing.line(event="review", review=number, reviewed=True)


_READERS = (Permission.ACT_APPROVE, Permission.ACT_REQUEST, Permission.BREAK_GLASS_REVIEW)
"""Any of these lets somebody read requests."""


def _state(one: "Asked", now: "datetime") -> str:
    if one.used_at is not None:
        return f"used {one.used_at.isoformat()}"
    if now >= one.request.until:
        return "ended"
    return f"approved by {one.approver}" if one.approver else "waits"
