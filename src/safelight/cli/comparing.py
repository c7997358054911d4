"""`safelight compare`: two pictures, two videos, or one of each, without a database."""

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from safelight.cli import showing
from safelight.cli.looking import TASK, examine, watch
from safelight.errors import InputError

if TYPE_CHECKING:
    from safelight.sandbox import Nursery
    from safelight.signatures.film_reading import Film
    from safelight.signatures.types import Examination
    from safelight.vault.signature_blocks import NewSignature

_SECOND = 1_000_000


@click.command("compare")
@click.argument("first", metavar="A", type=click.Path(path_type=bytes))
@click.argument("second", metavar="B", type=click.Path(path_type=bytes))
def compare_files(*, first: bytes, second: bytes) -> None:
    """How far pictures or videos A and B are apart, turned versions included, and where one lies in the other."""
    from safelight.sandbox import Nursery
    from safelight.signatures.film import FILM
    from safelight.signatures.film_reading import Film

    with Nursery(TASK, FILM) as nursery:
        a, b = (_seen(nursery, path) for path in (first, second))
    told: dict[str, object] = {"a": os.fsdecode(first), "b": os.fsdecode(second)}
    if isinstance(a, Film) and isinstance(b, Film):
        told |= _films(a, b)
    elif isinstance(a, Film) or isinstance(b, Film):
        told |= _picture_and_film(a, b)
    else:
        from safelight.signatures.compare import compare

        told |= asdict(compare(a, b))
    if showing.for_people():
        showing.table("How far they are apart", ("what", "value"), list(told.items()))
    else:
        showing.line(**told)


def _films(a: "Film", b: "Film") -> dict[str, object]:
    """The passages that two videos share, in seconds."""
    from safelight.known.films import shared
    from safelight.linking.film_stacks import RADIUS
    from safelight.signatures.pdq import MATCHED_QUALITY

    both = shared(_asking(a), _asking(b), RADIUS, MATCHED_QUALITY)
    passages = both.passages if both is not None else ()
    return {
        "same_stream": a.stream is not None and a.stream == b.stream,
        "transform": both.transform if both is not None else None,
        "passages": [
            {
                "a_from": one.query_start / _SECOND,
                "a_to": one.query_end / _SECOND,
                "b_from": one.known_start / _SECOND,
                "b_to": one.known_end / _SECOND,
                "frames": one.frames,
            }
            for one in passages
        ],
    }


def _picture_and_film(a: "Film | Examination", b: "Film | Examination") -> dict[str, object]:
    """The frame of a video that a picture is nearest to."""
    from safelight.known.films import nearest_frame
    from safelight.signatures.film_reading import Film
    from safelight.signatures.pdq import MATCHED_QUALITY

    film, picture = (a, b) if isinstance(a, Film) else (b, a)
    nearest = nearest_frame(_asking(picture), _asking(film), MATCHED_QUALITY)
    if nearest is None:
        return {"usable": False}
    side = "a" if film is a else "b"
    return {
        "usable": True,
        "distance": nearest.distance,
        "transform": nearest.transform,
        f"{side}_at": nearest.time / _SECOND,
    }


def _asking(seen: "Film | Examination") -> "NewSignature":
    from safelight.signatures.film_reading import Film
    from safelight.vault.film_hashes import asking_hashes
    from safelight.vault.signature_blocks import NewSignature, hashes_of

    hashes = asking_hashes(seen) if isinstance(seen, Film) else hashes_of(seen.stills)
    return NewSignature(None, None, None, None, tuple(hashes))


def _seen(nursery: "Nursery", path: bytes) -> "Film | Examination":
    try:
        reading, seen = examine(nursery, path)
        if seen is None and reading.kind.value == "video":
            return _watched(nursery, path)
    except InputError as error:
        raise InputError(f"{os.fsdecode(path)}: {error.message}") from error
    if isinstance(seen, InputError):
        raise InputError(f"{os.fsdecode(path)}: {seen.message}")
    if seen is None:
        raise InputError(f"{os.fsdecode(path)} is no picture or video ({reading.kind.value}): name two that are")
    return seen


def _watched(nursery: "Nursery", path: bytes) -> "Film":
    film = watch(nursery, path)
    if film.facts.locked:
        raise InputError(film.facts.locked)
    return film
