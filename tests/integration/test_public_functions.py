"""Whatever form a function has that reads records, it is enumerated; what can reach none is left out."""

import sys

import pytest

from safelight import known
from safelight.casework import models
from tests.integration import public_functions as enumeration
from tests.integration.public_functions import public_functions, reaches_records

READS = "from safelight.known.statements import signed_claims\n"
METHOD = "def everything_said(self, node):\n        return signed_claims((), None, node)\n"
PLANTED = {
    "a function": f"{READS}def everything_said(digests, node):\n    return signed_claims(digests, None, node)\n",
    "imports inside": "def everything_said(node):\n    import safelight.known.queries\n",
    "imports for types": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from safelight.access.node import Node\n"
        "def everything_said(node: 'Node'):\n    return node.vault\n"
    ),
    "imports a package's part": "from safelight.known import queries\ndef everything_said(): pass\n",
    "imports relatively": "from .statements import signed_claims\ndef everything_said(): pass\n",
    "imports by name": "import importlib\ndef everything_said(name):\n    return importlib.import_module(name)\n",
    "asks the database itself": "import psycopg\ndef everything_said(address): pass\n",
    "opens contents": "from safelight.vault import chunked\ndef everything_said(): pass\n",
    "cached": f"{READS}from functools import cache\n@cache\ndef everything_said(): pass\n",
    "bound": f"{READS}from functools import partial\neverything_said = partial(signed_claims, reader=None)\n",
    "called otherwise": f"{READS}everything_said = signed_claims\n",
    "a coroutine": f"{READS}async def everything_said(): pass\n",
    "hidden by an import": f"{READS}def _of():\n    from os import everything_said\ndef everything_said(): pass\n",
    "a method": f"{READS}class Reading:\n    {METHOD}",
    "a method of a base": f"{READS}class _Base:\n    {METHOD}class Reading(_Base):\n    pass\n",
    "a method of a class in a class": f"{READS}class Reading:\n    class Inner:\n        def everything_said(self): pass\n",
    "a cached property": (
        f"{READS}from functools import cached_property\nclass Reading:\n    @cached_property\n    {METHOD}"
    ),
    "an operator": f"{READS}class everything_said:\n    def __getitem__(self, digest): pass\n",
    "any name at all": f"{READS}def __getattr__(everything_said):\n    raise AttributeError\n",
}
ELSEWHERE = {
    "values only": "import random\nfrom safelight.known.rules import Trust\ndef everything_said(): pass\n",
    "taken from another": "from safelight.known.statements import signed_claims as everything_said\n",
    "not public": f"{READS}def _everything_said(): pass\n",
    "another's class": f"{READS}from safelight.known.matching import KnownBase\neverything_said = KnownBase\n",
}


@pytest.fixture
def plant(tmp_path, monkeypatch):
    """Puts a module into `known` while the test runs, and tells what is enumerated of it."""
    name = f"planted_{tmp_path.name}".replace("-", "_")
    folder = tmp_path / "safelight" / "known"
    folder.mkdir(parents=True)
    monkeypatch.setattr(known, "__path__", [*known.__path__, str(folder)])
    monkeypatch.setattr(enumeration, "PLACES", [*enumeration.PLACES, tmp_path])

    def planted(text):
        (folder / f"{name}.py").write_text(text)
        return {one for one in public_functions(["known"]) if name in one}

    yield planted
    sys.modules.pop(f"safelight.known.{name}", None)
    vars(known).pop(name, None)


@pytest.mark.parametrize("form", PLANTED)
def test_what_may_read_records_is_named(plant, form):
    [name] = plant(PLANTED[form])
    assert "everything_said" in name or name.endswith(".__getattr__")


@pytest.mark.parametrize("form", ELSEWHERE)
def test_what_offers_nothing_of_records_is_not_named(plant, form):
    assert plant(ELSEWHERE[form]) == set()


def test_tables_and_the_package_itself_offer_functions_too(monkeypatch):
    for module in (known, models):
        monkeypatch.setattr(module, "everything_said", len, raising=False)
    monkeypatch.setattr(enumeration, "reaches_records", {"safelight.known", models.__name__}.__contains__)
    found = public_functions(["casework", "known"])
    assert {"known.everything_said", "casework.models.everything_said"} <= found


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("safelight.known.statements", True),
        ("safelight.known.quarantine", True),
        ("safelight.exchange.opening", True),
        ("safelight.known.rules", False),
        ("safelight.casework.rules", False),
        ("safelight.evidence.archives.zip", False),
    ],
)
def test_a_module_reaches_records_through_what_it_imports(name, may):
    assert reaches_records(name) is may
