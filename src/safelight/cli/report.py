"""`safelight report`."""

from pathlib import Path

import click

from safelight.cli import showing
from safelight.cli.acting import by_officer, session
from safelight.platform.settings import Settings


@click.command()
@click.argument("case_name", metavar="CASE")
@click.option("--format", "kind", type=click.Choice(["html", "json", "csv"]), default="html", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="The folder to write into."
)
@click.option(
    "--pictures",
    is_flag=True,
    help="Show small, grey, masked pictures in the HTML report; needs a reason and a second person.",
)
@click.option("--why", help="Why it is made; it stands in the log. With --pictures it has to be said.")
@by_officer
@click.pass_obj
def report(
    settings: Settings, *, case_name: str, kind: str, out: Path, pictures: bool, why: str | None, named: str | None
) -> None:
    """Write the report of CASE and print its path."""
    with session(settings, named) as here:
        from safelight.casework.access import Acting
        from safelight.casework.report.actions import do_report_case

        acting = Acting(here.node, here.officer, here.by)
        written = do_report_case(case_name, kind, out, pictures=pictures, why=why, acting=acting, now=here.now)
    if showing.for_people():
        showing.say(f"Report: {written}")
    else:
        showing.line(event="report", path=str(written), format=kind)
