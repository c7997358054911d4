"""The threat model names every column of the database and, for each of its rows, a test that exists."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).parents[2]
MODEL = (ROOT / "docs" / "threat-model.md").read_text()
SPEAKING = (models.TextField, models.CharField, models.JSONField, models.BinaryField, models.UUIDField)
"""What can say something about a person or a picture; numbers, times and yes-and-no are working data everywhere."""
WORDS = {"sealed", "working", "index", "public"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    below = MODEL.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in below.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


LYING = rows("What is sealed, what is working data, what is public")
HELD = rows("What who holds a component gets")


def columns() -> set[str]:
    """Every column of the program's own tables that can say something."""
    own = [model for model in apps.get_models() if model.__module__.startswith("safelight.")]
    fields = ((model._meta.db_table, field) for model in own for field in model._meta.concrete_fields)
    return {f"{table}.{field.column}" for table, field in fields if isinstance(field, SPEAKING)}


def test_every_row_says_what_it_is():
    assert len(LYING) > 20
    assert {row[1] for row in LYING} == WORDS
    assert len(HELD) > 10


def test_every_column_that_can_say_something_stands_in_it_once():
    named = Counter(name for row in LYING for name in re.findall(r"`(\w+\.\w+)`", row[2]))
    assert set(named) == columns()
    assert [name for name, count in named.items() if count > 1] == []


@pytest.mark.parametrize("row", LYING + HELD, ids=lambda row: row[0][:40])
def test_every_row_names_a_test_that_exists(row):
    path, _, name = row[-1].strip("` |").partition("::")
    assert f"def {name}(" in (ROOT / path).read_text()
