"""`safelight check`: the main job."""

import codecs
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from safelight.casework.check.options import CheckOptions, Keep, available_workers
from safelight.casework.report.text import amount
from safelight.casework.report.words import urgent_words
from safelight.casework.rules import Verdict
from safelight.cli import showing
from safelight.cli.acting import by_officer, session
from safelight.cli.names import checked_name, name_from
from safelight.cli.watching import watcher
from safelight.errors import CannotRunError, InputError, UsageError
from safelight.evidence.names import text_of
from safelight.evidence.roots import outermost, refuse_unfit
from safelight.platform.settings import Settings
from safelight.sandbox import Layer

if TYPE_CHECKING:
    from datetime import datetime

    from safelight.casework.check.actions import CheckResult
    from safelight.casework.urgency.queries import UrgentSighting
    from safelight.cli.acting import Session

_URGENT_SHOWN = 20
_PASSWORDS, _PASSWORD_BYTES = 1_000, 256 << 10


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=bytes))
@click.option("--case", "case_name", default="Unsorted", show_default=True, callback=checked_name,
              help="The case that the exhibit belongs to.")  # fmt: skip
@click.option("--exhibit", "exhibit_name", callback=checked_name,
              help="The exhibit's name; by default that of the first path.")  # fmt: skip
@click.option("--keep", type=click.Choice([one.value for one in Keep]), default=Keep.NEW.value, show_default=True,
              help="Content kept in the data folder: representatives of new and copy stacks, none, all.")  # fmt: skip
@click.option("--scheme", help="The category scheme of the case; fixed once it is set.")
@click.option(
    "--radius", type=click.IntRange(0, 64), default=31, show_default=True, help="Bits within which PDQ matches."
)
@click.option(
    "--quality", type=click.IntRange(0, 100), default=50, show_default=True, help="Least PDQ quality that matches."
)
@click.option("--workers", type=click.IntRange(1, 256), help="Sandboxed workers; by default one more than processors.")
@click.option("--require-layer", "layers", multiple=True, type=click.Choice([one.value for one in Layer]),
              help="Refuse to run without this sandbox layer.")  # fmt: skip
@click.option("--password-file", type=click.File("rb"),
              help="Passwords to try on what is locked, one a line; they are kept nowhere.")  # fmt: skip
@by_officer
@click.pass_obj
def check(
    settings: Settings,
    *,
    named: str | None,
    paths: tuple[bytes, ...],
    case_name: str,
    exhibit_name: str | None,
    keep: str,
    scheme: str | None,
    radius: int,
    quality: int,
    workers: int | None,
    layers: tuple[str, ...],
    password_file: BinaryIO | None,
) -> None:
    """Check PATHS: folders, files, archives, mail. Says what of it is known, a copy of known, known good, new.

    The same command again continues where it stopped. Sources are read only.
    """
    refuse_unfit(paths, os.fsencode(settings.data))
    walked, dropped = outermost(paths)
    options = CheckOptions(
        paths=walked,
        case=case_name,
        exhibit=exhibit_name or name_from(paths[0]),
        keep=Keep(keep),
        radius=radius,
        quality=quality,
        scheme=scheme,
        command=_clean(" ".join(sys.argv)),
        demanded=frozenset(Layer(layer) for layer in layers),
        workers=workers or available_workers(),
        passwords=_passwords(password_file) if password_file is not None else (),
    )
    _run(settings, options, dropped, named)


def _passwords(file: BinaryIO) -> tuple[bytes, ...]:
    content = file.read(_PASSWORD_BYTES + 1)
    passwords = tuple(dict.fromkeys(filter(None, content.removeprefix(codecs.BOM_UTF8).splitlines())))
    if len(content) > _PASSWORD_BYTES or len(passwords) > _PASSWORDS:
        raise UsageError(
            f"{file.name} holds more than {_PASSWORDS:,} passwords or {_PASSWORD_BYTES >> 10} KiB: each is tried on "
            "each locked archive, so give those that are likely"
        )
    if not passwords:
        raise UsageError(f"{file.name} holds no password: write one a line")
    return passwords


