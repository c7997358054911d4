"""`safelight report`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.access.permissions import Permission
from safelight.cli import showing
from safelight.cli.acting import by_officer, session
from safelight.errors import UsageError
from safelight.platform.settings import Settings

if TYPE_CHECKING:
    from safelight.casework.report.actions import Pictures


FORMATS = ("html", "json", "csv", "geojson", "kml", "pdf")


@click.command()
@click.argument("case_name", metavar="CASE")
@click.option("--format", "kind", type=click.Choice(FORMATS), default="html", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="The folder to write into."
)
@click.option(
    "--pictures-for",
    metavar="NAME",
    help="Show small, grey, masked pictures, for NAME, who is given it; needs a reason and a second person.",
)
@click.option("--plan", is_flag=True, help="Write nothing: say what has to be approved for the pictures.")
@click.option("--why", help="Why it is made; it stands in the log. With --pictures-for it has to be said.")
@by_officer
@click.pass_obj
def report(
    settings: Settings,
    *,
    case_name: str,
    kind: str,
    out: Path,
    pictures_for: str | None,
    plan: bool,
    why: str | None,
    named: str | None,
) -> None:
    """Write the report of CASE and print its path."""
    if plan and pictures_for is None:
        raise UsageError("Only a report with pictures needs a plan: say for whom it is (--pictures-for).")
    with session(settings, named) as here:
        from safelight.casework.access import Acting
        from safelight.casework.report.actions import do_report_case, plan_pictures

        acting = Acting(here.node, here.officer, here.by)
        if plan and pictures_for is not None:
            _show_plan(plan_pictures(case_name, pictures_for, acting=acting, now=here.now))
            return
        written = do_report_case(case_name, kind, out, pictures_for=pictures_for, why=why, acting=acting, now=here.now)
    if showing.for_people():
        showing.say(f"Report: {written}")
    else:
        showing.line(event="report", path=str(written), format=kind)


def _show_plan(planned: "Pictures") -> None:
    if showing.for_people():
        asked = " ".join(f"--set {shlex.quote(f'{name}={value}')}" for name, value in planned.parameters.items())
        showing.say(f"Pictures of {len(planned.items)} contents for {planned.parameters['recipient']}.")
        showing.say(f"Have it approved: safelight act request {Permission.CASE_REPORT_PICTURES.value} {asked}")
    else:
        showing.line(event="plan", **planned.parameters, items=planned.items)
