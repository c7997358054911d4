"""`safelight known`: import lists into the known base, list, show and remove its sources.

Modules with tables are imported once the database is open: before, Django does not know its settings.
"""

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from safelight.access.permissions import Permission
from safelight.cli.acting import KEY_PATH, by_officer, opened_key, session
from safelight.cli.names import checked_name
from safelight.cli.showing import for_people, json_text, say, table, visible
from safelight.errors import InputError, SafelightError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from safelight.assertions.signing import Envelope
    from safelight.cli.acting import Session
    from safelight.known.importing import ImportOptions, ImportResult
    from safelight.known.queries import ImportSummary, SourceDetail, SourceSummary
    from safelight.platform.settings import Settings


@click.group()
def known() -> None:
    """The known base: what this unit can match against, each list with its source and trust."""


@known.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--name", callback=checked_name, help="Name of the source; the file's name by default. With one file only."
)
@click.option(
    "--trust",
    type=click.Choice(["own", "national", "partner", "public", "unverified"]),
    help="Who stands behind the list; a new source is unverified by default.",
)
@click.option("--date", "list_date", type=click.DateTime(["%Y-%m-%d"]), help="The date of the list.")
@click.option("--scheme", help="The category scheme of its grades, where the file does not say.")
@click.option("--known-good", is_flag=True, help="The list names files known to be harmless, as NSRL's do.")
@click.option("--map", "mapping", multiple=True, metavar="COLUMN=FIELD", help="What a column means (name or number).")
@click.option("--key", "key_file", type=KEY_PATH, help="Your own key, which signs the list beside the node's.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, change nothing.")
@by_officer
@click.pass_obj
def import_lists(
    settings: "Settings", /, files: tuple[Path, ...], key_file: Path | None, named: str | None, **chosen: Any
) -> None:
    """Import FILES (VICS JSON, ICSE CSV, tables, digest lists, NSRL) and say what was read, refused and why.

    A list named again adds what is new and replaces what has changed. Bad rows go to a quarantine file.
    """
    if chosen["name"] and len(files) > 1:
        raise UsageError("--name names one source: import the files one by one")
    mapping = _mapping(chosen.pop("mapping"))
    failed: list[SafelightError] = []
    clean = True
    with session(settings, named) as here:
        here.require(Permission.LIST_IMPORT)
        options = _options(**chosen, mapping=mapping)
        countersign = _countersigning(key_file, here, settings)
        for path in files:
            try:
                result = _import_one(settings, here, path, options, countersign)
            except (InputError, UsageError) as error:
                failed.append(error)
                _show_failure(path, error)
            else:
                clean = clean and result.clean
                _show_import(result)
    if failed and len(failed) == len(files):
        sys.exit(max(error.exit_code for error in failed))
    sys.exit(0 if clean and not failed else 1)


@known.command("list")
@click.option("--removed", is_flag=True, help="Also sources that were removed.")
@by_officer
@click.pass_obj
def list_sources(settings: "Settings", *, removed: bool, named: str | None) -> None:
    """Show every source with its trust, counts and dates."""
    with session(settings, named) as here:
        here.require(Permission.BASE_SEARCH)
        from safelight.known import queries

        sources = queries.list_sources(removed=removed)
    if not for_people():
        _print_json([asdict(source) for source in sources])
        return
    if not sources:
        click.echo("The known base is empty: `safelight known import FILE` fills it.")
        return
    _show_sources(sources)


@known.command("show")
@click.argument("name")
@by_officer
@click.pass_obj
def show_source(settings: "Settings", name: str, *, named: str | None) -> None:
    """Show one source: its imports, its entries by grade, and what became of its hashes."""
    with session(settings, named) as here:
        here.require(Permission.BASE_SEARCH)
        from safelight.known import queries

        detail = queries.show_source(name)
    if not for_people():
        _print_json(_plain(detail))
    else:
        _show_detail(detail)


@known.command("quarantine")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--why", required=True, help="Why it is looked at; it stands in the log.")
@by_officer
@click.pass_obj
def show_quarantine(settings: "Settings", file: Path, *, why: str, named: str | None) -> None:
    """Print what an import held back, as CSV with line, reason and text; FILE is what the import named."""
    with session(settings, named) as here:
        here.require(Permission.LIST_IMPORT)
        from safelight.known.quarantine import do_show_quarantine

        for text in do_show_quarantine(file, here.node, why=why, acting_user=here.by, now=here.now):
            click.echo(text, nl=False)


@known.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@by_officer
@click.pass_obj
def remove_source(settings: "Settings", name: str, *, yes: bool, named: str | None) -> None:
    """Remove a source: it answers no more and its hashes are destroyed; past answers keep their evidence."""
    from safelight.platform.clock import now

    with session(settings, named) as here:
        here.require(Permission.LIST_REMOVE)
        from safelight.known.actions import do_remove_source

        if not yes and for_people():
            click.confirm(f"Remove {visible(name)}? Its entries will answer no more", abort=True)
        data = settings.data.expanduser().absolute()
        result = do_remove_source(name, node=here.node, acting_user=here.by, now=now(), data=data)
    if not for_people():
        _print_json(asdict(result))
    else:
        say(f"{result.source} is removed: {result.entries:,} entries answer no more.")