def _run(settings: Settings, options: CheckOptions, dropped: list[tuple[bytes, bytes]], named: str | None) -> None:
    from safelight.platform.clock import now
    from safelight.platform.settings import prepare_data

    data = prepare_data(settings)
    with session(settings, named) as here:
        from safelight.casework.access import Acting
        from safelight.casework.check.actions import Surroundings, do_check

        with watcher() as watching:
            for path, holder in dropped:
                watching.warn(f"{text_of(path)} lies inside {text_of(holder)} and is checked with it, once")
            around = Surroundings(Acting(here.node, here.officer, here.by), data, now, watching)
            result = do_check(options, around)
        if result.stopped:
            raise CannotRunError("stopped; what is done is recorded, and the same command goes on from there")
        standing = _summary(options, data, result, here, now())
    if standing or result.tally.failures or result.unkept:
        sys.exit(InputError.exit_code)


def _summary(options: CheckOptions, data: Path, result: "CheckResult", here: "Session", now: "datetime") -> int:
    """Say how the exhibit stands now; the number of failures that stand comes back."""
    from safelight.casework.queries import summarise
    from safelight.casework.urgency.queries import urgent_sightings
    from safelight.known.statements import reader_of
    from safelight.platform.walls import for_case

    with for_case(result.case.pk):
        summary = summarise(result.case, options.exhibit)
        urgent = urgent_sightings(result.case, options.exhibit, reader_of(here.node, now), here.node)
    _say_first(urgent)
    report = f"safelight report {shlex.quote(options.case)} --data {shlex.quote(str(data))}"
    if summary.named_before:
        verb = "stands" if summary.named_before == 1 else "stand"
        before = amount(summary.named_before, "failure")
        showing.say(f"note: {before} named in earlier runs still {verb}: {report} --format csv lists them", err=True)
    if not showing.for_people():
        showing.line(
            event="summary",
            case=options.case,
            exhibit=options.exhibit,
            run=result.run,
            urgent=len(urgent),
            sightings=dict(summary.sightings),
            items=dict(summary.items),
            stacks=summary.stacks,
            failures=summary.failures,
            failures_named_before=summary.named_before,
            skipped=result.tally.skipped,
            met_again=result.tally.met_again,
            data=str(data),
        )
        return summary.failures
    rows: list[tuple[object, ...]] = [
        (one.value, summary.sightings[one.value], summary.items[one.value])
        for one in Verdict
        if summary.sightings[one.value]
    ]
    rows.append(("in all", summary.sightings.total(), ""))
    showing.table(f"{options.case} / {options.exhibit}, run {result.run}", ("verdict", "files", "distinct"), rows)
    stacks = amount(summary.stacks, "stack of pictures", "stacks of pictures")
    failures = amount(summary.failures, "named failure")
    showing.say(f"{stacks} in the case, {failures}. Data folder: {data}")
    showing.say(f"Report: {report}")
    return summary.failures


def _say_first(urgent: "list[UrgentSighting]") -> None:
    """Say what is urgent, before everything else: each place, and what is said of it."""
    if not showing.for_people():
        for one in urgent:
            showing.line(event="urgent", path=one.path, says=[urgent_words(said) for said in one.said])
    elif urgent:
        rows = [(one.path, "; ".join(urgent_words(said) for said in one.said)) for one in urgent[:_URGENT_SHOWN]]
        title = f"URGENT: a child may be at risk now: {amount(len(urgent), 'file')}"
        showing.table(title, ("where", "what is said"), rows)
        if len(urgent) > _URGENT_SHOWN:
            showing.say(f"and {len(urgent) - _URGENT_SHOWN:,} more: the report lists them first")


def _clean(text: str) -> str:
    """Text that a database can hold: a command may name paths of any bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\0", "")
