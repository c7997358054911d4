"""`safelight report`."""

from pathlib import Path

import click

from safelight.cli import showing
from safelight.platform.settings import Settings


@click.command()
@click.argument("case_name", metavar="CASE")
@click.option("--format", "kind", type=click.Choice(["html", "json", "csv"]), default="html", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="The folder to write into."
)
@click.option("--pictures", is_flag=True, help="Show small, grey, masked pictures in the HTML report.")
@click.pass_obj
def report(settings: Settings, *, case_name: str, kind: str, out: Path, pictures: bool) -> None:
    """Write the report of CASE and print its path."""
    from safelight.cli.opening import opened_node
    from safelight.platform.clock import now
    from safelight.platform.settings import is_demo, prepare_data

    data = prepare_data(settings)
    with opened_node(settings) as node:
        from safelight.casework.queries import access_case
        from safelight.casework.report.gather import gather
        from safelight.casework.report.write import write_report

        gathered = gather(access_case(case_name), node.vault, now=now(), demo=is_demo(data))
        written = write_report(gathered, kind, out, pictures=pictures)
    if showing.for_people():
        showing.say(f"Report: {written}")
    else:
        showing.line(event="report", path=str(written), format=kind)