def _options(
    *,
    name: str | None,
    trust: str | None,
    list_date: datetime | None,
    scheme: str | None,
    known_good: bool,
    mapping: dict[str, str],
    dry_run: bool,
) -> "ImportOptions":
    from safelight.known.importing import ImportOptions
    from safelight.known.rules import Role, Trust

    return ImportOptions(
        name=name,
        trust=Trust(trust) if trust else None,
        list_date=list_date.date() if list_date else None,
        scheme=scheme,
        role=Role.KNOWN_GOOD if known_good else Role.KNOWN,
        mapping=mapping,
        dry_run=dry_run,
    )


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not equals or not column or not field:
            raise UsageError(f"--map {pair}: write COLUMN=FIELD, as in --map 1=sha256")
        mapping[column] = field
    return mapping


def _countersigning(
    key_file: Path | None, here: "Session", settings: "Settings"
) -> "Callable[[Envelope], Envelope] | None":
    """What adds the officer's own signature to a list; None where no key was given."""
    from safelight.assertions.stating import countersigning

    return None if key_file is None else countersigning(opened_key(key_file, settings), here.officer, here.now)


def _import_one(
    settings: "Settings",
    here: "Session",
    path: Path,
    options: "ImportOptions",
    countersign: "Callable[[Envelope], Envelope] | None",
) -> "ImportResult":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from safelight.known.actions import do_import_list
    from safelight.platform.clock import now

    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,} rows"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with progress:
        task = progress.add_task(visible(path.name), total=None)
        return do_import_list(
            path,
            options=options,
            settings=settings,
            node=here.node,
            countersign=countersign,
            acting_user=here.by,
            now=now(),
            on_rows=lambda rows: progress.update(task, completed=rows),
        )


def _show_import(result: "ImportResult") -> None:
    if not for_people():
        _print_json({**asdict(result), "quarantine": str(result.quarantine) if result.quarantine else None})
        return
    counts = result.counts
    rows = (
        ("rows read", counts.read),
        ("new entries", counts.new),
        ("repeated", counts.repeated),
        ("replaced earlier ones", counts.superseded),
        ("refused", counts.refused),
        ("hashes kept and not matched", counts.quarantined_hashes),
        ("values left out of rows that were taken", sum(counts.left_out.values())),
    )
    version = f" {result.version}" if result.version else ""
    title = f"{result.source}  ({result.format}{version}, {result.trust}, {result.role})"
    table(title, ("", "rows"), [(name, f"{number:,}") for name, number in rows])
    for line in _remarks(result):
        say(f"  {line}")


def _remarks(result: "ImportResult") -> list[str]:
    remarks = [f"line {line}: {reason}" for line, reason in result.counts.problems]
    if result.counts.refused > len(remarks):
        remarks.append(f"and {result.counts.refused - len(remarks):,} more refused")
    remarks += [f"left out: {name}, {number:,} times" for name, number in result.counts.left_out.items()]
    if result.quarantine is not None:
        remarks.append(f"held back with reasons in {result.quarantine}")
    if not result.complete:
        remarks.append(f"incomplete: {result.problem}")
    remarks += result.notes
    if result.dry_run:
        remarks.append("dry run: nothing was changed")
    return remarks


def _show_failure(path: Path, error: SafelightError) -> None:
    if not for_people():
        _print_json({"file": str(path), "error": error.message, "exit_code": error.exit_code})
    named = error.message if str(path) in error.message else f"{path}: {error.message}"
    say(f"not imported: {named}", err=True)


def _show_sources(sources: "list[SourceSummary]") -> None:
    columns = ("source", "role", "trust", "scheme", "date", "entries", "hashes", "state")
    table("Known base", columns, [_source_row(source) for source in sources])


def _source_row(source: "SourceSummary") -> tuple[str, ...]:
    removed = f"removed {source.removed_at:%Y-%m-%d}" if source.removed_at else None
    return (
        source.name,
        source.role,
        source.trust,
        source.scheme or "",
        source.list_date.isoformat() if source.list_date else "",
        f"{source.entries:,}",
        f"{source.hashes:,}",
        removed or ("complete" if source.complete else "incomplete"),
    )


def _show_detail(detail: "SourceDetail") -> None:
    _show_sources([detail.summary])
    grades = detail.by_grade.items()
    table("Grades", ("grade", "entries"), [(grade or "(none)", f"{number:,}") for grade, number in grades])
    table("Hashes", ("state", "entries"), [(state, f"{number:,}") for state, number in detail.by_hash_state.items()])
    if detail.published_rows:
        held = [(name, f"{number:,}") for name, number in detail.published_rows.items()]
        table("Published digests, in files", ("digest", "rows"), held)
    for made in detail.imports:
        say(_import_line(made))


def _import_line(made: "ImportSummary") -> str:
    numbers = {
        "read": made.read,
        "new": made.new,
        "repeated": made.repeated,
        "replaced": made.superseded,
        "refused": made.refused,
        "hashes not matched": made.quarantined_hashes,
    }
    counted = ", ".join(f"{number:,} {what}" for what, number in numbers.items() if number or what == "read")
    ended = "" if made.complete else f"; incomplete: {made.problem}"
    return (
        f"{made.imported_at:%Y-%m-%d %H:%M} by {made.imported_by}: {made.file_name} ({made.format}): {counted}{ended}"
    )


def _plain(detail: "SourceDetail") -> dict[str, Any]:
    grades = [{"grade": grade, "entries": number} for grade, number in detail.by_grade.items()]
    return {**asdict(detail), "by_grade": grades}


def _print_json(value: object) -> None:
    click.echo(json_text(msgspec.to_builtins(value)))
