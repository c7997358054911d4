"""Closed vocabularies of statements, one file each: purposes, categories of subjects, TLP and PAP levels.

A term says in one sentence what it means, and where it comes from. A word that is no term here is a newer node's: it
is kept and shown, and admits nobody and nothing.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated, Literal

import msgspec

from safelight.errors import CannotRunError

Name = Literal["purposes", "subjects", "tlp", "pap"]
Admitted = Literal["agencies", "groups", "providers", "all-units", "onward", "acting"]


class VocabularyError(CannotRunError):
    """A vocabulary that comes with Safelight is damaged: install it again."""


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One word: its key, what it means for an investigation, where it comes from, and whom or what it admits."""

    key: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z+-]{1,60}$")]
    means: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    admits: frozenset[Admitted] = frozenset()


class _Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    about: Name
    terms: Annotated[tuple[Term, ...], msgspec.Meta(min_length=1, max_length=100)]


@cache
def load_terms(name: Name) -> dict[str, Term]:
    """The terms of a vocabulary by their key, read once.

    Raises:
        VocabularyError: its file is not as it should be.
    """
    return parse_terms(name, (resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))


def parse_terms(name: Name, text: str) -> dict[str, Term]:
    """The terms of a vocabulary from its TOML.

    Raises:
        VocabularyError: it is not of this shape, is another's, or has a term twice.
    """
    try:
        found = msgspec.convert(tomllib.loads(text), _Vocabulary)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise VocabularyError(f"The vocabulary {name} is damaged, install Safelight again: {error}.") from error
    terms = {term.key: term for term in found.terms}
    if found.about != name or len(terms) < len(found.terms):
        raise VocabularyError(f"The vocabulary {name} is another's or has a term twice: install Safelight again.")
    return terms


def admits(name: Name, key: str) -> frozenset[Admitted]:
    """Whom or what a level admits; nobody and nothing where the level is not known here."""
    term = load_terms(name).get(key)
    return frozenset() if term is None else term.admits
