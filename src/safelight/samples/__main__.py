"""`python -m safelight.samples`: makes practice material on disk."""

from pathlib import Path

import click

from safelight.samples.known_lists import make_known_base
from safelight.samples.many import make_many
from safelight.samples.pictures import SCENES, scene
from safelight.samples.seizure import make_seizure


@click.group()
def main() -> None:
    """Make benign practice material: generated pictures, seizures and known bases with their ground truth."""


@main.command()
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same bytes.")
@click.option("--originals", type=click.IntRange(0), default=60, show_default=True, help="Different pictures.")
@click.option(
    "--extra", type=click.IntRange(0), default=0, help="Rows of the known base about content that is nowhere."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder; made where it is not there.")
def seizure(seed: int, originals: int, extra: int, out: Path) -> None:
    """Make OUT/seizure, OUT/known with its lists, and OUT/truth.json, which says what should be answered."""
    if (out / "seizure").exists():
        raise click.UsageError(f"{out / 'seizure'} is there already: remove it, or name another folder with --out")
    truth = make_seizure(out / "seizure", seed=seed, originals=originals)
    lists = make_known_base(out / "known", truth, extra=extra)
    truth.save(out / "truth.json")
    click.echo(f"{len(truth.by_place())} things in {out / 'seizure'}, {len(lists)} lists in {out / 'known'}")
    for verdict, count in truth.counts().items():
        click.echo(f"  {count:6d}  {verdict}")


@main.command()
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same bytes.")
@click.option("--count", type=click.IntRange(1), default=1000, show_default=True, help="How many files.")
@click.option("--mutated", is_flag=True, help="Injure each file.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="An empty or new folder.")
def many(seed: int, count: int, out: Path, *, mutated: bool) -> None:
    """Make many small files of all formats."""
    made = sum(1 for _ in make_many(out, count, seed, mutated=mutated))
    click.echo(f"{made} files in {out}")


@main.command()
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same pictures.")
@click.option("--count", type=click.IntRange(1), default=12, show_default=True, help="How many of each scene.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder; made where it is not there.")
def pictures(seed: int, count: int, out: Path) -> None:
    """Make pictures of every scene as PNG files."""
    out.mkdir(parents=True, exist_ok=True)
    for name in SCENES:
        for number in range(count):
            scene(name, seed, number).save(out / f"{name.replace(' ', '-')}-{number:03d}.png")
    click.echo(f"{count * len(SCENES)} pictures in {out}")


if __name__ == "__main__":
    main(prog_name="python -m safelight.samples")
